"""The pass rule that the prose around the criteria states.

Prose is read sentence by sentence. A sentence that clearly states one of the two rules counts. A sentence with another
threshold, or an ambiguous one, becomes a question for the trainer: the pass rule is never guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from core.domain.task import PassRule

MAX_PROSE_CHARS = 100_000
MAX_SENTENCE_CHARS = 600
"""Maximum characters read of a sentence."""
MAX_QUOTED_CHARS = 160


@dataclass(frozen=True)
class StatedRule:
    rule: PassRule | None = None
    """The clearly stated rule; None if there is none."""
    unclear: str = ""
    """The first sentence that seems to state a rule but is unclear, shortened; "" if there is none."""


_CRITERIA = r"(?:criteri(?:a|on)|requirements?|rubric items?|checks?)"
_MET = r"(?:(?:individually|fully|all)\s+)?(?:met|satisfied|passed|fulfilled|true)"
_MARKED = r"(?:marked|rated|graded|judged|scored)\s+(?:as\s+)?(?:a\s+)?[\"'*]*(?:pass(?:ed)?|true|met)"
_NOT = re.compile(r"\b(?:not|never|no|neither|nor|without|cannot)\b|n['’]t\b", re.IGNORECASE)
_OPTIONAL = re.compile(r"\b(?:have to|has to|needs?|needed|required?|necessary|mandatory|must)\b", re.IGNORECASE)
_FAILS = re.compile(
    r"\bfail(?:s|ed|ure|ing)?\b|\b(?:gives?|assigns?|awards?|gets?|is|=)\s+(?:it\s+)?(?:0|zero)\b|\b(?:0|zero|no)\s+points?\b|\bscores?\s+(?:of\s+)?(?:0|zero)\b",
    re.IGNORECASE,
)
_SPEAKS_OF_PASSING = re.compile(
    r"\b(?:pass(?:es|ed|ing)?|fail(?:s|ed|ure)?|met|meets?|satisf(?:y|ies|ied)|fulfil\w*|points?|score[sd]?|required?|correct|miss(?:es|ed)?|mandatory|suffic\w+|enough)\b",
    re.IGNORECASE,
)

_MAJORITY = re.compile(
    r"\bmore\s+than\s+(?:50\s*%|(?:one\s+)?half)|(?:\b(?:over|above)|>)\s*50\s*%|\bover\s+half\b|\b(?:a|the|simple)\s+majority\b(?!\s+(?:vote|judg))|\bmajority\s+of\b"
    r"|\bP\s*>\s*N\s*/\s*2\b",
    re.IGNORECASE,
)
_MAJORITY_FAILS = re.compile(
    rf"(?:(?:50\s*%|half)|\bmajority)\s+(?:of\s+)?(?:the\s+|these\s+|its\s+)?(?:\w+\s+)?{_CRITERIA}\s+"
    rf"(?:\w+\s+)?(?:fails?\b|failed\b|(?:is|are)\s+(?:not\s+{_MET}|unmet|missed|violated))",
    re.IGNORECASE,
)
_ALL = re.compile(
    rf"\b(?:all|every|each|both)\s+(?:(?:single\s+)?one\s+)?(?:of\s+)?(?:the\s+|these\s+|its\s+)?"
    rf"(?:\w+\s+){{0,2}}?(?:\(\d+\)\s+)?{_CRITERIA}\s+"
    r"(?:\([^()]{0,40}\)\s+)?(?:(?:listed|given|above|below|here)\s+){0,2}"
    rf"(?:(?:must|needs?\s+to|has\s+to|have\s+to|should|shall)\s+(?:all\s+)?(?:be\s+{_MET}|pass|hold)|pass(?:es)?|hold"
    rf"|(?:(?:is|are)\s+)?(?:required|mandatory|compulsory|obligatory|{_MET}|{_MARKED}))\b(?!\W+or\s+(?:not|fail|un))"
    rf"|\ball\s+must\s+(?:be\s+{_MET}|pass|hold)\b"
    r"|\b(?:pass(?:es|ing)?|satisf(?:y|ies|ying)|meets?|meeting|fulfil(?:l?s|ling)?|fulfill)\s+(?:on\s+)?(?:all|every|each)\b[^.]{0,40}?"
    rf"\b{_CRITERIA}\b|\b100\s*%\s+of\b[^.]{{0,30}}?\b{_CRITERIA}\b|\ball[- ]or[- ]nothing\b"
    rf"|\b{_CRITERIA}\s+[^.]{{0,60}}?\b(?:must|have\s+to|need\s+to|should)\s+all\s+(?:be\s+{_MET}|pass|hold)\b"
    r"|\ball\s+(?:of\s+)?(?:these|them|the\s+(?:following|above|below))(?:\s+\w+)?\s+(?:must|need\s+to|have\s+to|should)\s+"
    rf"(?:be\s+{_MET}|pass|hold)\b",
    re.IGNORECASE,
)
_ONE = (
    r"(?<!more than )"
    r"(?:any|even\s+(?:one|a\s+single)|a\s+single|just\s+one|(?:only\s+)?one|at\s+least\s+one|one\s+or\s+more)"
)
_ONE_FAILS = re.compile(
    rf"\b(?:failure\s+to|fail(?:s|ed|ing)?\s+to|(?:does|do|did)\s*(?:not|n['’]t))\s+(?:meet|satisfy|pass|fulfill?)\s+{_ONE}\b"
    rf"|\bfail(?:s|ed|ing|ure)?\s+(?:on\s+|of\s+|in\s+)?{_ONE}(?:\s+(?:single|one))?(?:\s+of)?(?:\s+(?:the|these))?(?:\s+\w+)?\s+{_CRITERIA}"
    rf"|\b{_ONE}(?:\s+(?:single|one))?(?:\s+of)?(?:\s+(?:the|these))?(?:\s+\w+)?\s+{_CRITERIA}\s+(?:that\s+)?"
    rf"(?:fails?\b|failed\b|(?:is|are)(?:\s+not|n['’]t)\s+{_MET}|(?:is|are)\s+(?:unmet|missed|violated|broken))"
    rf"|\b{_ONE}\s+(?:failed|failing|unmet|missed)\s+{_CRITERIA}"
    rf"|\b(?:missing|violating|not\s+(?:meeting|satisfying|passing|fulfilling))\s+{_ONE}\b[^.]{{0,30}}\b{_CRITERIA}",
    re.IGNORECASE,
)
_NONE_FAILS = re.compile(
    rf"\b(?:no|neither|none\s+of\s+(?:the|these))\s+{_CRITERIA}\s+"
    r"(?:(?:may|can|must|should)\s+)?(?:fail(?:s|ed)?|(?:be|is|are)\s+(?:unmet|missed|failed|violated))\b"
    rf"|\b(?:must|may|can|should)\s*(?:not|n['’]t)\s+(?:fail|violate|miss|break)\s+(?:any|a\s+single)\s+(?:one\s+)?(?:of\s+)?"
    rf"(?:the\s+|these\s+)?{_CRITERIA}",
    re.IGNORECASE,
)
_EXCEPTION = re.compile(
    r"\b(?:except\w*|apart\s+from|other\s+than|exclud\w+|optional|bonus|remaining|(?<!equally )weighted|rest\s+of\s+the"
    r"|(?:but|unless)\s+(?:for\s+|criterion\s+)?(?:C\d+|noted|stated|marked|otherwise))\b"
    r"|\bincluding\s+(?:criterion\s+)?C\d"
    r"|\b(?:critical|mandatory|essential|core|key|major|first|last)\s+(?:\w+\s+)?criteri(?:a|on)\b",
    re.IGNORECASE,
)
"""Criteria with different weights: neither of the two rules."""
_NAMED_CRITERION = re.compile(
    r"\bC[1-9]\d{0,3}\s+(?:must|has\s+to|have\s+to|needs?\s+to)\s+(?:also\s+|always\s+|both\s+|all\s+)?(?:pass|hold|be\s+(?:met|satisfied|passed|fulfilled))\b"
    r"|\bC[1-9]\d{0,3}\s+(?:is|are)\s+(?:an?\s+)?(?:required|mandatory|critical|essential|optional|bonus|must)\b"
    r"|\bfail(?:s|ed|ing|ure)?\s+(?:on\s+|of\s+|to\s+meet\s+)?(?:criterion\s+)?C[1-9]",
    re.IGNORECASE,
)
_CRITICAL = re.compile(r"\b(?:critical|mandatory|essential)\s+criteri(?:a|on)\b", re.IGNORECASE)
_NOT_ENOUGH = re.compile(
    r"(?:\bnot|n['’]t)\s+(?:\w+\s+)?(?:enough|sufficient|suffice|necessary|needed|required)\b|\binsufficient\b",
    re.IGNORECASE,
)
_ASKS_WHETHER = re.compile(
    r"\b(?:whether|how|(?:check|determine|verify|see|decide|assess|evaluate|judge)\s+(?:that|if))\b[^:,;]{0,60}$",
    re.IGNORECASE,
)
_PER_CRITERION = re.compile(r"\b(?:for|per)\s+(?:each|every)\s+(?:\w+\s+)?criterion\b", re.IGNORECASE)
_OTHER_ANSWER = re.compile(
    r"\b(?:perfect|ideal|excellent|reference|standard|gold\w*|sample|best)\s+(?:response|answer|reply|solution)\b",
    re.IGNORECASE,
)
_ITS_PARTS = re.compile(
    rf"\b(?:a|each|every|the|this)\s+criterion\b.{{0,80}}\bits\s+(?:\w+\s+)?(?:{_CRITERIA}|parts?|conditions?)",
    re.IGNORECASE,
)
"""Requirements for one criterion, not for the reply."""
_SCORE = re.compile(
    r"\bpass(?:ing)?\s+(?:score|mark|threshold|grade)\b|\b(?:pass(?:es)?|meets?|scores?|reach(?:es)?|achieves?)\b[^.]{0,30}\d\s*%"
    r"|\bscore\s+of\s+(?:at\s+least\s+)?[\d.,]+\s+or\s+(?:more|higher|above|better)|\b\d+\s+points?\s+(?:(?:are|is)\s+)?(?:needed|required|or\s+more|to\s+pass)"
    r"|\b(?:score|grade)\b[^.]{0,20}(?:\bis\b|=|:)[^.]{0,20}\b(?:fraction|ratio|share|number|percentage|sum|proportion|pass\w*|met)\b[^.]{0,20}\bcriteria\b"
    r"|(?<!equal )\bweight(?:s|ed)?\b[^.]{0,60}\d"
    r"|\bpartial\s+(?:credit|points?)\s+(?:is|are|may|can|will)\b(?!\s+not)"
    r"|\b\d+\s+points?\s+(?:for|per)\s+(?:each|every)\s+criterion\b"
    r"|\bfails?\b[^.]{0,30}\b(?:when|if)\s+a\s+criterion\b|\bany\s+(?:single\s+)?failure\b[^.]{0,40}\bfail",
    re.IGNORECASE,
)
"""Rules that do not mention the criteria."""
_OTHER_LANGUAGE = re.compile(
    r"\b(?:alle|mindestens|mehr\s+als|jedes)\b.*\bkriteri(?:en|um)\b|\b(?:todos|al\s+menos|cada|más\s+de)\b.*\bcriterios?\b"
    r"|\b(?:tous|toutes|au\s+moins|chaque|plus\s+de)\b.*\bcrit[èe]res?\b|\b(?:tutti|almeno|ogni|più\s+d\w+)\b.*\bcriteri[oa]?\b"
    r"|\b(?:todos|pelo\s+menos|cada)\b.*\bcritérios?\b|\b(?:все|каждый|не\s+менее|более)\b.*\bкритери\w+"
    r"|(?:所有|全部|至少|超过|每|すべて|少なくとも).{0,12}(?:标准|標準|准则|基準|条件)",
    re.IGNORECASE,
)
"""Sentences in other languages that seem to state a rule become questions."""
_OPTIONAL_FAILURE = re.compile(
    r"\b(?:may|can|could)\s+(?:\w+\s+)?fail\b|\b(?:not|n['’]t)\s+(?:necessarily\s+|automatically\s+)?(?:mean|result|lead|cause|imply|fail\b)"
    r"|\bstill\s+pass|\bfails?\s+only\s+(?:that|this|the)\s+criterion\b",
    re.IGNORECASE,
)
_UNLESS_ALL = re.compile(r"\bunless\b[^.]{0,60}\b(?:all|every|each)\b", re.IGNORECASE)
_NOT_ALL = re.compile(
    rf"(?:\bnot|n['’]t)\b[^.]{{0,60}}\b(?:all|every|each)\b[^.]{{0,40}}\b{_CRITERIA}\b"
    rf"|\b(?:all|every|each)\b[^.]{{0,40}}\b{_CRITERIA}\b[^.]{{0,20}}(?:\bnot|n['’]t)\b[^.]{{0,20}}\b(?:pass|met|satisf|fulfil|have|need)",
    re.IGNORECASE,
)
_THRESHOLD = re.compile(
    r"\bat\s+least\b|\bminimum\b|\bno\s+(?:fewer|less)\s+than\b|\b(?:\d+|two|three|four|five|six|seven|eight|nine|ten)\s+(?:out\s+)?of\b"
    r"|\b\d+\s*/\s*\d+\b|\d\s*%|\bper\s?cent\b|\bhalf\b|\b(?:thirds?|quarters?)\b|\bmajority\b|\ball\s+but\b|\bmost\s+of\b|\bmore\s+than\b"
    r"|\baverage\b|\b(?:at\s+most|up\s+to)\b|\bmost\s+criteria\b|\bfraction\b|\bmiss\s+(?:one|two|a|\d)\b|\bproportion\b|\bthreshold\b|\bweighted\b|\b(?:\d+|two|three|four|five|six|seven|eight|nine|ten)\s+(?:or\s+more\s+)?criteria\b",
    re.IGNORECASE,
)
_OF_CRITERIA = re.compile(
    rf"\b{_CRITERIA}\b|\bof\s+(?:them|these|those)\b|\b\d+\s+(?:out\s+)?of\s+\d+\b", re.IGNORECASE
)
_HALF = re.compile(r"\bhalf\b|\b50\s*%|\bmajority\b", re.IGNORECASE)
_OTHER_SHARE = re.compile(
    r"\b(?!50\b)\d+\s*%|\b\d+\s+(?:out\s+)?of\s+\d+\b|\bthirds?\b|\bquarters?\b|\bat\s+least\s+(?:50|half)",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?;](?=\s|$)|\n\s*\n|\n(?=\s*[-*•\d#])")


def read_pass_rule(prose: str) -> StatedRule:
    """The rule that the prose states. A plain majority wins over a statement about all criteria, but together they are
    also a question."""
    stated: dict[PassRule, str] = {}
    questions: list[str] = []
    for sentence in _sentences(prose[:MAX_PROSE_CHARS]):
        rule = _rule_of(sentence)
        if rule is not None:
            stated.setdefault(rule, sentence)
        elif _asks(sentence):
            questions.append(sentence)
    if len(stated) > 1:
        return StatedRule(PassRule.MAJORITY, _quoted(stated[PassRule.ALL]))
    rule = next(iter(stated), None)
    if rule is PassRule.MAJORITY:  # "with half or fewer it earns 0 points" says the same once more
        questions = [sentence for sentence in questions if not _HALF.search(sentence) or _OTHER_SHARE.search(sentence)]
    if rule is PassRule.ALL:  # "a majority is not enough" says the same once more
        questions = [
            sentence for sentence in questions if not (_NOT_ENOUGH.search(sentence) and _MAJORITY.search(sentence))
        ]
    return StatedRule(rule, _quoted(questions[0]) if questions else "")


def _sentences(prose: str) -> list[str]:
    found = (" ".join(part.split())[:MAX_SENTENCE_CHARS] for part in _SENTENCE_END.split(prose))
    return [sentence for sentence in found if sentence]


def _rule_of(sentence: str) -> PassRule | None:
    """The rule that this sentence clearly states, or None."""
    if _EXCEPTION.search(sentence) or _NAMED_CRITERION.search(sentence) or _NOT_ENOUGH.search(sentence):
        return None
    majority = _MAJORITY.search(sentence)
    if majority and not _MAJORITY_FAILS.search(sentence) and not _is_negated(sentence, majority):
        return None if _OTHER_SHARE.search(sentence) else PassRule.MAJORITY
    fails = _FAILS.search(sentence) is not None and not _OPTIONAL.search(sentence)
    if majority and fails and not _MAJORITY_FAILS.search(sentence):  # "not passing more than half means 0 points"
        return PassRule.MAJORITY
    if _NONE_FAILS.search(sentence):
        return PassRule.ALL
    if _ONE_FAILS.search(sentence):
        return PassRule.ALL if _FAILS.search(sentence) and not _OPTIONAL_FAILURE.search(sentence) else None
    everything = _ALL.search(sentence)
    if everything is None or majority:
        return None
    if _speaks_of_else(sentence, everything):
        return None
    if not _is_negated(sentence, everything):
        return PassRule.ALL
    return PassRule.ALL if fails or _UNLESS_ALL.search(sentence) else None


def _is_negated(sentence: str, found: re.Match[str]) -> bool:
    """Whether a "not" is before the match, in it, or directly after it ("all criteria need not pass")."""
    before = sentence[max(0, found.start() - 60) : found.start()].rpartition(":")[2]
    return bool(_NOT.search(before + sentence[found.start() : found.end() + 12]))


def _speaks_of_else(sentence: str, found: re.Match[str]) -> bool:
    """Whether the sentence is about what to evaluate, about another answer, or about one criterion: no rule for the
    reply."""
    before = sentence[: found.start()]
    return bool(
        _ASKS_WHETHER.search(before)
        or _OTHER_ANSWER.search(before)
        or _ITS_PARTS.search(sentence)
        or _PER_CRITERION.search(sentence)
    )


def _asks(sentence: str) -> bool:
    """Whether a sentence without a clear rule still seems to state one."""
    if any(p.search(sentence) for p in (_NAMED_CRITERION, _CRITICAL, _SCORE, _OTHER_LANGUAGE)):
        return True
    if _NOT_ENOUGH.search(sentence) and (_MAJORITY.search(sentence) or _ALL.search(sentence)):
        return True
    if not _OF_CRITERIA.search(sentence) or not _SPEAKS_OF_PASSING.search(sentence):
        return False
    everything = _ALL.search(sentence) or _NOT_ALL.search(sentence)
    if everything and _speaks_of_else(sentence, everything):
        return False
    loosely_all = everything or _EXCEPTION.search(sentence) or _ONE_FAILS.search(sentence)
    return bool(loosely_all or _THRESHOLD.search(sentence))


def _quoted(sentence: str) -> str:
    return sentence if len(sentence) <= MAX_QUOTED_CHARS else f"{sentence[:MAX_QUOTED_CHARS]}…"
