"""Texts that are cheap to send and may be dear to read, by shape: repetition, nesting, what is never closed, and more.

Each generator makes a text of about `chars` characters; the same name always makes the same text.
"""

from __future__ import annotations

import random
from collections.abc import Callable

Shape = Callable[[int], str]


def _repeated(token: str) -> Shape:
    return lambda chars: (token * (chars // len(token) + 1))[:chars]


def _nested(opening: str, closing: str, core: str = "") -> Shape:
    def make(chars: int) -> str:
        depth = chars // (len(opening) + len(closing))
        return opening * depth + core + closing * depth

    return make


def _numbered(line: str) -> Shape:
    """Many lines that differ by a number, written as `{n}`."""

    def make(chars: int) -> str:
        return "\n".join(line.replace("{n}", str(n)) for n in range(1, max(2, chars // (len(line) + 2))))

    return make


def _after(prefix: str, rest: Shape) -> Shape:
    return lambda chars: prefix + rest(chars - len(prefix))


def _mixed(alphabet: str) -> Shape:
    return lambda chars: "".join(random.Random(7).choices(alphabet, k=chars))


SHAPES: dict[str, Shape] = {
    # one token again and again
    "letters": _repeated("a"),
    "spaces": _repeated(" "),
    "tabs": _repeated("\t"),
    "empty lines": _repeated("\n"),
    "carriage returns": _repeated("\r"),
    "line separators": _repeated("\u2028"),
    "digits": _repeated("9"),
    "dots": _repeated("."),
    "spaced words": _repeated("a "),
    "short lines": _repeated("a\n"),
    "lines of a space": _repeated(" \n"),
    "trailing spaces": _after("a", _repeated(" ")),
    # markdown
    "stars": _repeated("*"),
    "bold words": _repeated("**a** "),
    "open bold": _repeated("**a "),
    "open emphasis": _repeated("*a _b "),
    "alternating emphasis": _repeated("*a_b**c__"),
    "tildes": _repeated("~~a "),
    "backticks": _repeated("`"),
    "growing backticks": lambda chars: " ".join("`" * n for n in range(1, int((2 * chars) ** 0.5))),
    "open code": _repeated("`a "),
    "brackets": _repeated("["),
    "closing brackets": _repeated("]"),
    "open links": _repeated("[a]("),
    "links": _repeated("[a](b) "),
    "open images": _repeated("![a]("),
    "nested links": _nested("[", "](b)", "a"),
    "reference definitions": _numbered("[r{n}]: http://a/{n}"),
    "reference links": _after("[a]: b\n\n", _repeated("[a] ")),
    "quotes": _repeated(">"),
    "quoted lines": _repeated("> a\n"),
    "nested lists": lambda chars: "\n".join("  " * n + "- a" for n in range(int(chars**0.5))),
    "lists on one line": _repeated("- "),
    "numbered lists on one line": _repeated("1. "),
    "headings": _repeated("# a\n"),
    "underlined headings": _repeated("a\n-\n"),
    "rules": _repeated("---\n"),
    "fences": _repeated("```\n"),
    "autolinks": _repeated("<http://a "),
    "html": _repeated("<a "),
    "nested html": _nested("<b>", "</b>"),
    "html comments": _repeated("<!-- "),
    "entities": _repeated("&amp"),
    "backslashes": _repeated("\\"),
    "table": _after("|a|b|\n|-|-|\n", _repeated("|C1|c|\n")),
    "wide table": lambda chars: "|a" * (chars // 4) + "|\n" + "|-" * (chars // 4) + "|\n",
    "table rules": _repeated("|-|-|\n"),
    "pipes": _repeated("|"),
    # criteria and gradings
    "ids": _repeated("C1\n"),
    "ids with signs": _repeated("C1: a\n"),
    "numbered ids": _numbered("C{n}: is fine"),
    "bold ids": _repeated("**C1**: a\n"),
    "ids and blank lines": _repeated("C1\n\n"),
    "one id, many lines": _after("C1: a\n", _repeated("b\n")),
    "one id, blank lines, end": lambda chars: "C1:\n" + "\n" * (chars - 8) + "x",
    "bullets": _repeated("- a\n"),
    "alternating bullets": _repeated("- a\n* b\n"),
    "check boxes": _repeated("- [ ] a\n"),
    "pass rules": _repeated("all of the criteria "),
    "pass rule, open": _repeated("passes all "),
    "more than": _repeated("more than "),
    "above": _repeated("above a "),
    "verdicts": _repeated('"C1": "PASS", '),
    "grading sections": _repeated("[Grading Basis]: "),
    "scores": _repeated("[Score]: 1 point(s)\n"),
    "explanations": _repeated("[Explanation]\n"),
    "task headings": _repeated("**[prompt]**\n"),
    "bracketed headings": _repeated("**[a]**\n"),
    "metadata": _numbered("**Key {n}:** - Value"),
    "metadata of one line": _repeated("**Key:** "),
    "placeholders": _repeated("{prompt} "),
    "open placeholders": _repeated("{prompt"),
    "think tags": _repeated("<think>"),
    "closing think tags": _repeated("</think> a "),
    "turns": _numbered("**[Turn-{n}: prompt]**"),
    # JSON
    "arrays": _nested("[", "]"),
    "open arrays": _repeated('["a",'),
    "open objects": _repeated('{"a":'),
    "nested objects": _nested('{"a":', "}", "1"),
    "objects": _repeated('{"a": 1} '),
    "criteria objects": lambda chars: (
        "[" + ",".join(f'{{"id": "C{n}", "criteria1": "a b"}}' for n in range(1, chars // 36)) + "]"
    ),
    "criteria objects, open": _repeated('{"id": "C1", "criteria1": "a b"},'),
    "criteria objects, one comma too many": _repeated('[{"id": "C1", "criteria1": "a b",}] '),
    "broken lists": _repeated('["a b" "c d"] '),
    "broken list of one": _after('[{"id": "C1", ', _repeated('"a": "b" ')),
    "mapping": lambda chars: "{" + ",".join(f'"C{n}": "a b"' for n in range(1, chars // 14)) + "}",
    "many keys": lambda chars: "{" + ",".join(f'"k{n}": {n}' for n in range(chars // 14)) + "}",
    "sentences": lambda chars: "[" + ",".join('"a b"' for _ in range(chars // 6)) + "]",
    "strings": _repeated('"'),
    "escaped strings": _repeated('\\"'),
    "curly quotes": _repeated("“a”: "),
    "a huge number": _after('{"a": ', _repeated("9")),
    "verdict objects": _repeated('{"reason": "a", "verdict": "PASS"} '),
    "open verdict objects": _repeated('{"reason": "a", "verdict": '),
    "verdict in words": _repeated("verdict: PASS, "),
    "corrections": _repeated("Correction: the verdict is FAIL. "),
    # Unicode
    "combining marks": _after("a", _repeated("\u0301")),
    "combined letters": _repeated("a\u0301\u0327"),
    "right to left": _repeated("\u202eשלום "),
    "surrogates": _repeated("\ud800"),
    "surrogates and letters": _repeated("a\udc00b"),
    "emoji": _repeated("👩‍👩‍👧 "),
    "wide letters": _repeated("\ufdfa"),
    "zero widths": _repeated("\u200b"),
    "full width": _repeated("Ｃ１："),
    "dotted capital i": _repeated("\u0130"),
    "nulls": _repeated("\0"),
    "byte order marks": _repeated("\ufeff"),
    "long s": _repeated("paſſ "),
    # noise
    "random markdown": _mixed("*_`[]()<>!#-|~\\\n ab"),
    "random JSON": _mixed('{}[]",:\\\n 1aC'),
    "random criteria": _mixed("C123:.-*|[]\n "),
    "random brackets": _mixed("[]{}()"),
}
