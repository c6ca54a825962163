"""docs/simulated.md lists every field of a script with its default, and every model."""

import json
import re
from pathlib import Path

from core.simulator.script import MODELS, Behavior

PAGE = (Path(__file__).parents[3] / "docs" / "simulated.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (`[^|]+`) \| ([^|]+) \|[^|]*\| [^|]+ \|$", re.MULTILINE)


def documented():
    rows = {}
    for names, defaults in ROW.findall(PAGE):
        fields = re.findall(r"`(\w+)`", names)
        values = defaults.split(", ") if len(fields) > 1 else [defaults]
        rows |= dict(zip(fields, values, strict=True))
    return rows


def test_every_field_of_a_script_is_documented_with_its_default():
    defaults = {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in Behavior().model_dump(mode="json").items()
    }
    assert documented() == {name: value.removesuffix(".0") for name, value in defaults.items()}


def test_every_model_is_documented():
    assert re.findall(r"^\| `simulated/(\w+)`", PAGE, re.MULTILINE) == list(MODELS)
