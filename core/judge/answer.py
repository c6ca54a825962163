"""Parse a judge's answer into a verdict on one criterion, or into None.

The answer form contains a random id per question (`answer_id`). The reply was written earlier, so an object with this
id after its verdict is the judge's own. If there is such an object, only such objects count. A stricter rule applies to
judges that omit the id: the answer is the first object that the judge gives as its own. An object that also occurs in
the reply, is introduced as a quote of the reply, or is hypothetical does not count. Contradictory objects are unusable.

In both cases only an explicit correction by the judge, in a later object, changes the answer. Prose after the object
that retracts the verdict makes the answer unusable. The judge is queried again after an unusable answer.
docs/judging.md lists the rules.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from operator import contains

from core.domain.verdict import Verdict
from core.judge import prose
from core.judge.encodable_text import encodable
from core.judge.objects import FoundObject, JsonObject, whole_objects
from core.judge.reply_words import ReplyWords, TooManyQuotesError, letters
from core.judge.requested_form import Answer, bounded_answer, read_requested_form
from core.judge.statements import (
    EVIDENCE_KEYS,
    LAST_RESORT,
    REASON_KEYS,
    VERDICT_KEYS,
    Statement,
    key_of,
    named_in,
    row_id,
    statements_on,
    words_in,
)
from core.judge.wording import ANSWER_ID_KEY

MAX_ANSWER_CHARS = 500_000  # many times a judge's output limit; longer answers are unusable

MAX_OBJECTS = 40  # an answer without the id and with more verdicts is unusable; each costs a search of the reply
CORRECTION_CHARS = 600  # how far before an object a correction is looked for

_EXPLANATION = re.compile(r"\[\s*explanation\s*\]\s*:?", re.IGNORECASE)
_FENCE = re.compile(r"```\w*")
_BARE_WORD = re.compile(r"(?<=[:\s])\w++(?=\s{0,20}[,}])")
_BRACES_WITHOUT_QUOTES = re.compile(r"\{[^{}\"']{0,200}+\}")
"""`\\frac{1}{2}`, `{ return 0; }`, `{}`: not part of an object broken by an unescaped quote."""


@dataclass(frozen=True)
class _Candidate:
    """An object with a verdict on the criterion."""

    found: FoundObject
    verdict: Verdict | None
    """None: the object contradicts itself, or its verdict is not PASS or FAIL."""
    statement: Statement
    signed: bool
    """The object has the question's answer id."""
    against: tuple[Statement, ...] = ()
    """Different verdicts in parts of the object."""

    def contradicts_itself(self, criterion_id: str, reply: ReplyWords) -> bool:
        """Whether a part has another verdict and is not a quote of the reply."""
        return len(self.against) > MAX_OBJECTS or not all(_is_echo(s, criterion_id, reply) for s in self.against)

    def echoed(self, criterion_id: str, reply: ReplyWords) -> bool:
        """Whether the reply contains the whole object, so that no word is the judge's own."""
        return _is_echo(self.statement, criterion_id, reply)


def read_answer(
    text: str, criterion_id: str, reply_text: str = "", answer_id: str = "", *, enforced: bool = False
) -> Answer | None:
    """The judge's verdict on `criterion_id` with its reason; None when the text holds no usable one. Never raises.

    `reply_text` is the judged reply; `answer_id` is the id in the question. `enforced`: the judge could write nothing
    but one JSON object. Takes time linear in both texts.
    """
    if len(text) > MAX_ANSWER_CHARS:
        return None
    try:
        reply = ReplyWords(reply_text)
        answer = read_requested_form(text, answer_id) or _read(text, criterion_id.upper(), reply, answer_id)
        return None if answer and enforced and _may_be_spliced(answer.verdict, reply) else answer
    except TooManyQuotesError:
        return None


def _may_be_spliced(verdict: Verdict, reply: ReplyWords) -> bool:
    """Whether the verdict may be a quote of the reply that ended the judge's string early. In an enforced object the
    judge cannot continue after it as it does elsewhere, and has to put its id after the quoted verdict."""
    return reply.known and reply.hold(f"verdict {verdict}")


