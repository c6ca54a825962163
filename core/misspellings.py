"""Variables that look like a setting of ours and are none: a misspelt one would be passed over without a word."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping

from core.settings import Settings, table

LIKENESS = 0.9
"""Of difflib, 1 is the same. One letter too many, too few, wrong or in the wrong place in a name of ten or more."""
SHORTEST = 6
"""Shorter names resemble too many words."""
OF_OTHERS = frozenset({"LOGLEVEL", "OPENAI_MODEL"})
"""Names that other programs read and that resemble ours."""


def misspellings(variables: Iterable[str], settings: Settings) -> Mapping[str, str]:
    """What is written, with the setting that was probably meant, by name.

    A setting with a number behind it (`OPENAI_API_KEY_2`) is somebody's second one, not a slip.
    """
    ours = {setting.row.variable for setting in table()}
    known = ours | OF_OTHERS | {endpoint.key_variable for endpoint in settings.providers.openai_compatible}
    found: dict[str, str] = {}
    for written in sorted(set(variables) - known):
        name = written.upper()
        if len(name) < SHORTEST or re.sub(r"_?\d+$", "", name) in ours - {name}:
            continue
        if alike := difflib.get_close_matches(name, ours, n=1, cutoff=LIKENESS):
            found[written] = alike[0]
    return found


def sentence(written: str, meant: str) -> str:
    return f"{written} is not a setting and is not read; {meant} was probably meant."
