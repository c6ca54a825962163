"""How another reader sees a finished notebook, what it loses or misreads, and what can be learnt from its task.

The reader is that of `core.notebooks.item_reader`. Nothing is changed silently: what both can read is offered as an
edit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from core.domain.criteria import Criterion
from core.domain.hunt import Hunt
from core.domain.judge_template import (
    FOLLOWS,
    PLACEHOLDERS,
    format_parts,
    format_problem,
    is_format_string,
    readable_template,
)
from core.domain.task import PassRule, Task
from core.domain.verdict import Verdict
from core.notebooks.cells import TURN_ROLES, Role, read_cells
from core.notebooks.criteria.write import write_array
from core.notebooks.document import open_document
from core.notebooks.editing import Edits, headed
from core.notebooks.item_reader import (
    GROUP_SAMPLES,
    READER,
    Learning,
    SeenCriterion,
    SlotReward,
    TaskSkipped,
    learning,
    read_rubric,
    read_task_id,
    slot_rewards,
)
from core.notebooks.slots import read_slots
from core.notebooks.text import shortened

MAX_NAMED = 10
Severity = Literal["rejected", "misread", "note"]
"""rejected: the task is skipped, or every reply gets the same reward. misread: it is another task than here. note:
only to know."""
_BLIND = frozenset({"criteria", "model_response"})
"""Without these placeholders the judge cannot judge; others are context."""
_ITEMS = "The JSON lines that python -m core conform --jsonl writes"


@dataclass(frozen=True)
class ReaderFinding:
    code: str
    severity: Severity
    message: str
    criterion_ids: tuple[str, ...] = ()


def criteria_findings(seen: Sequence[SeenCriterion], ours: Sequence[Criterion]) -> tuple[ReaderFinding, ...]:
    """Empty if the reader reads the same criteria."""
    if not seen:
        words = "No criteria are read there, so every reply gets the reward 0."
        return (ReaderFinding("no_criteria", "rejected", words, tuple(one.id for one in ours)),)
    return (*_unread(seen, ours), *_renamed(seen, ours))


def _unread(seen: Sequence[SeenCriterion], ours: Sequence[Criterion]) -> Iterator[ReaderFinding]:
    texts = {one.text for one in seen}
    by_id = {one.id.strip().upper(): one for one in reversed(seen)}
    different = [one.id for one in ours if one.text not in texts]
    lost = [one for one in different if one not in by_id]
    misread = [one for one in different if one in by_id]
    if lost:
        yield _criteria("criterion_lost", f"{_names(lost)} {_is(lost)} dropped there without a message.", lost)
    if misread:
        first = f"{misread[0]} is “{shortened(by_id[misread[0]].text)}”"
        yield _criteria("criterion_misread", f"Another text is read there for {_names(misread)}: {first}.", misread)
    known = {one.text for one in ours} | {by_id[one].text for one in misread}
    if added := [one for one in seen if one.text not in known]:
        first = f"{len(added)} more, for example “{shortened(added[0].text)}”"
        yield ReaderFinding("criterion_added", "misread", f"Other texts are read there as criteria: {first}.")


def _renamed(seen: Sequence[SeenCriterion], ours: Sequence[Criterion]) -> Iterator[ReaderFinding]:
    written = {one.text: one.id for one in reversed(seen)}
    renamed = [one for one in ours if written.get(one.text, one.id) != one.id]
    if renamed:
        first = "; ".join(f"{one.id} is “{shortened(written[one.text])}”" for one in renamed[:MAX_NAMED])
        yield _criteria("criterion_id", f"Ids stay there as they are written: {first}.", [one.id for one in renamed])
    if numbers := [one.id for one in seen if not one.id_is_text]:
        words = f"The grading of every reply fails there: no text {_is(numbers)} the id {_names(numbers)}."
        yield ReaderFinding("criterion_id_type", "rejected", words)


def template_findings(template: str) -> Iterator[ReaderFinding]:
    if not template.strip():
        yield ReaderFinding(
            "built_in_template", "note", "Without a judge prompt template a built-in one is used there, too."
        )
        return
    if problem := format_problem(template):
        words = f"No reply is graded there, because str.format fails at the judge prompt template: {problem}."
        yield ReaderFinding("template_fails", "rejected", words)
        return
    named = {PLACEHOLDERS[name] for _, name in format_parts(template) if name}
    for name in FOLLOWS:
        if name not in named:
            severity: Severity = "rejected" if name in _BLIND else "misread"
            words = f"The judge never sees {{{name}}} there: the judge prompt template does not contain it."
            yield ReaderFinding(f"template_without_{name}", severity, words)
    if not is_format_string(template):
        words = "Placeholders in doubled braces are filled here; there, they are shown as they are."
        yield ReaderFinding("template_doubled", "misread", words)


def task_findings(task: Task, name: str, *, several_turns: bool) -> Iterator[ReaderFinding]:
    """`name`: the notebook's file name, which stands for a missing Task ID."""
    written = task.metadata.task_id.strip()
    number = written or name.removesuffix(".ipynb")
    if read_task_id(number) is None:
        what = "The Task ID" if written else "There is no Task ID, and the file name in its place"
        words = f"{what} ({shortened(number)}) is not a whole number, so the task is rejected there."
        yield ReaderFinding("task_id", "rejected", f"{words} {_ITEMS} keep it as uuid.")
    for what, text in (("prompt", task.prompt), ("reference response", task.response)):
        if not text.strip():
            yield ReaderFinding("empty_task", "rejected", f"The {what} is empty.")
    if not task.judge_system_prompt.strip():
        words = "Without a judge system prompt a built-in one is used there, too."
        yield ReaderFinding("built_in_system_prompt", "note", words)
    if several_turns:
        words = "A task has a single turn there: the model gets the last prompt without the conversation before it."
        yield ReaderFinding("several_turns", "misread", f"{words} {_ITEMS} contain the conversation.")
    rule = "all of the criteria" if task.pass_rule is PassRule.ALL else "more than half of the criteria"
    words = f"The pass rule ({rule}) is ignored there: the reward is the share of the criteria that pass"
    yield ReaderFinding("pass_rule", "note", f"{words}, or with the setting “all” 1 only if each of them passes.")


