"""The name in a model slot's heading: short, readable, and of the model that was really used."""

from __future__ import annotations

import re

from core.notebooks.headings import RESERVED_NAMES

MAX_NAME = 80
_UNFIT = re.compile(r"[^\w.()+-]+")
_WORDS = re.compile(r"[a-z]+[0-9.]*[a-z0-9]*|[0-9][0-9.]*[a-z]*")


def heading_name(model: str, *, simulated: bool = False) -> str:
    """`openrouter/nvidia/nemotron-3-nano-30b-a3b:free` gives `nemotron-3-nano-30b-a3b`. Simulated models say so."""
    last = model.rstrip("/").rpartition("/")[2].partition(":")[0]
    name = _UNFIT.sub("-", last).strip("-_.")[:MAX_NAME] or "model"
    if simulated and "simulated" not in name.casefold():
        name = f"simulated-{name}"
    return f"model-{name}" if _would_be_misread(name) else name


def fits(written: str, model: str, *, simulated: bool = False) -> bool:
    """Whether a heading that stands there already names `model`.

    `nemotron`, `Qwen` fit as families. A heading with numbers must be exact about them, and must not leave out a
    word of the model's name: `GPT-5` is not gpt-5-mini and not gpt-5.2; `Qwen3-235B(Thinking)` is
    qwen3-235b-a22b-thinking-2507.
    """
    name = heading_name(model, simulated=simulated)
    if written.casefold() == name.casefold():
        return True
    said: list[str] = _WORDS.findall(written.casefold())
    meant: list[str] = _WORDS.findall(name.casefold())
    if not said or not meant or _would_be_misread(written):
        return False
    if len(said) == 1 and said[0].isalpha():
        return said[0] == _letters(meant[0])
    left = list(meant)
    for word in said:
        if word not in left:
            return False
        left.remove(word)
    return said[0] == meant[0] and not any(word.isalpha() for word in left)


def _letters(word: str) -> str:
    return re.sub(r"[0-9].*", "", word)


def _would_be_misread(name: str) -> bool:
    return name.casefold() in RESERVED_NAMES
