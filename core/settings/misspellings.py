"""Variables that look like one of our settings and are none: without a warning a misspelled one would go unnoticed."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator

from core.settings.deprecated import RENAMED, WITHOUT_EFFECT, constants
from core.settings.groups import table
from core.settings.rows import SettingWarning

SIMILARITY = 0.9
"""Of difflib; 1 is equal. One letter too many, too few, wrong or misplaced in a name of ten or more."""
MIN_LENGTH = 6
"""Shorter names resemble too many words."""
OF_OTHERS = frozenset({"LOGLEVEL", "OPENAI_MODEL"})
"""Names that other programs read and that resemble ours."""


def misspelled_variables(variables: Collection[str], key_variables: Collection[str]) -> Iterator[SettingWarning]:
    """A warning for each of `variables` that resembles a setting. `key_variables`: those that OPENAI_COMPATIBLE names.

    A setting followed by a number (`OPENAI_API_KEY_2`) is somebody's second one, not a slip.
    """
    ours = {setting.row.variable for setting in table()}
    deprecated = {*RENAMED, *WITHOUT_EFFECT, *(setting.row.variable for setting in constants())}
    for written in sorted(set(variables) - ours - deprecated - OF_OTHERS - set(key_variables)):
        name = written.upper()
        if len(name) < MIN_LENGTH or re.sub(r"_?\d+$", "", name) in ours - {name}:
            continue
        if alike := difflib.get_close_matches(name, ours, n=1, cutoff=SIMILARITY):
            text = f"Unknown setting {written} ignored; did you mean {alike[0]}?"
            yield SettingWarning(written, alike[0], text)