def _read(text: str, criterion_id: str, reply: ReplyWords, answer_id: str) -> Answer | None:
    text = _with_quoted_id(text, answer_id)
    objects = [_with_doubled_braces(text, found) for found in whole_objects(text)]
    candidates = [candidate for found in objects if (candidate := _candidate(found, criterion_id, answer_id))]
    reading = _Reading(text, criterion_id, reply, objects, candidates)
    chosen = reading.last_signed() if any(candidate.signed for candidate in candidates) else reading.own_unsigned()
    if chosen is None or chosen.verdict is None:
        return _undecided(reading, answer_id)
    behind = prose.without_quoted_braces(reading.outside(chosen.found.end), reply)
    if prose.retracts(behind, chosen.verdict, criterion_id, reply):
        return None
    return _answer(text, chosen, chosen.verdict, criterion_id)


def _undecided(reading: _Reading, answer_id: str) -> Answer | None:
    """The judge's own UNDETERMINED, as the schema offers it: one object and no other word.

    An object without the id does not count if the reply contains such a verdict.
    """
    if len(reading.objects) != 1 or _FENCE.sub("", reading.outside(0)).strip():
        return None
    members = reading.objects[0].value.members
    verdicts = [value for name, value in members if key_of(name) in VERDICT_KEYS]
    if len(verdicts) != 1 or str(verdicts[0]).strip().upper() != Verdict.UNDETERMINED:
        return None
    signed = any(_is_answer_id(name, value, answer_id) for name, value in members)
    if not signed and reading.reply.hold(Verdict.UNDETERMINED):
        return None
    reason, evidence = (
        words_in(reading.objects[0].value, keys, reading.criterion_id) for keys in (REASON_KEYS, EVIDENCE_KEYS)
    )
    return bounded_answer(Verdict.UNDETERMINED, reason, evidence)


def _with_quoted_id(text: str, answer_id: str) -> str:
    """Quote an id that the judge wrote without quotation marks, like a number."""

    def quoted(word: re.Match[str]) -> str:
        return f'"{answer_id}"' if word[0] == answer_id else word[0]

    return _BARE_WORD.sub(quoted, text) if answer_id and answer_id in text else text


def _answer(text: str, chosen: _Candidate, verdict: Verdict, criterion_id: str) -> Answer:
    source, whole = chosen.statement.source, chosen.found.value
    reason = (
        words_in(source, REASON_KEYS, criterion_id)
        or words_in(whole, REASON_KEYS, criterion_id)
        or _around(text, chosen.found)
    )
    evidence = words_in(source, EVIDENCE_KEYS, criterion_id) or words_in(whole, EVIDENCE_KEYS, criterion_id)
    return bounded_answer(verdict, reason, evidence)


# -- objects with a verdict on the criterion


def _candidate(found: FoundObject, criterion_id: str, answer_id: str) -> _Candidate | None:
    signed = _signed_statements(found.value, criterion_id, answer_id)
    statements = signed or statements_on(criterion_id, found.value)
    if not statements:
        return None
    outer = [statement for statement in statements if not statement.inner]
    verdict = _one_verdict(outer)
    against = tuple(s for s in statements if s.inner and s.verdict is not verdict)
    return _Candidate(found, verdict, outer[0], bool(signed), against)


def _one_verdict(statements: Sequence[Statement]) -> Verdict | None:
    verdicts = {statement.verdict for statement in statements}
    return verdicts.pop() if len(verdicts) == 1 else None


def _signed_statements(value: JsonObject, criterion_id: str, answer_id: str) -> list[Statement]:
    """The statements of the object that has the id after its verdict; empty when none has.

    The id must follow the verdict: an unescaped quote of the reply may close the judge's object early, with the
    reply's verdict. The id comes later then, and the reply cannot contain it.
    """
    for node in _nodes(value, criterion_id) if answer_id else ():
        place = next((n for n, (key, v) in enumerate(node.members) if _is_answer_id(key, v, answer_id)), None)
        if place is not None and statements_on(criterion_id, JsonObject(node.members[:place])):
            statements = statements_on(criterion_id, node)
            return [statement for statement in statements if statement.source is node] or statements
    return []


