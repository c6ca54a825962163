"""Keeping reasoning apart from the reply, where a provider sends both as one text.

Works on the whole text, so it does not matter where a stream was cut; time is linear in it. A tag is only a tag where
reasoning ends up: at the very beginning, or alone. What stands later in a reply, or in code, is the reply's own and
stays. A block at the beginning that is never closed is reasoning without a reply: never judged as one.
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
"""How models frame their reasoning; nobody else writes these at the beginning of a reply."""
ASKED_FOR: tuple[tuple[str, str], ...] = tuple(
    (f"<{word}>", f"</{word}>") for word in ("thought", "thoughts", "thinking", "reasoning")
)
"""Tags that models use as well as prompts: a tag that the prompt names belongs to the reply that was asked for."""
_BY_OPEN = {tag.lower(): re.compile(re.escape(close), re.IGNORECASE) for tag, close in (*BLOCKS, *ASKED_FOR)}
_UNSURE = frozenset(tag for tag, _ in ASKED_FOR)
_OPENS = re.compile(r"\s*(" + "|".join(map(re.escape, _BY_OPEN)) + ")", re.IGNORECASE)
_CLOSES = re.compile(r"(?:" + "|".join(re.escape(close) for _, close in BLOCKS) + ")")
_QUOTED_END = re.compile(r"[`'\"“‘]$")

_CHANNEL = r"<\|channel\|>\s{0,9}(?:%s)\b[^<\n]{0,120}(?:<\|constrain\|>[^<\n]{0,80})?<\|message\|>"
_HARMONY = re.compile(
    r"(?:<\|start\|>\s{0,9}\w{0,40}\s{0,9})?(?:<\|(?:channel|message)\|>|(?:analysis|commentary|final)<\|message\|>)"
)
"""How a text begins that has the channels of the harmony format in it: gpt-oss behind servers that do not parse."""
_FINAL = re.compile(_CHANNEL % "final")
_NO_CHANNEL = re.compile(r"(?:<\|start\|>\s{0,9}\w{0,40}\s{0,9}|final)?<\|message\|>")
_ENDS = re.compile(r"<\|(?:end|call|return)\|>")
_TOKENS = re.compile(r"<\|(?:start|end|channel|message|constrain|call|return)\|>")
_LAST_TOKEN = re.compile(r"<\|(?:end|return)\|>\s*\Z")
_BARE_ANALYSIS, _BARE_FINAL = re.compile(r"analysis(?=[A-Z])"), "assistantfinal"
"""The same format where a server has dropped its tokens and left their words."""
MAX_BLOCKS = 100
"""Of reasoning at the beginning of a text. What follows is the reply's: no model thinks in so many."""
MAX_CLEANED_CHARS = 1_000_000
"""Longer reasoning is kept with its headers, since nobody else may wait while they are taken out."""


def apart(text: str, thoughts: str, *, lone_close: bool, asked: Iterable[str] = ()) -> tuple[str, str]:
    """(reply, reasoning) of a text and of the reasoning that came in fields of its own.

    `lone_close`: this provider may send reasoning, `</think>`, reply without an opening tag. `asked`: the messages that
    it answers; the tags of `ASKED_FOR` that they name stay in the reply.
    """
    begun = text.lstrip()
    if _HARMONY.match(begun):
        return _of_channels(begun, thoughts)
    if (bare := _BARE_ANALYSIS.match(begun)) and _BARE_FINAL in begun:
        inner, _, reply = begun[bare.end() :].partition(_BARE_FINAL)
        return reply, _joined(thoughts, inner)
    if opening := _OPENS.match(begun):
        reply, reasoning = _of_blocks(begun, thoughts, opening, asked)
        return (text if reply is begun else reply), reasoning
    if closing := _CLOSES.match(begun):
        return _after_tag(begun[closing.end() :]), thoughts
    if lone_close and not thoughts:
        return _split_at_lone_close(text)
    return text, thoughts


def _of_blocks(text: str, thoughts: str, opening: re.Match[str] | None, asked: Iterable[str]) -> tuple[str, str]:
    """All closed blocks that the text begins with are reasoning. A tag that is never closed is so only as the first."""
    at, inner = 0, list[str]()
    asked_for = {tag for message in asked for tag in _UNSURE if tag in message.lower()}
    while opening and len(inner) < MAX_BLOCKS and (tag := opening[1].lower()) not in asked_for:
        closing = _BY_OPEN[tag].search(text, opening.end())
        if closing is None:
            # when reasoning came on its own, a parser stood before us, so that this tag is the reply's own word
            if inner or thoughts or tag in _UNSURE:
                break
            return "", text[opening.end() :].strip()  # cut while it was thinking: there is no reply
        inner.append(text[opening.end() : closing.start()].strip())
        at = closing.end()
        opening = _OPENS.match(text, at)
    return _after_tag(text[at:]) if at else text, _joined(thoughts, "\n\n".join(filter(None, inner)))


def _of_channels(text: str, thoughts: str) -> tuple[str, str]:
    """What stands in the final channel is the reply, to the end of the text; without one there is none."""
    if begin := _NO_CHANNEL.match(text) or _FINAL.search(text):
        before = _words_of_channels(text[: begin.start()])
        return _LAST_TOKEN.sub("", text[begin.end() :]), _joined(thoughts, before)
    return "", _joined(thoughts, _words_of_channels(text))


def _words_of_channels(text: str) -> str:
    """The words of messages, without the headers before them."""
    if len(text) > MAX_CLEANED_CHARS:
        return text.strip()
    messages = (part.rpartition("<|message|>")[2] for part in _ENDS.split(text))
    return "\n\n".join(words for part in messages if (words := _TOKENS.sub(" ", part).strip()) and words != "assistant")


def _split_at_lone_close(text: str) -> tuple[str, str]:
    before, close, reply = text.partition(CLOSE)
    in_code = before.count("```") % 2 == 1 or _QUOTED_END.search(before)
    if not close or OPEN in before or in_code:
        return text, ""
    return _after_tag(reply), before.strip()


def _after_tag(reply: str) -> str:
    """Only the line ends that belong to the tag go; spaces are the reply's own."""
    return reply.lstrip("\r\n")


def _joined(thoughts: str, inner: str) -> str:
    inner = inner.strip()
    if not inner or inner == thoughts.strip():
        return thoughts
    return f"{thoughts}\n\n{inner}" if thoughts else inner
