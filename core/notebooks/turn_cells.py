"""The cells of a conversation: every turn's prompt, ideal response and criteria, and of the earlier ones the reply that
went on. A notebook of one turn has none. Written in the first of the three schemes (docs/notebooks.md);
cells that are there under another scheme's heading keep it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from core.domain.hunt import Hunt
from core.domain.session import Session
from core.notebooks.blank import reference_text
from core.notebooks.cells import Cells, Key
from core.notebooks.editing import Edits, headed, new_cell
from core.notebooks.gradings import judge_cell
from core.notebooks.headings import Role
from core.notebooks.placing import place
from core.notebooks.text import neat


def write_turns(edits: Edits, cells: Cells, session: Session, hunts: Mapping[str, Hunt]) -> None:
    """Write the session's turns over what an earlier save wrote. The judging of the replies that went on is left out
    while the judge's opinion is sealed."""
    if not session.turns:
        return
    for key, body in _bodies(session, hunts):
        cell = cells.find(*key)
        if cell is None:
            place(edits, cells, new_cell(key, body))
        elif neat(body) != cell.neat_body:
            edits.set_text(cell, headed(cell.head, body))


def _bodies(session: Session, hunts: Mapping[str, Hunt]) -> Iterator[tuple[Key, str]]:
    tasks = (*(turn.task for turn in session.turns), session.task)
    for number, task in enumerate(tasks, 1):
        yield (Role.TURN_PROMPT, number), task.prompt
        yield (Role.TURN_RESPONSE, number), task.response
        yield (Role.TURN_REFERENCE, number), reference_text(task)
        if number <= len(session.turns):
            turn = session.turns[number - 1]
            yield (Role.SELECTED_RESPONSE, number), turn.response
            hunt = hunts.get(turn.hunt_id)
            yield (Role.SELECTED_JUDGE, number), judge_cell(hunt) if hunt and not session.sealed else ""
    history = [message.model_dump() for message in session.history(session.turn)]
    yield (Role.HISTORY, None), json.dumps(history, ensure_ascii=False, indent=2)
    yield (Role.TURN_COUNT, None), str(session.turn)
    yield (Role.BREAKING_TURN, None), str(session.turn)
