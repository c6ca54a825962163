"""Reading a judge's answer: the verdict on the one criterion that was asked for, or nothing.

The answer's form carries an id that was drawn for this question (`answer_id`). The reply was written before, so an
object that carries it after its verdict is the judge's own, and only such objects count once there is one. For judges
that leave it out a strict rule holds: the first object that the judge gives for itself is its answer; an object that
the reply spells out too, that is introduced as the reply's, or that is supposed is none; two that contradict each other
are not settled by guessing.

Either way only the judge's own explicit correction changes its answer: a later object that is one, and prose behind it
that takes it back makes it unusable. Everything unusable is asked for again. docs/judging.md has the rules for people.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from operator import contains

from core.domain.value import Value
from core.domain.verdict import Verdict
from core.judge import prose
from core.judge.objects import Found, JsonObject, whole_objects
from core.judge.reply_words import ReplyWords, TooManyQuotesError, letters
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
from core.judge.unicode import bounded, encodable
from core.judge.wording import ANSWER_ID_KEY

MAX_ANSWER_CHARS = 500_000  # many times a judge's whole output allowance; what is longer is not read
REASON_MOST_CHARS = 50_000  # the judge's whole output allowance is some 60,000
EVIDENCE_MOST_CHARS = 20_000

MAX_OBJECTS = 40  # an answer without the id that gives more verdicts than this is none; each costs a look at the reply
CORRECTION_CHARS = 600  # how far in front of a correction it is announced

_EXPLANATION = re.compile(r"\[\s*explanation\s*\]\s*:?", re.IGNORECASE)
_FENCE = re.compile(r"```\w*")
_BRACES_WITHOUT_QUOTES = re.compile(r"\{[^{}\"']{0,200}+\}")
"""`\\frac{1}{2}`, `{ return 0; }`, `{}`: no piece of an object that a quote tore open, which has quotation marks."""


class Answer(Value):
    """What a judge said of one criterion, in a form that can be used."""

    verdict: Verdict
    """PASS or FAIL."""
    reason: str
    """Whole, or "" when the judge gave none."""
    evidence: str
    """As the judge wrote it; whether the reply says so is for core.judge.evidence to find."""


@dataclass(frozen=True)
class _Given:
    """An object that speaks of the asked criterion, and what it says."""

    found: Found
    verdict: Verdict | None
    """None: it contradicts itself, or its words cannot be used."""
    statement: Statement
    signed: bool
    """It carries the question's answer id."""
    against: tuple[Statement, ...] = ()
    """Verdicts of its parts that are other ones."""

    def contradicts_itself(self, asked: str, reply: ReplyWords) -> bool:
        """Whether a part of it gives another verdict, and is no quote of the reply."""
        return len(self.against) > MAX_OBJECTS or not all(_is_echo(s, asked, reply) for s in self.against)

    def echoed(self, asked: str, reply: ReplyWords) -> bool:
        """Whether the reply spells the same out, and no word of the object is the judge's own."""
        return _is_echo(self.statement, asked, reply)


def read_answer(text: str, criterion_id: str, reply_text: str = "", answer_id: str = "") -> Answer | None:
    """The judge's verdict on `criterion_id` with its reason; None when the text holds no usable one. Never raises.

    `reply_text` is the reply that is judged; `answer_id` is the id that the question asked for. Linear in the lengths
    of both texts.
    """
    if len(text) > MAX_ANSWER_CHARS:
        return None
    try:
        return _read(text, criterion_id.upper(), ReplyWords(reply_text), answer_id)
    except TooManyQuotesError:
        return None


def _read(text: str, asked: str, reply: ReplyWords, answer_id: str) -> Answer | None:
    text = _with_quoted_id(text, answer_id)
    objects = [_with_doubled_braces(text, found) for found in whole_objects(text)]
    given = [said for found in objects if (said := _given(found, asked, answer_id))]
    reading = _Reading(text, asked, reply, objects, given)
    chosen = reading.last_signed() if any(said.signed for said in given) else reading.own_unsigned()
    if chosen is None or chosen.verdict is None:
        return None
    behind = prose.without_quoted_braces(reading.outside(chosen.found.end), reply)
    if prose.takes_back(behind, chosen.verdict, asked, reply):
        return None
    return _answer(text, chosen, chosen.verdict, asked)


def _with_quoted_id(text: str, answer_id: str) -> str:
    """The text with quotation marks around an id that the judge wrote without them, as if it were a number."""
    return re.sub(rf"(?<=[:\s]){answer_id}(?=\s{{0,20}}[,}}])", f'"{answer_id}"', text) if answer_id else text