def verdict_findings(verdicts: Iterable[Verdict]) -> Iterator[ReaderFinding]:
    if Verdict.UNDETERMINED in verdicts:
        words = "No verdict is undetermined there: the last five lines of an unusable answer decide, and else it fails"
        yield ReaderFinding("undetermined", "note", f"{words}. A reply with a failed judge call is left out.")


def _criteria(code: str, message: str, ids: Sequence[str]) -> ReaderFinding:
    return ReaderFinding(code, "misread", message, tuple(ids))


def _names(ids: Sequence[str]) -> str:
    shown = [shortened(one, 20) or "an empty id" for one in ids[:MAX_NAMED]]
    return ", ".join(shown) + (f" and {len(ids) - MAX_NAMED} more" if len(ids) > MAX_NAMED else "")


def _is(things: Sequence[object]) -> str:
    return "is" if len(things) == 1 else "are"


MAX_SEEN = 200
MAX_SEEN_CHARS = 4_000
_CELLS = {"criteria": Role.RESPONSE_REFERENCE, "judge_prompt_template": Role.JUDGE_PROMPT_TEMPLATE}
_UNKNOWN_VERDICTS = frozenset({"criteria_unreadable", "criterion_misread", "criterion_added"})
"""Findings after which the reader judges other criteria than the task's."""


@dataclass(frozen=True)
class ProposedEdit:
    """A change after which both read the same. It is made only on request."""

    edit: Literal["criteria", "judge_prompt_template"]
    """`criteria`: the cell response_reference. `judge_prompt_template`: the task's template."""
    message: str
    before: str
    after: str


@dataclass(frozen=True)
class Conformance:
    """How `reader` sees the notebook."""

    reader: str
    readable: bool
    """It reads the same task: nothing is rejected or misread."""
    criteria: tuple[SeenCriterion, ...]
    """As it reads them, at most 200."""
    findings: tuple[ReaderFinding, ...]
    edits: tuple[ProposedEdit, ...]
    rewards: tuple[SlotReward, ...]
    """Of the verdicts in the slots; none while they are sealed."""
    learning: tuple[Learning, ...]


