"""Edits of a notebook's text: what is not edited stays to the byte."""

from __future__ import annotations

import json

import pytest

from tests.core.notebooks.building import (
    BASIC,
    EMPTY_SLOT,
    LAYOUTS,
    export,
    hunt,
    load,
    notebook,
    validate,
    written,
)  # fmt: skip


@pytest.mark.parametrize("style", ["lines", "one", "string"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_in_every_layout_an_export_looks_as_if_the_same_program_had_written_it(layout, style):
    content = notebook(*BASIC, *EMPTY_SLOT, "a note — ü", style=style)
    raw = written(content, **LAYOUTS[layout])
    out = export(raw, hunt(1, "Rook — ü."))
    validate(out)
    assert written(json.loads(out), **LAYOUTS[layout]) == out


def test_an_older_format_gets_no_ids_and_stays_valid():
    content = notebook(*BASIC, minor=4)
    out = export(written(content), hunt(1))
    assert not any("id" in made for made in json.loads(out)["cells"])
    validate(out)


def test_everything_that_is_not_ours_stays_to_the_byte():
    odd = (
        '{"nbformat_minor":5, "nbformat" : 4,\n\n "cells":[ {"cell_type":"code","id":"x","metadata":{"a":1.50e3},"source":"1\\/2 \\u00e9",'
        '"outputs":[ ],"execution_count":null} ,\n   {"cell_type":"markdown", "source":["**[prompt]**\\n\\nhi"],"id":"y","metadata":{ }}\n],'
        '"metadata":{"z":[1 ,2],"kernelspec":{"display_name":"P","name":"p"}}  }  \n'
    )  # fmt: skip
    out = export(odd.encode(), hunt(1)).decode()
    start, end = odd.index('{"cell_type":"code"'), odd.index("}\n]")
    assert odd[: end + 1] in out
    assert odd[start:end] in out
    assert out.startswith(odd[: end + 1])
    assert '"metadata":{"z":[1 ,2],"kernelspec":{"display_name":"P","name":"p"}' in out
    assert out.endswith("}  }  \n")
    validate(out.encode())


@pytest.mark.parametrize("odd", [{"id": ["x"]}, {"id": None}, {"id": {"a": 1}}, {"metadata": None}])
def test_odd_ids_and_metadata_of_other_cells_do_not_matter(odd):
    content = notebook(*BASIC, "note")
    content["cells"][-1].update(odd)
    out = json.loads(export(written(content), hunt(1)))
    assert {k: v for k, v in out["cells"][6].items() if k in odd} == {} or odd.items() <= _note(out).items()


def _note(content) -> dict:
    return next(made for made in content["cells"] if made["source"] == ["note"])


@pytest.mark.parametrize("metadata", [{}, None])
def test_the_record_is_written_into_metadata_that_were_empty_or_not_there(metadata):
    content = notebook(*BASIC, metadata={})
    if metadata is None:
        del content["metadata"]
    for layout in LAYOUTS.values():
        out = export(written(content, **layout), hunt(1))
        assert load(out).resumed.hunts == (hunt(1),)
        validate(out)