def _answer(text: str, chosen: _Given, verdict: Verdict, asked: str) -> Answer:
    source, whole = chosen.statement.source, chosen.found.value
    reason = words_in(source, REASON_KEYS, asked) or words_in(whole, REASON_KEYS, asked) or _around(text, chosen.found)
    evidence = words_in(source, EVIDENCE_KEYS, asked) or words_in(whole, EVIDENCE_KEYS, asked)
    return Answer(
        verdict=verdict, reason=bounded(reason, REASON_MOST_CHARS), evidence=evidence[:EVIDENCE_MOST_CHARS].strip()
    )


# -- which objects speak of the criterion


def _given(found: Found, asked: str, answer_id: str) -> _Given | None:
    signed = _signed_statements(found.value, asked, answer_id)
    statements = signed or statements_on(asked, found.value)
    if not statements:
        return None
    outer = [statement for statement in statements if not statement.inner]
    verdict = _one_verdict(outer)
    against = () if signed else tuple(s for s in statements if s.inner and s.verdict is not verdict)
    return _Given(found, verdict, outer[0], bool(signed), against)


def _one_verdict(statements: Sequence[Statement]) -> Verdict | None:
    verdicts = {statement.verdict for statement in statements}
    return verdicts.pop() if len(verdicts) == 1 else None


def _signed_statements(value: JsonObject, asked: str, answer_id: str) -> list[Statement]:
    """What the object says that carries the id behind its verdict; nothing when none does.

    Behind: a quote of the reply that was not escaped may close the judge's object early, with a verdict of the
    reply's; but then the id is still to come, and the reply does not know it.
    """
    for node in _nodes(value, asked) if answer_id else ():
        place = next((n for n, (key, v) in enumerate(node.members) if _is_answer_id(key, v, answer_id)), None)
        if place is not None and statements_on(asked, JsonObject(node.members[:place])):
            statements = statements_on(asked, node)
            return [statement for statement in statements if statement.source is node] or statements
    return []


def _is_answer_id(name: str, value: object, answer_id: str) -> bool:
    return key_of(name) == ANSWER_ID_KEY and isinstance(value, str) and value.strip(" *_`").lower() == answer_id


def _nodes(value: JsonObject, asked: str, about: str | None = None) -> Iterator[JsonObject]:
    """The object and those that are members of it, of those, …; not those that quote or explain, nor those that stand
    under another criterion: `about` is the one that the surroundings name."""
    about = named_in(value) or about
    if about in (asked, None):
        yield value
    for name, inner in value.members:
        if isinstance(inner, JsonObject) and key_of(name) not in REASON_KEYS + EVIDENCE_KEYS:
            yield from _nodes(inner, asked, row_id(name) or about)


def _is_echo(statement: Statement, asked: str, reply: ReplyWords) -> bool:
    """Whether the reply gives this verdict under this key, and every word of reason and evidence, too."""
    key = asked if statement.key == "row" else statement.key
    if not reply.known or not reply.hold(f"{key} {statement.verdict or ''}"):
        return False
    words = (words_in(statement.source, keys, asked) for keys in (REASON_KEYS, EVIDENCE_KEYS))
    return all(reply.hold(text.rstrip(" .…")) for text in words)


# -- which of them is the judge's answer


