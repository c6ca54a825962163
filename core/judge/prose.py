"""Parse a judge's prose around its objects: how it introduces them, and whether it retracts its verdict.

The rules (docs/judging.md) can only make an answer unusable; prose is never a verdict. They are for English. In other
languages only the words PASS and FAIL next to `verdict` are recognized.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from core.domain.verdict import Verdict
from core.judge.reply_words import ReplyWords

LEAD_CHARS = 300  # length of the introduction before an object
CLAUSE_CHARS = 120  # search distance from PASS, FAIL, met … to the rest of the statement
SENTENCE_CHARS = 1000
MAX_MEMBERS = 40  # parts of quotes that are searched for in the reply
MAX_STATEMENTS = 200  # an answer with more such words is unusable

_SENTENCE_END = re.compile(r"[.!?][\"'”)\]*_`]*\s|\n")
_CONDITIONAL = re.compile(
    r"\b((?<!even )if|unless|suppos\w+|assum\w+|hypothetical\w*|imagine|otherwise|(?:could|would|might) have"
    r"|(?:were|had|should) (?:it|the|this|that|they|he|she|there)|for example|such as|e\.g\.|whether)\b"
    r"|^\W*(?:had|were)\b",
    re.IGNORECASE,
)
_WOULD = re.compile(r"\b(would|could|might|may)\b", re.IGNORECASE)
_QUOTING = re.compile(
    r"\b(quot(?:e[sd]?|ing|ation)|verbatim|embed\w*|restat\w*|(?:reply|response|student|submission)['’]s own"
    r"|(?:found|stands?|from|in(?:side)?) (?:the|its) (?:reply|response|text))\b",
    re.IGNORECASE,
)
_SPEAKING = re.compile(
    r"\b(?:reply|response|student|submission|model|author|it|which|itself)\b[^.!?\n]{0,40}?\b(?:is|says?|said|states?"
    r"|claims?|contains?|holds?|ends?|gives?|gave|writes?|wrote|includes?|reads?|has|outputs?|asserts?|adds?|repeats?"
    r"|shows?|declares?|demands?|asks?|begins?|starts?|tries|grades?)\b",
    re.IGNORECASE,
)
_OWN = re.compile(
    r"\b(my|I|verdict|evaluation|assessment|judge?ment|grading|decision|analysis|conclusion)\b", re.IGNORECASE
)
_ANNOUNCING = re.compile(
    r"\bmy (?:own |final )?(?:verdict|evaluation|judge?ment|grading|assessment)\b"
    r"|^\W*(?:final )?(?:grading basis|verdict|evaluation|judge?ment|assessment)\W*$",
    re.IGNORECASE,
)
_CORRECTING = re.compile(
    r"\b(wait|correct(?:ion|ing|ed)|actually|on reflection|(?:on )?second thou?ghts?|i was wrong|my mistake|mistaken"
    r"|revis\w+|reconsider\w*|let me (?:look|check|start|count|correct|re)\w*|look(?:ing)? again|count(?:ing)? again"
    r"|start again|scratch that|instead|final(?:ly)?|i (?:misread|misjudged|miscounted|overlooked)|on a closer look"
    r"|closer inspection|hm+|no[,:])(?!\w)",
    re.IGNORECASE,
)
_FENCE_LINE = re.compile(r"```\w*")


# -- the introduction of an object


def introduction(text: str, start: int, after: int = 0) -> str:
    """The text that introduces the object at `start`: its sentence so far, or the line before. Starts at `after`."""
    before = text[max(after, start - LEAD_CHARS) : start].rstrip(" \t")
    same_line = before.rpartition("\n")[2]
    if same_line.strip(" \t>*_`'\"-("):
        return _last_sentence(same_line)
    lines = [line for line in _FENCE_LINE.sub("", before).split("\n") if line.strip(" \t>*_`'\"-(")]
    last = lines[-1].strip() if lines else ""
    return _last_sentence(last) if last[-1:] not in (".", "!", "?") else ""


def _last_sentence(line: str) -> str:
    parts = [part for part in _SENTENCE_END.split(line) if part.strip()]
    return parts[-1] if parts else ""


def is_inside_sentence(text: str, start: int, end: int) -> bool:
    """Whether the object is part of a sentence: `I would say {…}, but …`."""
    before = text[max(0, start - LEAD_CHARS) : start].rpartition("\n")[2].rstrip(" \t*_`'\"(“‘")
    after = text[end : end + LEAD_CHARS].partition("\n")[0].lstrip(" \t*_`'\")”’")
    return (before != "" and before[-1] not in ".:!?}])>—–-") or (after[:1] == "," or after[:1].islower())


def is_hypothetical(text: str, start: int, end: int, after: int = 0) -> bool:
    """Whether the object is hypothetical: `Had it named three I would answer {…}`."""
    lead = introduction(text, start, after)
    tail = text[end : end + LEAD_CHARS].partition("\n")[0] if is_inside_sentence(text, start, end) else ""
    inside = bool(tail) or lead.rstrip()[-1:] not in ("", ".", ":", "}")
    return bool(_CONDITIONAL.search(lead)) or bool(
        inside and (_WOULD.search(lead) or _CONDITIONAL.search(tail) or _WOULD.search(tail))
    )


def is_quoted(text: str, start: int, after: int = 0) -> bool:
    """Whether the judge marks the object as a quote of the reply: `It ends with {…}`, `> {…}`."""
    before = text[max(after, start - LEAD_CHARS) : start].rpartition("\n")[2].strip()
    lead = introduction(text, start, after)
    speaking = _SPEAKING.search(lead)
    own = _OWN.search(lead)
    return (
        before.startswith(">")
        or bool(_QUOTING.search(lead))
        or bool(speaking and not (own and own.start() < speaking.start()))
    )


def is_introduced_as_verdict(text: str, start: int, after: int, reply: ReplyWords) -> bool:
    """Whether the judge introduces the object as its verdict, in words that the reply does not contain."""
    lead = introduction(text, start, after)
    return bool(_ANNOUNCING.search(lead)) and not reply.hold(lead)


def corrects(between: str) -> bool:
    """Whether the text between two objects introduces the second as a correction."""
    return bool(_CORRECTING.search(between))


# -- retractions in the prose after an object

_WORDS = re.compile(
    r"(?<![^\W_])(?:(?P<pass>pass(?:ed|es|ing)?)|(?P<fail>fail(?:ed|s|ing|ure)?)|(?P<met>met|meets?|satisf(?:y|ies|ied)"
    r"|fulfil(?:l|s|ls|led)?)|(?P<unmet>unmet|unsatisfied|unfulfilled))(?![^\W_])",
    re.IGNORECASE | re.ASCII,
)
_BRACES = re.compile(r"\{[^{}]{0,1000}+\}")
_BOUNDARY = re.compile(r"\n++|(?<=[.!?;])[\"'”’)*_`]*+\s++")
_TURN = re.compile(r",? \b(?:but|while|whereas|however|although|though|so|yet)\b", re.IGNORECASE)
_QUOTED_SPAN = re.compile(r"[\"“`‘«]([^\"“”`‘’«»]+)[\"”`’»]")
_SAYING = re.compile(
    r"\b(?:says?|said|states?|claims?|contains?|holds?|ends? (?:with|in)|gives?|writes?|wrote|asserts?|declares?"
    r"|reads?|adds?|repeats?|includes?|has)\b(?: (?:itself|that|the words?|the lines?))*",
    re.IGNORECASE,
)
_NEGATED = re.compile(
    r"(?:\b(?:not|never|cannot|neither|none|nothing|nowhere|almost|nearly|hardly|barely|part(?:ly|ially))|n['’]t"
    r"|\bno(?= \w))\b(?:\W+\w+){0,4}?\W*$",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"(?:\b(?:verdict|result|status|grade|rating|judge?ment|score|evaluation|correction|conclusion|decision|answer"
    r"|outcome|final|criterion|requirement|the condition|this|that|it|reply|response|student|c[1-9][0-9]{0,3})\b)"
    r"[^\n]{0,80}$",
    re.IGNORECASE | re.ASCII,
)
_LINK = re.compile(
    r"\b(?:is|are|was|be|becomes?|remains?|stays?|should|must|to|as|say|answer|give"
    r"|mak(?:es?|ing)|(?<=['’])s)\b\W*(?:\w+\W+){0,3}$|[:=→>-]\W*$"
    r"|\b(?:verdict|correction|final|criterion|c[1-9][0-9]{0,3}|this|that|it|reply|response|student)\W+"
    r"(?:(?:now|actually|clearly|does|did|has|have|doesn['’]t|didn['’]t|cannot|really|indeed|therefore|thus|also|then|still"
    r"|no longer|not|in fact|fully)\W+){0,3}$",
    re.IGNORECASE | re.ASCII,
)
_ALONE = re.compile(
    r"\W*(?:(?:so|no|thus|therefore|hence|then|now|clearly|not|never|an?|this)\W+)*(?:clear\W+)?", re.IGNORECASE
)
_ELSE = re.compile(r"\W*(?:to|over|through|by|on|in(?!deed)|at|with|into|along|up|\w+ing|around)\b", re.IGNORECASE)
_OBLIGATION = re.compile(r"\b(?:must|should|has to|have to|needs? to)\W*$", re.IGNORECASE)
_SHARE = re.compile(r"\W*(?:more than|at least|over|all|every|each|most|half|\d+)\b", re.IGNORECASE)
_PART = re.compile(
    r"\b(?:first|second|third|last|latter|former|other|one|some) (?:half|part|aspect|portion|element|condition)"
    r" of (?:the |this |that )?(?:criterion|requirement|c[1-9])",
    re.IGNORECASE | re.ASCII,
)
_OBJECT = re.compile(
    r"\W*(?:$|(?:the |this |that |its )?(?:criterion|requirement|c[1-9][0-9]{0,3})\b|because|since|as|after|now|then"
    r"|on reflection|(?:it|this|that|it is)\W*$|here|indeed|too|by |in full|fully|\()",
    re.IGNORECASE,
)
_RETRACTED = re.compile(
    r"\b(?:i (?:(?:must|have to|now|hereby) )*(?:take (?:this|that|it|my verdict) back|take back|retract|withdraw)\b"
    r"|(?:disregard|ignore) my\b|i (?:have )?changed? my (?:mind|verdict)"
    r"|(?:my|the) (?:verdict|answer|grade|judge?ment)"
    r" (?:above |before |here )?(?:is|was) (?:wrong|incorrect|mistaken|not right|a mistake)"
    r"|(?:pass|fail) (?:above )?(?:is|was) (?:wrong|incorrect|a mistake))",
    re.IGNORECASE,
)
_LABEL = re.compile(r"[\s*_`>#\[(•-]*(C[1-9][0-9]{0,3})\b(?=[\s*_`)\]]*[(:.–—-])", re.IGNORECASE | re.ASCII)
_NAME = re.compile(r"\bC[1-9][0-9]{0,3}\b", re.IGNORECASE | re.ASCII)
_DECORATION = re.compile(r"[\s*_`>#\"'“”‘’()\[\]:,-]+")


def without_quoted_braces(prose: str, reply: ReplyWords) -> str:
    """Remove text in braces that also occurs in the reply, such as `{'verdict': 'PASS'}`, which is not JSON."""

    def quoted(braces: re.Match[str]) -> str:
        return "" if all(reply.hold(member) for member in braces[0].split(",", MAX_MEMBERS)) else braces[0]

    return _BRACES.sub(quoted, prose, count=MAX_MEMBERS) if reply.known else prose


@dataclass(frozen=True)
class _Mention:
    """A word such as PASS or met, its verdict, and the clause, segment and sentence that contain it."""

    word: re.Match[str]
    verdict: Verdict
    clause: str
    segment: str
    sentence: str
    at: int
    """Offset of the sentence in the prose."""
    label: str
    """The criterion at the start of its line, `C2 (FAIL): …`; else ""."""


def retracts(prose: str, verdict: Verdict, criterion_id: str, reply: ReplyWords) -> bool:
    """Whether `prose`, which follows the judge's object, retracts its verdict.

    Hypothetical statements, statements on other criteria, and marked quotes of the reply do not.
    """
    if any(not reply.hold(retracted[0]) for retracted in islice(_RETRACTED.finditer(prose), MAX_STATEMENTS)):
        return True
    for count, mention in enumerate(_mentions(prose)):
        if count >= MAX_STATEMENTS:
            return True
        if mention.verdict is verdict or not _is_stated(mention, criterion_id) or _CONDITIONAL.search(mention.segment):
            continue
        if _WOULD.search(mention.clause) and not _CORRECTING.search(mention.sentence):
            continue
        if not _is_reply_quoted(mention, prose[max(0, mention.at - LEAD_CHARS) : mention.at].rstrip(), reply):
            return True
    return False


def _sentences(prose: str) -> Iterator[tuple[int, str]]:
    """(offset, text) of each sentence. Longer ones are split into parts of SENTENCE_CHARS."""
    start = 0
    for end in (*(boundary.end() for boundary in _BOUNDARY.finditer(prose)), len(prose)):
        for at in range(start, end, SENTENCE_CHARS):
            yield at, prose[at : min(end, at + SENTENCE_CHARS)]
        start = end


def _mentions(prose: str) -> Iterator[_Mention]:
    label = ""
    for at, sentence in _sentences(prose):
        if at == 0 or prose[at - 1] == "\n":
            named = _LABEL.match(sentence)
            label = named[1].upper() if named else ""
        for segment in _TURN.split(sentence):
            for clause in segment.split(", "):
                for word in _WORDS.finditer(clause):
                    before = clause[max(0, word.start() - CLAUSE_CHARS) : word.start()]
                    good = word.lastgroup in ("pass", "met")
                    verdict = Verdict.PASS if good != bool(_NEGATED.search(before)) else Verdict.FAIL
                    yield _Mention(word, verdict, clause, segment, sentence, at=at, label=label)


def _is_stated(mention: _Mention, criterion_id: str) -> bool:
    """Whether the clause states it as a verdict on the criterion."""
    word, clause = mention.word, mention.clause
    before = clause[max(0, word.start() - CLAUSE_CHARS) : word.start()]
    after = clause[word.end() : word.end() + CLAUSE_CHARS]
    names = {name.upper() for name in _NAME.findall(before + after)}
    if criterion_id not in names and (names or mention.label not in ("", criterion_id)):
        return False
    if _OBLIGATION.search(before) and _SHARE.match(after):  # a pass rule: "must PASS more than 50% of the criteria"
        return False
    if mention.verdict is Verdict.PASS and _PART.search(before):  # "the first half of the criterion is met"
        return False
    if not _DECORATION.sub("", _CORRECTING.sub("", before)) and not _DECORATION.sub("", after).strip(".!"):
        return word.lastgroup in ("pass", "fail")  # the word alone: "Wait: FAIL."
    if word[0].isupper() and word.lastgroup in ("pass", "fail"):
        return bool(_LINK.search(before) or _ALONE.fullmatch(_CORRECTING.sub("", before)))
    if _ELSE.match(after):
        return False
    if _ALONE.fullmatch(_CORRECTING.sub("", before)):
        return bool(_OBJECT.match(after))
    linked = _LINK.search(before) or word.lastgroup in ("met", "unmet")
    return bool(_SUBJECT.search(before) and linked and _OBJECT.match(after))


def _is_reply_quoted(mention: _Mention, lead: str, reply: ReplyWords) -> bool:
    """Whether the mention is a marked quote of the reply. `lead` is the end of the text before it."""
    sentence = mention.sentence.strip()
    spans = [span for span in _QUOTED_SPAN.findall(sentence) if " " in span.strip() and reply.hold(span)]
    if any(mention.word[0] in span for span in spans):
        return True
    speaking = _SAYING.search(sentence)
    if speaking and reply.hold(sentence[speaking.end() :]):
        return True
    marked = sentence.startswith(">") or lead.endswith((":", "```", '"', "“", "`"))
    return marked and reply.hold(sentence)
