"""The template of a judge prompt: its placeholders, as Model Hunter and as a reader that uses `str.format` see it.

A template whose braces all belong to placeholders or are doubled is a format string, and `{{` is one brace in it. Any
other template is read verbatim: only known placeholders are replaced.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from string import Formatter

PLACEHOLDERS = {
    "prompt": "prompt",
    "response": "model_response",
    "model_response": "model_response",
    "model_resposne": "model_response",  # misspelt in real notebooks
    "standard_response": "standard_response",
    "response_reference": "criteria",
    "criteria": "criteria",
}
"""Placeholders, each with the name that means the same everywhere. Documented in docs/judging.md."""
FOLLOWS = {
    "prompt": "The prompt that the model was given:",
    "standard_response": "A correct answer by the task's author, as context. It is not the reply and is not judged:",
    "model_response": "The reply that you judge:",
    "criteria": "The criterion:",
}
"""What introduces the values without a placeholder, in order."""
_PLACEHOLDER = re.compile(r"\{(" + "|".join(PLACEHOLDERS) + r")\}")
Parts = Sequence[tuple[str, str]]
"""Literal texts, each with the placeholder after it; "" after the last one."""


def template_parts(template: str) -> Parts:
    """The template as Model Hunter reads it."""
    return format_parts(template) if is_format_string(template) else _verbatim_parts(template)


def is_format_string(template: str) -> bool:
    """Whether `str.format` accepts the template and finds the placeholders that are meant: `{{prompt}}`, which some
    programs write for a placeholder, is a literal text to it."""
    return not format_problem(template) and not any(_PLACEHOLDER.search(text) for text, _ in format_parts(template))


def format_problem(template: str) -> str:
    """Why `str.format` fails or shows a value in another form; "" if it does not."""
    try:
        fields = [(name, spec, how) for _, name, spec, how in Formatter().parse(template) if name is not None]
    except ValueError as error:
        return f"{str(error)[:1].lower()}{str(error)[1:]}"
    for name, spec, how in fields:
        if name not in PLACEHOLDERS or spec or how:
            written = f"{{{name}{f'!{how}' if how else ''}{f':{spec}' if spec else ''}}}"
            return f"{' '.join(written.split())[:60]} is no placeholder"
    return ""


def format_parts(template: str) -> Parts:
    """The template as `str.format` reads it, which must accept it."""
    parts: list[tuple[str, str]] = []
    text = ""
    for literal, name, _, _ in Formatter().parse(template):
        text += literal
        if name is not None:
            parts.append((text, name))
            text = ""
    return [*parts, (text, "")]


def readable_template(template: str, *, canonical: bool = False) -> str:
    """The format string that says what `template` says: other braces are doubled, and values without a placeholder
    follow at the end, as Model Hunter adds them. `canonical`: under the names that mean the same everywhere."""
    parts = template_parts(template)
    named = {PLACEHOLDERS[name] for _, name in parts if name}
    text = "".join(_doubled(literal) + _placeholder(name, canonical=canonical) for literal, name in parts)
    added = (f"{words}\n{{{name}}}" for name, words in FOLLOWS.items() if name not in named)
    return "\n\n".join((text, *added))


def _placeholder(name: str, *, canonical: bool) -> str:
    return f"{{{PLACEHOLDERS[name] if canonical else name}}}" if name else ""


def _verbatim_parts(template: str) -> Parts:
    pieces = _PLACEHOLDER.split(template)
    return list(zip(pieces[::2], [*pieces[1::2], ""], strict=True))


def _doubled(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
