"""Parse a notebook file into a task with its metadata, its slots and warnings."""

from __future__ import annotations

import re
from typing import Any

from core.domain.criteria import Criterion, refuse_too_many_criteria
from core.domain.hunt import attempts_made
from core.domain.session import UNCLEAR_RULE, Session, TaskWarning
from core.domain.slot import Slot
from core.domain.task import Metadata, PassRule, Task
from core.domain.value import Value
from core.errors import BadNotebook
from core.notebooks.cells import TURN_ROLES, Cells, Role, read_cells
from core.notebooks.criteria.forms import NAMED_FORMS
from core.notebooks.criteria.pass_rule import StatedRule, read_pass_rule
from core.notebooks.criteria.read import ReadCriteria, read_criteria
from core.notebooks.document import Bounds, Document, open_document
from core.notebooks.session_record import Resumed, read_resume, stored_record
from core.notebooks.slots import read_attempts, read_slots
from core.notebooks.text import neat

MAX_WARNINGS = 50
_EDITED = TaskWarning(
    code="edited_since_export",
    message="The task was edited in the notebook after the export. The edited task is used; earlier hunts used the "
    "task before the edit.",
)


class LoadedNotebook(Value):
    task: Task
    """The task in the cells; where a stored session has the same text more exactly, the session's text."""
    slots: tuple[Slot, ...] = ()
    warnings: tuple[TaskWarning, ...] = ()
    attempts_before: int = 0
    """`number_of_attempts_made` without the hunts of `resumed`, which are counted themselves."""
    proposed_criteria: tuple[Criterion, ...] = ()
    """A proposal for unreadable criteria, which the trainer must confirm."""
    resumed: Resumed | None = None


def parse_notebook(raw: bytes, bounds: Bounds) -> LoadedNotebook:
    """Read a notebook within `bounds`.

    Raises TooLarge, BadTask (`too_many_criteria`), and BadNotebook for a file that is not a notebook. A notebook whose
    task is incomplete or whose criteria cannot be read loads, with warnings that say what to fix.
    """
    document = open_document(raw, bounds)
    cells = read_cells(document)
    warnings = list(cells.warnings)
    read = read_criteria(_reference(cells))
    refuse_too_many_criteria(max(len(read.criteria), len(read.proposed)), bounds.max_criteria)
    stated_rule = read_pass_rule(read.prose(_reference(cells)))
    task = _task(cells, read, stated_rule.rule or PassRule.MAJORITY)
    warnings += _missing(task, cells, len(document.cells))
    if read.problem:
        warnings.append(_warn(read.code, read.problem, cells, Role.RESPONSE_REFERENCE))
    warnings += _oddities(task, cells)
    warnings += _pass_rule_question(task, stated_rule, cells)
    resumed = _resumed(document, warnings)
    stated = _attempts(cells, warnings)
    before = stated
    if resumed:
        _refuse_kept_criteria(resumed.session, bounds.max_criteria)
        task = _with_recorded_texts(task, resumed.session.task, stored_record(document))
        if stored_record(document).get("pass_rule_chosen") is True:
            warnings = [warning for warning in warnings if warning.code != UNCLEAR_RULE]
        if task.content_hash() != resumed.session.task.content_hash():
            warnings.append(_EDITED)
        own = attempts_made(resumed.hunts)
        before = stated - own if stated >= own else resumed.session.attempts_before
    return LoadedNotebook(
        task=task,
        slots=read_slots(cells),
        warnings=_bounded(warnings),
        attempts_before=before,
        proposed_criteria=read.proposed,
        resumed=resumed,
    )


def _bounded(warnings: list[TaskWarning]) -> tuple[TaskWarning, ...]:
    """The task's own warnings first, at most MAX_WARNINGS."""
    ordered = sorted(warnings, key=lambda w: w.code in {"duplicate_heading", "not_markdown"})
    if len(ordered) <= MAX_WARNINGS:
        return tuple(ordered)
    rest = TaskWarning(code="more_warnings", message=f"{len(ordered) - MAX_WARNINGS:,} more warnings.")
    return (*ordered[:MAX_WARNINGS], rest)


def _reference(cells: Cells) -> str:
    return _first_of(cells, Role.RESPONSE_REFERENCE, Role.TURN_REFERENCE)