def check_conformance(
    raw: bytes, task: Task, hunts: Sequence[Hunt], name: str, samples: int = GROUP_SAMPLES
) -> Conformance:
    """`task`: as Model Hunter reads it; `name`: the notebook's file name. Raises BadNotebook."""
    cells = read_cells(open_document(raw))
    reference, slots = cells.body(Role.RESPONSE_REFERENCE), read_slots(cells)
    seen, criteria = _read_criteria(reference, task.criteria)
    several_turns = bool(cells.numbers(*TURN_ROLES))
    findings = (
        *criteria,
        *template_findings(task.judge_prompt_template),
        *task_findings(task, name, several_turns=several_turns),
        *verdict_findings(verdict for slot in slots if slot.llm_judge for _, verdict in slot.llm_judge.verdicts),
    )
    return Conformance(
        reader=READER,
        readable=all(finding.severity == "note" for finding in findings),
        criteria=tuple(map(_shortened, seen[:MAX_SEEN])),
        findings=findings,
        edits=tuple(_edits(reference, task, criteria)),
        rewards=slot_rewards(slots, [one.id for one in task.criteria], _judged(seen, task.criteria, criteria), hunts),
        learning=learning(hunts, slots, samples),
    )


def apply_edits(raw: bytes, edits: Iterable[ProposedEdit]) -> bytes:
    """The notebook with those edits; everything else stays as it is, byte for byte."""
    document = open_document(raw)
    cells, changes = read_cells(document), Edits(document)
    for edit in edits:
        cell = cells.find(_CELLS[edit.edit])
        if cell is not None:
            changes.set_text(cell, headed(cell.head, edit.after))
    return changes.applied()


def with_readable_criteria(raw: bytes, task: Task) -> bytes:
    """The notebook with its criteria in the form that both read, if they can be written in it."""
    reference = read_cells(open_document(raw)).body(Role.RESPONSE_REFERENCE)
    edit = _criteria_edit(reference, task.criteria)
    return apply_edits(raw, (edit,)) if edit else raw


def _read_criteria(
    reference: str, ours: Sequence[Criterion]
) -> tuple[tuple[SeenCriterion, ...], tuple[ReaderFinding, ...]]:
    try:
        seen = read_rubric(reference)
    except TaskSkipped as error:
        return (), (ReaderFinding("criteria_unreadable", "rejected", f"The task is skipped there, because {error}."),)
    return seen, criteria_findings(seen, ours)


def _edits(reference: str, task: Task, criteria: Sequence[ReaderFinding]) -> Iterator[ProposedEdit]:
    if criteria and (edit := _criteria_edit(reference, task.criteria)):
        yield edit
    template = task.judge_prompt_template
    if template.strip() and (after := readable_template(template)) != template:
        words = (
            "Double each brace outside of placeholders, and add the missing placeholders. The judge is asked the same."
        )
        yield ProposedEdit("judge_prompt_template", words, template, after)


def _criteria_edit(reference: str, criteria: Sequence[Criterion]) -> ProposedEdit | None:
    """None if the criteria cannot be written so, or the prose around them is read as criteria."""
    after = write_array(reference, criteria) if criteria else None
    if after is None or _read_criteria(after, criteria)[1]:
        return None
    words = "Write the criteria as a JSON array of id and criteria. Their texts and the prose stay; braces are escaped."
    return ProposedEdit("criteria", words, reference, after)


def _judged(
    seen: Sequence[SeenCriterion], ours: Sequence[Criterion], findings: Sequence[ReaderFinding]
) -> list[str] | None:
    """The task's ids of the criteria that the reader has; None if it judges others."""
    if any(finding.code in _UNKNOWN_VERDICTS for finding in findings):
        return None
    texts = {one.text for one in seen}
    return [one.id for one in ours if one.text in texts]


def _shortened(seen: SeenCriterion) -> SeenCriterion:
    return SeenCriterion(seen.id[:MAX_SEEN_CHARS], seen.text[:MAX_SEEN_CHARS], seen.id_is_text)