def _is_answer_id(name: str, value: object, answer_id: str) -> bool:
    return key_of(name) == ANSWER_ID_KEY and isinstance(value, str) and value.strip(" *_`").lower() == answer_id


def _nodes(value: JsonObject, criterion_id: str, about: str | None = None) -> Iterator[JsonObject]:
    """The object and its nested objects, without reasons, evidence and objects about another criterion. `about` is the
    criterion named by an enclosing object."""
    about = named_in(value) or about
    if about in (criterion_id, None):
        yield value
    for name, inner in value.members:
        if isinstance(inner, JsonObject) and key_of(name) not in REASON_KEYS + EVIDENCE_KEYS:
            yield from _nodes(inner, criterion_id, row_id(name) or about)


def _is_echo(statement: Statement, criterion_id: str, reply: ReplyWords) -> bool:
    """Whether the reply contains this verdict under this key, and all of the reason and evidence."""
    key = criterion_id if statement.key == "row" else statement.key
    if not reply.known or not reply.hold(f"{key} {statement.verdict or ''}"):
        return False
    words = (words_in(statement.source, keys, criterion_id) for keys in (REASON_KEYS, EVIDENCE_KEYS))
    return all(reply.hold(text) for text in words)


# -- the object that is the judge's answer


@dataclass(frozen=True)
class _Reading:
    """One answer: its text, its complete objects, and those with a verdict on the criterion, in order."""

    text: str
    criterion_id: str
    reply: ReplyWords
    objects: Sequence[FoundObject]
    candidates: Sequence[_Candidate]

    def last_signed(self) -> _Candidate | None:
        """The last object with the id, if it agrees with the earlier ones or is introduced as their correction.

        None otherwise, and when an object without the id corrects it.
        """
        chosen: _Candidate | None = None
        for candidate, end in self._with_end_before():
            differs = chosen is not None and candidate.verdict is not chosen.verdict
            if not (candidate.signed or (differs and self._corrects(candidate, end))):
                continue
            if prose.is_hypothetical(
                self.text, candidate.found.start, candidate.found.end, end
            ) or self._has_borrowed_id(candidate, end):
                continue
            if not candidate.signed or (differs and not self._corrects(candidate, end)):
                return None
            chosen = candidate
        return chosen

    def _has_borrowed_id(self, candidate: _Candidate, after: int) -> bool:
        """Whether the judge put its id into a quote of a reply that requests one ("answer_id": "copy it here")."""
        return (
            self.reply.known
            and self.reply.hold(ANSWER_ID_KEY)
            and prose.is_quoted(self.text, candidate.found.start, after)
        )

    def own_unsigned(self) -> _Candidate | None:
        """The first object that the judge gives as its own, or its correction; None when that is uncertain."""
        if len(self.candidates) > MAX_OBJECTS:
            return None
        own, others = self._split()
        if not own:
            return None
        chosen = next((candidate for candidate in own if not self._is_inside(candidate)), own[0])
        for candidate in own:
            if candidate.found.start <= chosen.found.start or candidate.verdict is chosen.verdict:
                continue
            if self._corrects(candidate, chosen.found.end) and not self.reply.name(candidate.verdict):
                chosen = candidate
            elif not self._is_inside(candidate) or self.reply.name(chosen.verdict):
                return None
        before = [
            candidate
            for candidate in own
            if candidate.found.start < chosen.found.start and candidate.verdict is not chosen.verdict
        ]
        if before and self.reply.name(chosen.verdict):
            return None
        if chosen.contradicts_itself(self.criterion_id, self.reply) or self._may_be_the_replys(chosen, others):
            return None
        return chosen

    def _with_end_before(self) -> Iterator[tuple[_Candidate, int]]:
        """Each object, and the end of the object before it."""
        end = 0
        for candidate in self.candidates:
            yield candidate, end
            end = candidate.found.end

    def _split(self) -> tuple[list[_Candidate], list[_Candidate]]:
        """(objects that the judge gives as its own, quoted or hypothetical objects)"""
        own: list[_Candidate] = []
        others: list[_Candidate] = []
        for candidate, end in self._with_end_before():
            place = candidate.found.start, candidate.found.end
            not_own = (
                (
                    candidate.echoed(self.criterion_id, self.reply)
                    and not prose.is_introduced_as_verdict(self.text, place[0], end, self.reply)
                )
                or prose.is_quoted(self.text, place[0], end)
                or prose.is_hypothetical(self.text, *place, end)
            )
            (others if not_own else own).append(candidate)
        return own, others

    def _corrects(self, later: _Candidate, after: int) -> bool:
        """Whether `later` is the judge's explicit correction of the object that ends at `after`: introduced as one, not
        quoted, and not part of a sentence."""
        start = later.found.start
        return (
            prose.corrects(self.text[max(after, start - CORRECTION_CHARS) : start])
            and not self._is_inside(later)
            and not prose.is_quoted(self.text, start, after)
            and not later.echoed(self.criterion_id, self.reply)
        )

    def _is_inside(self, candidate: _Candidate) -> bool:
        return prose.is_inside_sentence(self.text, candidate.found.start, candidate.found.end)

    def _may_be_the_replys(self, chosen: _Candidate, others: Sequence[_Candidate]) -> bool:
        """Whether the chosen object could be part of an unescaped quote, such as one of the reply."""
        claimed = self._claims(self.reply.hold, chosen.verdict)
        outside = prose.without_quoted_braces(_without_plain_braces(self.outside(chosen.found.end)), self.reply)
        if "}" in outside and (claimed or not _is_verbatim(outside, self.reply)):
            return True
        opposite = Verdict.FAIL if chosen.verdict is Verdict.PASS else Verdict.PASS
        if claimed and self._claims(partial(contains, letters(self.text[chosen.found.end :])), opposite):
            return True
        named = self.reply.name(chosen.verdict)
        return any(
            claimed if candidate.echoed(self.criterion_id, self.reply) else named
            for candidate in others
            if candidate.verdict is not chosen.verdict
        )

    def _claims(self, holds: Callable[[str], bool], verdict: Verdict | None) -> bool:
        """Whether a text contains this verdict under the criterion's id or a verdict key."""
        keys = (*VERDICT_KEYS, LAST_RESORT, self.criterion_id.lower())
        return verdict is not None and any(holds(f"{key}{verdict.value.lower()}") for key in keys)

    def outside(self, start: int) -> str:
        """The text from `start`, with each object replaced by a line break."""
        pieces = []
        for found in self.objects:
            if found.end > start:
                pieces.append(self.text[start : max(start, found.start)])
                start = found.end
        return "\n".join((*pieces, self.text[start:]))


