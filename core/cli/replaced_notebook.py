"""Whether a finished notebook contains everything in the file that it would replace."""

from __future__ import annotations

from core.domain.slot import Grading
from core.errors import HunterError
from core.notebooks.document import UNBOUNDED
from core.notebooks.parse import LoadedNotebook, parse_notebook


def contains(new: bytes, old: bytes, *, source: bytes) -> bool:
    """`source` is the hunted notebook: another task is contained only as an export whose hunts `new` has, too. Replies
    and reviews in the old file's slots must be in `new`, because people write them by hand."""
    try:
        before, after = parse_notebook(old, UNBOUNDED), parse_notebook(new, UNBOUNDED)
    except HunterError:
        return False
    hunts = _hunt_ids(before)
    if not (old == source or hunts) or not hunts <= _hunt_ids(after):
        return False
    replies = {"", *(_words(slot.response) for slot in after.slots), *_replies(after)}
    reviews = {_text(slot.human_judge) for slot in after.slots} | {""}
    gradings = {_text(slot.llm_judge) for slot in after.slots} | {""}
    return all(
        _words(slot.response) in replies
        and _text(slot.human_judge) in reviews
        and (bool(hunts) or _text(slot.llm_judge) in gradings)  # an export's verdicts are those of its hunts
        for slot in before.slots
    )


def _hunt_ids(notebook: LoadedNotebook) -> set[str]:
    return {hunt.hunt_id for hunt in notebook.resumed.hunts} if notebook.resumed else set()


def _replies(notebook: LoadedNotebook) -> set[str]:
    hunts = notebook.resumed.hunts if notebook.resumed else ()
    return {_words(hunt.reply.text) for hunt in hunts if hunt.reply}


def _text(grading: Grading | None) -> str:
    return _words(grading.text) if grading else ""


def _words(text: str) -> str:
    """The text without differences of white space, which editors change."""
    return " ".join(text.split())
