"""Parse a notebook file into a task, its slots and warnings."""

from __future__ import annotations

from typing import Any

from core.domain.criteria import Criterion, refuse_too_many_criteria
from core.domain.hunt import attempts_made
from core.domain.session import UNCLEAR_RULE, Session, TaskWarning
from core.domain.slot import Slot
from core.domain.task import PassRule, Task
from core.domain.value import Value
from core.errors import BadNotebook
from core.notebooks.cells import Cells, read_cells
from core.notebooks.criteria.forms import NAMED_FORMS
from core.notebooks.criteria.pass_rule import StatedRule, read_pass_rule
from core.notebooks.criteria.read import ReadCriteria, read_criteria
from core.notebooks.document import Bounds, Document, open_document
from core.notebooks.headings import TURN_ROLES, Role
from core.notebooks.metadata import prompt_length_warning, read_metadata
from core.notebooks.session_record import Resumed, read_resume, stored_record
from core.notebooks.slots import read_attempts, read_slots
from core.notebooks.text import neat

MAX_WARNINGS = 50
_EDITED = TaskWarning(
    code="edited_since_export",
    message="The task was edited in the notebook since it was exported. The notebook counts; earlier hunts were made "
    "with the task as it was.",
)


class LoadedNotebook(Value):
    task: Task
    """As the cells say it now; where a kept session says the same more exactly, in its words."""
    slots: tuple[Slot, ...] = ()
    warnings: tuple[TaskWarning, ...] = ()
    attempts_before: int = 0
    """`number_of_attempts_made` without the hunts of `resumed`, which count themselves."""
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
    rest = TaskWarning(code="more_warnings", message=f"There are {len(ordered) - MAX_WARNINGS:,} further warnings.")
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
    (Role.PROMPT, "prompt", "missing_prompt", "No prompt. Write what the model is asked."),
    (Role.RESPONSE, "response", "missing_response", "No reference response. Write the correct answer."),
    (
        Role.JUDGE_PROMPT_TEMPLATE, "judge_prompt_template", "built_in_judge_template",
        "There is no judge prompt template; the built-in one is used.",
    ),
    (
        Role.JUDGE_SYSTEM_PROMPT, "judge_system_prompt", "built_in_judge_system_prompt",
        "There is no judge system prompt; the built-in one is used.",
    ),
)  # fmt: skip


def _missing(task: Task, cells: Cells, cell_count: int) -> list[TaskWarning]:
    if not cells.by_key:
        return [TaskWarning(
            code="no_task_cells",
            message=f"This notebook holds no task: none of its {cell_count:,} cells is a text cell with a heading like "
            "**[prompt]**. Choose another file, or start from the template.",
        )]  # fmt: skip
    found = [_warn(code, words, cells, role) for role, name, code, words in _WANTED if not getattr(task, name).strip()]
    if turns := cells.numbers(*TURN_ROLES):
        number = f"{len(turns)} turns" if len(turns) > 1 else "a turn beside the task itself"
        words = f"The notebook has {number}. One is loaded: the cells without a turn number, or else turn 1."
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
            "The judge system prompt holds criteria that are not this task's. They are not used as criteria, but the "
            "judge reads them: replace them or take them out."
        )
        found.append(_warn("foreign_criteria", words, cells, Role.JUDGE_SYSTEM_PROMPT))
    return found


_RULE_WORDS = {
    PassRule.MAJORITY: "more than half of the criteria must pass",
    PassRule.ALL: "all criteria must pass",
}


def _pass_rule_question(task: Task, stated: StatedRule, cells: Cells) -> list[TaskWarning]:
    """A question if the prose seems to state another pass rule, which is never decided silently."""
    if not stated.unclear or not task.criteria:
        return []
    words = (
        f'Which pass rule is meant by "{stated.unclear}"? There are two: more than half of the criteria, or all of '
        f"them. For now, {_RULE_WORDS[task.pass_rule]}. Choose one of the two (on the command line: --pass-rule)."
    )
    return [_warn(UNCLEAR_RULE, words, cells, Role.RESPONSE_REFERENCE)]


def _attempts(cells: Cells, warnings: list[TaskWarning]) -> int:
    body = cells.body(Role.ATTEMPTS)
    stated = read_attempts(body)
    if body and stated is None:
        words = (
            f"The number of attempts was not understood: {body[:40]!r}. It counts as 0 and the cell stays as it is; "
            "write one number there."
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
    """Raise BadTask when a task that the export brings along (of its session, a run, an earlier turn) has too many."""
    kept = (session.task, session.loaded_task, *(run.task for run in session.runs), *(t.task for t in session.turns))
    refuse_too_many_criteria(max(len(task.criteria) for task in kept), max_criteria)


def _with_recorded_texts(task: Task, kept: Task, record: Any) -> Task:
    """The cells' task with the kept session's texts where they say the same: blank lines at the ends are exact there.

    A cell that was edited since the export wins. The pass rule is the kept one unless the prose states another now.
    """
    names = ("prompt", "response", "judge_system_prompt", "judge_prompt_template")
    exact: dict[str, Any] = {n: getattr(kept, n) for n in names if neat(getattr(kept, n)) == getattr(task, n)}
    if record.get("prose_pass_rule") == task.pass_rule.value:
        exact["pass_rule"] = kept.pass_rule
    return task.model_copy(update=exact)


def _warn(code: str, message: str, cells: Cells, role: Role) -> TaskWarning:
    cell = cells.find(role)
    return TaskWarning(code=code, message=message, cell=cell.index if cell else None)