@dataclass(frozen=True)
class _Reading:
    """One answer: its text, its whole objects, and those of them that speak of the asked criterion, in order."""

    text: str
    asked: str
    reply: ReplyWords
    objects: Sequence[Found]
    given: Sequence[_Given]

    def last_signed(self) -> _Given | None:
        """The last one that carries the id, if it says what the earlier ones say or is announced as their correction.

        None when that is not so, and when an object without the id corrects it: it has to be asked for again.
        """
        chosen: _Given | None = None
        for said, end in self._with_end_before():
            differs = chosen is not None and said.verdict is not chosen.verdict
            if not (said.signed or (differs and self._corrects(said, end))):
                continue
            if prose.is_supposed(self.text, said.found.start, said.found.end, end) or self._has_borrowed_id(said, end):
                continue
            if not said.signed or (differs and not self._corrects(said, end)):
                return None
            chosen = said
        return chosen

    def _has_borrowed_id(self, said: _Given, after: int) -> bool:
        """Whether the judge put its id into a quote: of a reply that asks for one ("answer_id": "copy it here")."""
        return (
            self.reply.known and self.reply.hold(ANSWER_ID_KEY) and prose.is_quoted(self.text, said.found.start, after)
        )

    def own_unsigned(self) -> _Given | None:
        """The first object that the judge gives for itself, or the one that corrects it; None when that is not sure."""
        if len(self.given) > MAX_OBJECTS:
            return None
        own, others = self._split()
        if not own:
            return None
        chosen = next((said for said in own if not self._is_inside(said)), own[0])
        for said in own:
            if said.found.start <= chosen.found.start or said.verdict is chosen.verdict:
                continue
            if self._corrects(said, chosen.found.end) and not self.reply.name(said.verdict):
                chosen = said
            elif not self._is_inside(said) or self.reply.name(chosen.verdict):
                return None
        before = [said for said in own if said.found.start < chosen.found.start and said.verdict is not chosen.verdict]
        if before and self.reply.name(chosen.verdict):
            return None
        if chosen.contradicts_itself(self.asked, self.reply) or self._may_be_the_replys(chosen, others):
            return None
        return chosen

    def _with_end_before(self) -> Iterator[tuple[_Given, int]]:
        """Each object, and where the one before it ends."""
        end = 0
        for said in self.given:
            yield said, end
            end = said.found.end

    def _split(self) -> tuple[list[_Given], list[_Given]]:
        """The objects that the judge gives for itself, and those that it quotes or supposes."""
        own: list[_Given] = []
        others: list[_Given] = []
        for said, end in self._with_end_before():
            place = said.found.start, said.found.end
            aside = (
                (said.echoed(self.asked, self.reply) and not prose.is_announced(self.text, place[0], end, self.reply))
                or prose.is_quoted(self.text, place[0], end)
                or prose.is_supposed(self.text, *place, end)
            )
            (others if aside else own).append(said)
        return own, others

    def _corrects(self, later: _Given, after: int) -> bool:
        """Whether `later` is the judge's explicit correction of what ends at `after`: announced as one, its own, and
        standing for itself."""
        start = later.found.start
        return (
            prose.corrects(self.text[max(after, start - CORRECTION_CHARS) : start])
            and not self._is_inside(later)
            and not prose.is_quoted(self.text, start, after)
            and not later.echoed(self.asked, self.reply)
        )

    def _is_inside(self, said: _Given) -> bool:
        return prose.is_inside_sentence(self.text, said.found.start, said.found.end)

    def _may_be_the_replys(self, chosen: _Given, others: Sequence[_Given]) -> bool:
        """Whether the chosen object could be a piece of a quote: of the reply, or of anything that was not escaped."""
        claimed = self._claims(self.reply.hold, chosen.verdict)
        outside = prose.without_quoted_braces(_without_plain_braces(self.outside(chosen.found.end)), self.reply)
        if "}" in outside and (claimed or not _is_verbatim(outside, self.reply)):
            return True
        opposite = Verdict.FAIL if chosen.verdict is Verdict.PASS else Verdict.PASS
        if claimed and self._claims(partial(contains, letters(self.text[chosen.found.end :])), opposite):
            return True
        named = self.reply.name(chosen.verdict)
        return any(
            claimed if said.echoed(self.asked, self.reply) else named
            for said in others
            if said.verdict is not chosen.verdict
        )

    def _claims(self, holds: Callable[[str], bool], verdict: Verdict | None) -> bool:
        """Whether a text gives this verdict on the asked criterion under one of the keys that verdicts have."""
        keys = (*VERDICT_KEYS, LAST_RESORT, self.asked.lower())
        return verdict is not None and any(holds(f"{key}{verdict.value.lower()}") for key in keys)

    def outside(self, start: int) -> str:
        """The text from `start` on without the objects in it: each leaves a line end."""
        pieces = []
        for found in self.objects:
            if found.end > start:
                pieces.append(self.text[start : max(start, found.start)])
                start = found.end
        return "\n".join((*pieces, self.text[start:]))


def _without_plain_braces(outside: str) -> str:
    """Without braces that close what they open and hold no quotation mark, two levels deep: `\\boxed{\\text{FAIL}}`."""
    return _BRACES_WITHOUT_QUOTES.sub("", _BRACES_WITHOUT_QUOTES.sub("", outside))


def _is_verbatim(outside: str, reply: ReplyWords) -> bool:
    """Whether every line with a closing brace is the reply's."""
    lines = [line for line in outside.splitlines() if "}" in line]
    return reply.known and len(lines) <= MAX_OBJECTS and all(reply.hold(line) for line in lines)


# -- the text around


def _with_doubled_braces(text: str, found: Found) -> Found:
    """The object as it stands in `{{"verdict": "PASS"}}`, the form that templates for templates ask for."""
    start, end = found.start, found.end
    while start > 0 and text[start - 1] == "{" and text.startswith("}", end):
        start, end = start - 1, end + 1
    return Found(start, end, found.value)


def _around(text: str, chosen: Found) -> str:
    """The reason when the object has none: what follows `[Explanation]`, else all that stands around the object."""
    for explanation in _EXPLANATION.finditer(text, chosen.end):
        return encodable(text[explanation.end() :].strip())
    outside = f"{text[: chosen.start].strip()}\n{text[chosen.end :].strip()}"
    return encodable(_FENCE.sub("", outside).strip())
