"""What a simulated model answers when it is asked to edit a reference response so that it violates one criterion.

It tries small edits one after the other and takes the first that fails the criterion and leaves all others as they
were. Where no program can check a criterion, the edit is a sentence that says what it is against, which the simulated
judge believes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence

from core.simulator.checks.content import mask_quotes
from core.simulator.checks.grammar import find_check
from core.simulator.checks.text import sentences
from core.simulator.prompts import WantedEdit

MAX_TRIED_CHARS = 400_000
"""Characters of all tried edits together: some 100 ms at most."""
MAX_PLACES = 60
"""Words, sentences or lines of the reference response that an edit of each kind is tried at."""
FILLERS = (1, 2, 3, 5, 8, 13, 21, 34, 55, 89)
"""Numbers of words that are inserted."""
WRONG_SENTENCES = ("The correct answer is A.", "Is that so?", "Of course!")
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_MARK = re.compile(r"\(Simulated: against (C[1-9][0-9]{0,3})\.\)")


def violated_by_mark(reply: str) -> frozenset[str]:
    """The criteria that an edit of ours says it is against."""
    return frozenset(_MARK.findall(reply))


def write_proposal(request: WantedEdit) -> str:
    """The answer: a JSON object. Its edit is empty if none of the tried ones violates the criterion."""
    text = find_edit(request)
    done, failed = "changed so that {} is not met", "none of the tried edits violates {}"
    change = f"Simulated: {(done if text else failed).format(request.criterion_id)}."
    return json.dumps({"change": change, "edited_response": text}, ensure_ascii=False)


def find_edit(request: WantedEdit) -> str:
    """The first edit that violates the criterion and nothing else; else one that changes the fewest others; "" if none
    violates it."""
    reference, criterion = request.reference, request.criteria.get(request.criterion_id, "")
    if find_check(criterion) is None:
        tried = _inserted(reference, f" (Simulated: against {request.criterion_id}.)")
    else:
        tried = _edits(reference, mask_quotes(criterion)[1])
    own = _passes(request.criterion_id, criterion)
    checks = [_passes(id_, text) for id_, text in request.criteria.items() if id_ != request.criterion_id]
    others = [(passes, passes(reference)) for passes in checks]
    best, fewest = "", len(others) + 1
    for text in within(MAX_TRIED_CHARS, tried):
        if text.strip() in ("", reference.strip()) or own(text):
            continue
        flipped = sum(passes(text) is not before for passes, before in others)
        if not flipped:
            return text
        if flipped < fewest:
            best, fewest = text, flipped
    return best


def within(max_chars: int, tried: Iterator[str]) -> Iterator[str]:
    """As many of the texts as have at most `max_chars` together."""
    for text in tried:
        max_chars -= len(text)
        if max_chars < 0:
            return
        yield text


def _passes(criterion_id: str, criterion: str) -> Callable[[str], bool]:
    if check := find_check(criterion):
        return lambda text: check(text).passed
    return lambda text: criterion_id not in violated_by_mark(text)


def _edits(text: str, pieces: Sequence[str]) -> Iterator[str]:
    """Small edits, those that are about the criterion's quoted pieces first."""
    yield _without_pieces(text, pieces, keep_words=True)
    yield _without_pieces(text, pieces, keep_words=False)
    words = [match.span() for match in _WORD.finditer(text)]
    middle = words[1 : MAX_PLACES + 1] or words
    for piece in pieces:
        yield from (f"{text[:start]}{piece}{text[end:]}" for start, end in middle)
    yield text.rstrip()[:-1].rstrip() + "."
    yield from _of_lines(text)
    for count in FILLERS:
        yield from (f"{text[:end]}{' indeed' * count}{text[end:]}" for _, end in middle[:8])
    for piece in WRONG_SENTENCES:
        yield from (text.replace(sentence, piece, 1) for sentence in sentences(text)[:MAX_PLACES])
    yield from (text.replace(sentence, "", 1).strip() for sentence in sentences(text)[:MAX_PLACES])
    yield from (text[:start] + text[end:].lstrip() for start, end in middle)
    for piece in (*pieces, *WRONG_SENTENCES, "42 words, 1 list:\n- one\n- two\n- three"):
        yield from _inserted(text, f" {piece}")
    yield from (text.lower(), text.upper(), f"{text} {text}", f"{text}\n\n{text}")


def _without_pieces(text: str, pieces: Sequence[str], *, keep_words: bool) -> str:
    for piece in pieces:
        other = " ".join(["something"] * len(piece.split())) if keep_words else ""
        text = re.sub(re.escape(piece), other, text, flags=re.IGNORECASE)
    return text


def _of_lines(text: str) -> Iterator[str]:
    """Lines swapped, joined, split and left out."""
    lines = text.split("\n")
    for at in range(len(lines) - 1)[:9]:
        yield "\n".join((*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]))
    yield re.sub(r"\n\s*\n", "\n", text)
    yield re.sub(r"\s*\n\s*", " ", text)
    yield from _inserted(text, "\n\n")
    yield from ("\n".join((*lines[:at], *lines[at + 1 :])) for at in range(len(lines))[:MAX_PLACES])


def _inserted(text: str, piece: str) -> Iterator[str]:
    """The piece after each sentence, the first ones first."""
    at = 0
    for sentence in sentences(text)[:MAX_PLACES]:
        at = text.index(sentence, at) + len(sentence)
        yield text[:at] + piece + (text[at:].lstrip() if piece.isspace() else text[at:])
