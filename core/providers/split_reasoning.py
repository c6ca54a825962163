"""Splits reasoning from the reply when a provider sends both as one text.

Works on the whole text, so chunk boundaries don't matter; time is linear. A tag counts only at the beginning of the
text, or alone. Tags later in a reply or in code belong to the reply. An unclosed block at the beginning is reasoning
without a reply and is never judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

OPEN, CLOSE = "<think>", "</think>"
BLOCKS: tuple[tuple[str, str], ...] = (
    (OPEN, CLOSE),
    ("[THINK]", "[/THINK]"),  # Mistral
    ("<seed:think>", "</seed:think>"),  # ByteDance
    ("◁think▷", "◁/think▷"),  # Kimi
    ("<|begin_of_thought|>", "<|end_of_thought|>"),  # Sky-T1, OpenThinker
    ("<|START_THINKING|>", "<|END_THINKING|>"),  # Cohere
    ("<|channel>thought", "<channel|>"),  # Gemma
)
"""Tags around reasoning; replies do not begin with these."""
AMBIGUOUS_TAGS: tuple[tuple[str, str], ...] = tuple(
    (f"<{word}>", f"</{word}>") for word in ("thought", "thoughts", "thinking", "reasoning")
)
"""Tags that prompts also request: a tag named in the prompt belongs to the reply."""
_BY_OPEN = {tag.lower(): re.compile(re.escape(close), re.IGNORECASE) for tag, close in (*BLOCKS, *AMBIGUOUS_TAGS)}
_UNSURE = frozenset(tag for tag, _ in AMBIGUOUS_TAGS)
_OPENS = re.compile(r"\s*(" + "|".join(map(re.escape, _BY_OPEN)) + ")", re.IGNORECASE)
_CLOSES = re.compile(r"(?:" + "|".join(re.escape(close) for _, close in BLOCKS) + ")")
_QUOTED_END = re.compile(r"[`'\"“‘]$")

_CHANNEL = r"<\|channel\|>\s{0,9}(?:%s)\b[^<\n]{0,120}(?:<\|constrain\|>[^<\n]{0,80})?<\|message\|>"
_HARMONY = re.compile(
    r"(?:<\|start\|>\s{0,9}\w{0,40}\s{0,9})?(?:<\|(?:channel|message)\|>|(?:analysis|commentary|final)<\|message\|>)"
)
"""The beginning of a text with harmony channels: gpt-oss behind servers that do not parse them."""
_FINAL = re.compile(_CHANNEL % "final")
_NO_CHANNEL = re.compile(r"(?:<\|start\|>\s{0,9}\w{0,40}\s{0,9}|final)?<\|message\|>")
_ENDS = re.compile(r"<\|(?:end|call|return)\|>")
_TOKENS = re.compile(r"<\|(?:start|end|channel|message|constrain|call|return)\|>")
_LAST_TOKEN = re.compile(r"<\|(?:end|return)\|>\s*\Z")
_BARE_ANALYSIS, _BARE_FINAL = re.compile(r"analysis(?=[A-Z])"), "assistantfinal"
"""The same format after a server removed the special tokens."""
_OPENINGS = (*_BY_OPEN, *(close.lower() for _, close in BLOCKS), "<|channel|>", "<|message|>", "analysis<|message|>")
_HARMONY_START = "<|start|>"
MAX_HARMONY_START_CHARS = 60
MAX_BLOCKS = 100
"""Maximum reasoning blocks at the beginning; further ones belong to the reply."""
MAX_CLEANED_CHARS = 1_000_000
"""Longer reasoning keeps its headers: removing them would block the event loop."""


def split_reasoning(
    text: str, thoughts: str, *, unopened_think_tag: bool, asked: Iterable[str] = (), complete: bool = True
) -> tuple[str, str]:
    """Returns (reply, reasoning) of a text and the separately received reasoning.

    `unopened_think_tag`: this provider may send reasoning, `</think>`, reply without an opening tag. `asked`: the
    messages that it answers; the tags of `AMBIGUOUS_TAGS` that they name stay in the reply. Unless `complete`, the text
    is still growing, and an unclosed block at its beginning may yet be closed.
    """
    begun = text.lstrip()
    if _HARMONY.match(begun):
        return _of_channels(begun, thoughts)
    if (bare := _BARE_ANALYSIS.match(begun)) and _BARE_FINAL in begun:
        inner, _, reply = begun[bare.end() :].partition(_BARE_FINAL)
        return reply, _joined(thoughts, inner)
    if opening := _OPENS.match(begun):
        reply, reasoning = _of_blocks(begun, thoughts, opening, asked, complete=complete)
        return (text if reply is begun else reply), reasoning
    if closing := _CLOSES.match(begun):
        return _after_tag(begun[closing.end() :]), thoughts
    if unopened_think_tag and not thoughts:
        return _split_at_unopened_tag(text)
    return text, thoughts


def may_begin_with_tag(text: str) -> bool:
    """Whether the text so far may be the first half of a tag that opens reasoning."""
    begun = text[: 2 * MAX_HARMONY_START_CHARS].strip().lower()
    if len(text) > 2 * MAX_HARMONY_START_CHARS:
        return False
    if begun.startswith(_HARMONY_START):
        return len(begun) < MAX_HARMONY_START_CHARS and not _HARMONY.match(begun)
    return any(opening.startswith(begun) for opening in _OPENINGS) or _HARMONY_START.startswith(begun)


def _of_blocks(
    text: str, thoughts: str, opening: re.Match[str] | None, asked: Iterable[str], *, complete: bool
) -> tuple[str, str]:
    """Treats all closed blocks at the beginning as reasoning. In a complete text an unclosed tag counts only if it is
    the first."""
    at, inner = 0, list[str]()
    asked_for = {tag for message in asked for tag in _UNSURE if tag in message.lower()}
    while opening and len(inner) < MAX_BLOCKS and (tag := opening[1].lower()) not in asked_for:
        closing = _BY_OPEN[tag].search(text, opening.end())
        if closing is None:
            # separately received reasoning was already parsed out, so this tag belongs to the reply
            if thoughts or (complete and (inner or tag in _UNSURE)):
                break
            inner.append(text[opening.end() :].strip())  # cut off during reasoning: there is no reply
            at = len(text)
            break
        inner.append(text[opening.end() : closing.start()].strip())
        at = closing.end()
        opening = _OPENS.match(text, at)
    return _after_tag(text[at:]) if at else text, _joined(thoughts, "\n\n".join(filter(None, inner)))


def _of_channels(text: str, thoughts: str) -> tuple[str, str]:
    """The reply is the final channel, to the end of the text; empty if there is none."""
    if begin := _NO_CHANNEL.match(text) or _FINAL.search(text):
        before = _words_of_channels(text[: begin.start()])
        return _LAST_TOKEN.sub("", text[begin.end() :]), _joined(thoughts, before)
    return "", _joined(thoughts, _words_of_channels(text))


def _words_of_channels(text: str) -> str:
    """The messages' text without their headers."""
    if len(text) > MAX_CLEANED_CHARS:
        return text.strip()
    messages = (part.rpartition("<|message|>")[2] for part in _ENDS.split(text))
    return "\n\n".join(words for part in messages if (words := _TOKENS.sub(" ", part).strip()) and words != "assistant")


def _split_at_unopened_tag(text: str) -> tuple[str, str]:
    before, close, reply = text.partition(CLOSE)
    in_code = before.count("```") % 2 == 1 or _QUOTED_END.search(before)
    if not close or OPEN in before or in_code:
        return text, ""
    return _after_tag(reply), before.strip()


def _after_tag(reply: str) -> str:
    """Strips only the newlines after the tag; spaces belong to the reply."""
    return reply.lstrip("\r\n")


def _joined(thoughts: str, inner: str) -> str:
    inner = inner.strip()
    if not inner or inner == thoughts.strip():
        return thoughts
    return f"{thoughts}\n\n{inner}" if thoughts else inner
