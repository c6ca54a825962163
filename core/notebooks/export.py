"""The finished notebook: the original file with result cells written, and nothing else touched.

Parts are replaced in the file's text, so that indent, line ends, escapes, ids and order of everything else stay.
Nothing chosen and nothing edited gives the same bytes; exporting twice changes nothing the second time.
"""

from __future__ import annotations

from core.domain.hunt import Hunt
from core.domain.session import Session
from core.domain.value import Value
from core.notebooks.cells import read_cells
from core.notebooks.document import open_document
from core.notebooks.editing import Edits
from core.notebooks.parse import parse_notebook
from core.notebooks.resume import METADATA_KEY, resume_record
from core.notebooks.results import result_bodies
from core.notebooks.taskcells import edited_bodies

NAME_MOST_CHARS = 150


class Export(Value):
    session: Session
    hunts: tuple[Hunt, ...]
    """All hunts of the session: they are kept in the file's metadata."""
    selected: tuple[Hunt, ...]
    """What stands in the slots, in order."""
    attempts: int
    """`number_of_attempts_made`: all hunts with a reply, plus what the notebook came with."""


def export_notebook(raw: bytes, export: Export) -> bytes:
    """The bytes of the finished notebook. Raises BadNotebook when `raw` is none."""
    document = open_document(raw)
    written = parse_notebook(raw, max_bytes=len(raw)).task
    if not export.hunts and export.session.task == written:
        return raw
    cells = read_cells(document)
    edits = Edits(document, cells)
    for key, body in edited_bodies(cells, written, export.session.task):
        edits.set_body(key, body)
    if export.hunts:
        for key, body, name in result_bodies(cells, export.selected, export.session, export.attempts):
            edits.set_body(key, body, name)
        edits.set_metadata(METADATA_KEY, resume_record(export.session, export.hunts))
    return edits.applied()


def download_name(name: str) -> str:
    """A file name without path, control characters or what file systems refuse; letters of all scripts stay."""
    last = name.replace("\\", "/").rpartition("/")[2]
    kept = "".join(c for c in last if c.isprintable() and c not in '<>:"|?*').strip(" .")
    stem = kept.removesuffix(".ipynb")[:NAME_MOST_CHARS].strip(" .") or "task"
    return f"{stem}.ipynb"