def _first_of(cells: Cells, role: Role, of_turn: Role) -> str:
    """The cell's body; in a conversation without that cell, the first turn's."""
    return cells.body(role) if cells.find(role) else cells.body(of_turn, 1)


def _task(cells: Cells, read: ReadCriteria, pass_rule: PassRule) -> Task:
    metadata = cells.find(Role.METADATA)
    return Task(
        prompt=_first_of(cells, Role.PROMPT, Role.TURN_PROMPT),
        response=_first_of(cells, Role.RESPONSE, Role.TURN_RESPONSE),
        criteria=read.criteria,
        pass_rule=pass_rule,
        judge_system_prompt=_first_of(cells, Role.JUDGE_SYSTEM_PROMPT, Role.TURN_JUDGE_SYSTEM_PROMPT),
        judge_prompt_template=_first_of(cells, Role.JUDGE_PROMPT_TEMPLATE, Role.TURN_JUDGE_TEMPLATE),
        **({"metadata": read_metadata(metadata.body)} if metadata else {}),
    )


_WANTED = (
    (Role.PROMPT, "prompt", "missing_prompt", "No prompt. Write the prompt for the models."),
    (Role.RESPONSE, "response", "missing_response", "No reference response. Write the correct answer."),
    (
        Role.JUDGE_PROMPT_TEMPLATE, "judge_prompt_template", "built_in_judge_template",
        "No judge prompt template; the built-in one is used.",
    ),
    (
        Role.JUDGE_SYSTEM_PROMPT, "judge_system_prompt", "built_in_judge_system_prompt",
        "No judge system prompt; the built-in one is used.",
    ),
)  # fmt: skip


def _missing(task: Task, cells: Cells, cell_count: int) -> list[TaskWarning]:
    if not cells.by_key:
        return [TaskWarning(
            code="no_task_cells",
            message=f"This notebook contains no task: none of its {cell_count:,} cells is a text cell with a heading "
            "like **[prompt]**. Choose another file, or start from the template.",
        )]  # fmt: skip
    found = [_warn(code, words, cells, role) for role, name, code, words in _WANTED if not getattr(task, name).strip()]
    if turns := cells.numbers(*TURN_ROLES):
        number = f"{len(turns)} turns" if len(turns) > 1 else "a task and a turn"
        words = (
            f"The notebook has {number}. One is loaded: the cells without a turn number, or turn 1 if there are none."
        )
        found.append(TaskWarning(code="several_turns", message=words))
    return found


def _oddities(task: Task, cells: Cells) -> list[TaskWarning]:
    """Warnings about oddities that may be intended."""
    found = []
    prompt = cells.find(Role.PROMPT)
    first_prompt = cells.body(Role.TURN_PROMPT, 1) or task.prompt
    length = prompt_length_warning(task.metadata.prompt_length, first_prompt, prompt.index if prompt else None)
    if length:
        found.append(length)
    foreign = read_criteria(task.judge_system_prompt)
    listed = foreign.found is not None and foreign.found.form in NAMED_FORMS
    if listed and task.criteria and not set(foreign.criteria) & set(task.criteria):
        words = (
            "The judge system prompt contains criteria of another task. They are not used as criteria, but the judge "
            "reads them. Remove or replace them."
        )
        found.append(_warn("foreign_criteria", words, cells, Role.JUDGE_SYSTEM_PROMPT))
    return found


_RULE_WORDS = {
    PassRule.MAJORITY: "more than half of the criteria must pass",
    PassRule.ALL: "all criteria must pass",
}


def _pass_rule_question(task: Task, stated: StatedRule, cells: Cells) -> list[TaskWarning]:
    """A question if the prose seems to state another pass rule; the rule is never changed silently."""
    if not stated.unclear or not task.criteria:
        return []
    words = (
        f'Unclear pass rule: "{stated.unclear}". There are two: more than half of the criteria must pass, or all. '
        f"Currently {_RULE_WORDS[task.pass_rule]}. Choose one of the two (on the command line: --pass-rule)."
    )
    return [_warn(UNCLEAR_RULE, words, cells, Role.RESPONSE_REFERENCE)]


def _attempts(cells: Cells, warnings: list[TaskWarning]) -> int:
    body = cells.body(Role.ATTEMPTS)
    stated = read_attempts(body)
    if body and stated is None:
        words = (
            f"The number of attempts is unreadable: {body[:40]!r}. It counts as 0, and the cell is not "
            "changed. Write a single number."
        )
        warnings.append(_warn("bad_attempts", words, cells, Role.ATTEMPTS))
    return stated or 0