def _without_plain_braces(outside: str) -> str:
    """Remove matching braces without quotation marks, two levels deep: `\\boxed{\\text{FAIL}}`."""
    return _BRACES_WITHOUT_QUOTES.sub("", _BRACES_WITHOUT_QUOTES.sub("", outside))


def _is_verbatim(outside: str, reply: ReplyWords) -> bool:
    """Whether every line with a closing brace is the reply's."""
    lines = [line for line in outside.splitlines() if "}" in line]
    return reply.known and len(lines) <= MAX_OBJECTS and all(reply.hold(line) for line in lines)


# -- the surrounding text


def _with_doubled_braces(text: str, found: FoundObject) -> FoundObject:
    """Extend the object over doubled braces, `{{"verdict": "PASS"}}`, which escaped templates produce."""
    start, end = found.start, found.end
    while start > 0 and text[start - 1] == "{" and text.startswith("}", end):
        start, end = start - 1, end + 1
    return FoundObject(start, end, found.value)


def _around(text: str, chosen: FoundObject) -> str:
    """The reason when the object has none: the text after `[Explanation]`, else the text around the object."""
    for explanation in _EXPLANATION.finditer(text, chosen.end):
        return encodable(text[explanation.end() :].strip())
    outside = f"{text[: chosen.start].strip()}\n{text[chosen.end :].strip()}"
    return encodable(_FENCE.sub("", outside).strip())
