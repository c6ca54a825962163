"""The criteria of a task: found in the prose of `response_reference`, in any common form.

Uncertain criteria are only proposed, never guessed. Never pass `judge_system_prompt`: real ones contain another
task's criteria.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from core.domain.criteria import CRITERION_ID, Criterion
from core.notebooks.criteria.forms import Found, Span
from core.notebooks.criteria.json_lists import (
    JsonSearch,
    looks_like_criteria,
    looks_like_sentences,
    repaired,
    search_json,
)
from core.notebooks.criteria.lines import find_bullets, find_id_lines, find_table, lines_of
from core.notebooks.text import shortened, without_surrogates

MAX_SEARCHED_CHARS = 200_000
"""Maximum text length that is searched. Real cells have a few thousand characters."""
MAX_NAMED_CHARS = 200
"""Maximum length of a list of wrong ids in a message."""
_CONFIRM = "Compare the recovered criteria with the notebook and confirm them, or rewrite the list."


@dataclass(frozen=True)
class ReadCriteria:
    criteria: tuple[Criterion, ...] = ()
    """Criteria read with certainty; empty if there is a `problem`."""
    proposed: tuple[Criterion, ...] = ()
    """A proposal, which the trainer must confirm."""
    code: str = ""
    """Machine-readable code of the problem or remark; "" when there is none."""
    problem: str = ""
    """The problem and its fix, for the trainer."""
    found: Found | None = None
    """The list's position and form; None when it is broken or missing."""
    span: Span | None = None
    """The list's position, even if it is broken; None if there is none."""

    def prose(self, body: str) -> str:
        """The text around the list, which states the pass rule."""
        return body if self.span is None else f"{body[: self.span.start]}\n\n{body[self.span.end :]}"


def read_criteria(body: str) -> ReadCriteria:
    """The criteria in the body of a `response_reference` cell. Takes linear time."""
    if len(body) > MAX_SEARCHED_CHARS:
        return ReadCriteria(
            code="criteria_too_long",
            problem=f"response_reference has {len(body):,} characters, more than the limit of {MAX_SEARCHED_CHARS:,}. "
            "Shorten it, or rewrite the criteria.",
        )
    search = search_json(body)
    broken = [span for span in search.broken if looks_like_criteria(span.of(body)[:100_000])]
    if search.strong and not any(b.start < search.strong.span.start for b in broken):
        return _checked(search.strong, second=search.further is not None)
    if broken:
        return _broken(body, Span(broken[0].start, _last_bracket(body, broken[-1])), search)
    if search.other:
        return _checked(search.other)
    if search.uncertain:
        return ReadCriteria(
            proposed=_proposal((item.id, item.text) for item in search.uncertain.items),
            code="criteria_uncertain",
            span=search.uncertain.span,
            problem=f"Each criterion has several texts, and none has the key criteria. {_CONFIRM}",
        )
    if search.loose:
        span = Span(search.loose[0].whole.start, search.loose[-1].whole.end)
        return ReadCriteria(
            proposed=_proposal((i.id, i.text) for i in search.loose),
            code="criteria_json_broken",
            span=span,
            problem=f"The criteria are separate objects, not a list in [ ]. {_CONFIRM}",
        )
    return _read_text(body, search)


def _read_text(body: str, search: JsonSearch) -> ReadCriteria:
    lines = lines_of(body)
    found = find_table(lines) or find_id_lines(body, lines) or search.weak
    if found:
        return _checked(found)
    sentences = [span for span in search.broken if looks_like_sentences(span.of(body)[:4000])]
    if sentences:
        return _broken(body, sentences[0], search)
    bullets, certain = find_bullets(body, lines)
    if bullets and certain:
        return _checked(bullets)
    if bullets:
        return ReadCriteria(
            proposed=_proposal((i.id, i.text) for i in bullets.items),
            code="criteria_uncertain",
            span=bullets.span,
            problem=f"There are several lists, and it is unclear which one contains the criteria. {_CONFIRM}",
        )
    return ReadCriteria(
        code="missing_criteria",
        problem="No criteria found under response_reference. Write at least three, each with an id: C1, C2, C3.",
    )


def _checked(found: Found, *, second: bool = False) -> ReadCriteria:
    """The found items as criteria, or as a proposal when an id or a text is wrong."""
    pairs = [(item.id or f"C{n}", without_surrogates(item.text)) for n, item in enumerate(found.items, 1)]
    ids = [written for written, _ in pairs]
    twice = sorted(written for written, times in Counter(ids).items() if times > 1)
    wrong = [written for written in ids if not CRITERION_ID.fullmatch(written)]
    empty = [written for written, text in pairs if not text.strip()]
    code, problem = "", ""
    if twice:
        code, problem = (
            "duplicate_criterion",
            f"Criterion id used twice: {shortened(', '.join(twice), MAX_NAMED_CHARS)}.",
        )
    elif wrong:
        code, problem = "bad_criterion_id", f"Not a criterion id: {', '.join(map(repr, wrong[:5]))}; write C1, C2, …"
    elif empty:
        code, problem = "empty_criterion", f"No text for {', '.join(empty[:5])}."
    if problem:
        proposed = _proposal((item.id, item.text) for item in found.items)
        hint = f"Give each criterion a different id and a text. {_CONFIRM}"
        return ReadCriteria(proposed=proposed, code=code, problem=f"{problem} {hint}", found=found, span=found.span)
    remark = "The cell has two lists of criteria; only the first one is used. Remove the other one." if second else ""
    return ReadCriteria(
        criteria=tuple(Criterion(id=i, text=text) for i, text in pairs),
        code="two_lists" if second else "",
        problem=remark,
        found=found,
        span=found.span,
    )


def _last_bracket(body: str, broken: Span) -> int:
    """The probable end of a broken list: after its last bracket."""
    last = max(body.rfind("]", broken.start, broken.end), body.rfind("}", broken.start, broken.end))
    return last + 1 if last > broken.start else broken.end


def _broken(body: str, span: Span, search: JsonSearch) -> ReadCriteria:
    proposed = _proposal(repaired(body, span))
    if not proposed and search.strong:
        proposed = _proposal((i.id, i.text) for i in search.strong.items)
    what = f"{len(proposed)} criteria were recovered. {_CONFIRM}" if proposed else "Rewrite the list."
    return ReadCriteria(
        proposed=proposed,
        code="criteria_json_broken",
        span=span,
        problem=f"The list of criteria is invalid JSON (a missing or surplus comma, bracket or quotation mark). {what}",
    )


def _proposal(pairs: Iterable[tuple[str, str]]) -> tuple[Criterion, ...]:
    """Criteria with unique valid ids: items without a usable id get the next free one."""
    read = [(i, without_surrogates(text)) for i, text in pairs if text.strip()]
    taken = {i for i, _ in read}
    used: set[str] = set()
    found: list[Criterion] = []
    free = 1
    for written, text in read[:9_000]:
        if written in used or not CRITERION_ID.fullmatch(written):
            while f"C{free}" in taken or f"C{free}" in used:
                free += 1
            written = f"C{free}"
        used.add(written)
        found.append(Criterion(id=written, text=text))
    return tuple(found)