def _resumed(document: Document, warnings: list[TaskWarning]) -> Resumed | None:
    record = stored_record(document)
    if record is None:
        return None
    try:
        return read_resume(record)
    except BadNotebook as error:
        warnings.append(TaskWarning(code=error.code, message=f"{error.message} {error.hint}"))
        return None


def _refuse_kept_criteria(session: Session, max_criteria: int | None) -> None:
    """Raise BadTask if a task of the export's record (of its session, a run, an earlier turn) has too many criteria."""
    kept = (session.task, session.loaded_task, *(run.task for run in session.runs), *(t.task for t in session.turns))
    refuse_too_many_criteria(max(len(task.criteria) for task in kept), max_criteria)


def _with_recorded_texts(task: Task, kept: Task, record: Any) -> Task:
    """The cells' task with the stored session's texts where they are equal: the session has exact blank lines at the
    ends.

    A cell that was edited after the export wins. The pass rule is the stored one unless the prose now states another.
    """
    names = ("prompt", "response", "judge_system_prompt", "judge_prompt_template")
    exact: dict[str, Any] = {n: getattr(kept, n) for n in names if neat(getattr(kept, n)) == getattr(task, n)}
    if record.get("prose_pass_rule") == task.pass_rule.value:
        exact["pass_rule"] = kept.pass_rule
    return task.model_copy(update=exact)


def _warn(code: str, message: str, cells: Cells, role: Role) -> TaskWarning:
    cell = cells.find(role)
    return TaskWarning(code=code, message=message, cell=cell.index if cell else None)


MAX_METADATA_CHARS = 100_000
"""Maximum text length that is parsed. Real cells have a few hundred characters."""
_MAX_KEY = 60
_NUMBERS = re.compile(r"[0-9]{1,6}(?:,[0-9]{3})?", re.ASCII)
_MINIMUM = re.compile(r"\b(?:above|over|more than|at least|minimum|min)\b|[>≥]|[0-9]\s?\+", re.IGNORECASE)
_MAXIMUM = re.compile(r"\b(?:below|under|less than|fewer than|at most|up to|maximum|max)\b|[<≤]", re.IGNORECASE)


def read_metadata(body: str) -> Metadata:
    """The entries in order. Values may contain commas, colons and `&`; lines without a key are skipped."""
    entries = (_entry(line) for line in body[:MAX_METADATA_CHARS].split("\n"))
    return Metadata(entries=tuple(e for e in entries if e))


def _entry(line: str) -> tuple[str, str] | None:
    line = line.strip().removeprefix("- ").removeprefix("* ").strip()
    cut = min((at for at in (line.find(":"), line.find("：")) if at >= 0), default=-1)
    key, value = line[:cut].strip(), line[cut + 1 :].strip()
    if cut < 0 or not 0 < len(key) <= _MAX_KEY:
        return None
    if key.startswith("**") and not key.endswith("**"):  # the bold ends behind the colon, or behind the value
        value = value.removeprefix("**") if value.startswith("**") else value.removesuffix("**")
    key = key.strip("* ")
    value = value.strip()
    value = value[1:].strip() if value[:2] in {"-", "- ", "–", "– "} else value
    return (key, value) if key else None


def prompt_length_warning(asked: str, prompt: str, cell: int | None) -> TaskWarning | None:
    """A warning if the prompt's word count is not what the metadata require, else None."""
    least, most = word_limits(asked)
    words = len(prompt.split())
    if not words or (least or 0) <= words <= (words if most is None else most):
        return None
    return TaskWarning(
        code="prompt_length",
        cell=cell,
        message=f"The prompt has {words} words, but the metadata require {asked}. Change one of them.",
    )


def word_limits(asked: str) -> tuple[int | None, int | None]:
    """(minimum, maximum) words of `20 - 50 words`, `Above 500 words`, `Up to 50`; None for a missing limit."""
    numbers = [int(n.replace(",", "")) for n in _NUMBERS.findall(asked[:200])]
    if len(numbers) >= 2:
        return min(numbers[:2]), max(numbers[:2])
    if len(numbers) == 1 and _MINIMUM.search(asked):
        return numbers[0], None
    if len(numbers) == 1 and _MAXIMUM.search(asked):
        return None, numbers[0]
    return None, None
