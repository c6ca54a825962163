"""What a notebook file must be: read whole, or refused with what is wrong and what to do."""

from __future__ import annotations

import pytest

from core.errors import BadNotebook, TooLarge
from core.notebooks.document import Bounds
from core.notebooks.parse import parse_notebook
from tests.core.notebooks.building import (
    BASIC,
    BASIC_TASK,
    CELLS,
    load,
    notebook,
    raw_notebook,
    written,
)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "empty"),
        (b" \n ", "empty"),
        (b"PK\x03\x04\xff\xfe", "neither a Jupyter notebook nor text"),
        ("{}".encode("utf-16"), "UTF-16 text"),
        ('{"cells": []}'.encode("utf-16-le"), "UTF-16 text"),
        ('{"cells": [],\n "x": "ü"}'.encode("cp1252"), "line 2 has 'ü' as Windows-1252"),
        ('\n{"x": "“quoted”"}'.encode("cp1252"), "line 2 has '“' as Windows-1252"),
        (b"not json", "not JSON"),
        (b'{"cells": [', "not JSON"),
        (b'{"cells": [{"cell_type": "markdown", "source": ["a" "b"]}], "nbformat": 4}', "not JSON"),
        (b'{"cells": [], "nbformat": 4} x', "not JSON"),
        (b'{"cells": [], "nbformat": 4, "x": NaN}', "NaN"),
        (b'{"cells": [{"x": Infinity}], "nbformat": 4}', "Infinity"),
        (b'{"nbformat": 4, "x": ' + b"9" * 10_000 + b"}", "not JSON"),
        (b"[" * 1_000_000, "not an object"),
        (b'{"a":' + b"[" * 1_000_000, "nested too deeply"),
        (b'{"cells": [{"a":' + b'{"a":' * 100_000, "nested too deeply"),
        (b"null", "not an object"),
        (b"[]", "not an object"),
        (b'"x"', "not an object"),
        (b"{}", "neither cells nor nbformat"),
        (b'{"nbformat": 4}', "no list of cells"),
        (b'{"cells": {}, "nbformat": 4}', "no list of cells"),
        (b'{"cells": [], "nbformat": 4}', "no cells"),
        (b'{"cells": [], "nbformat": "4"}', "nbformat is not a number"),
        (b'{"worksheets": [{"cells": []}], "nbformat": 3}', "format 3"),
        (b'{"cells": [7], "nbformat": 4}', "Cell 1"),
        (b'{"cells": [{"cell_type": "markdown", "source": []}, {"source": []}], "nbformat": 4}', "Cell 2"),
        (b'{"cells": [{"cell_type": "markdown", "source": 1}], "nbformat": 4}', "Cell 1"),
        (b'{"cells": [{"cell_type": "markdown", "source": ["a", 1]}], "nbformat": 4}', "Cell 1"),
        (b'{"cells": [{"cell_type": "markdown", "source": ["a", false]}], "nbformat": 4}', "Cell 1"),
        (b'{"cells": [{"cell_type": "markdown"}], "nbformat": 4}', "Cell 1"),
        (b'{"cells": [{"cell_type": "markdown", "source": ""}], "nbformat": 4, "metadata": []}', "metadata"),
    ],
    ids=lambda value: repr(value[:24]),
)
def test_what_is_no_notebook_is_refused_with_a_word_and_a_hint(raw, says):
    with pytest.raises(BadNotebook) as refused:
        load(raw)
    assert says in refused.value.message
    assert refused.value.hint


def test_too_many_cells_are_refused_before_the_rest_is_read():
    raw = CELLS % (b'{"cell_type": "raw", "source": ""},' * 11 + b"and this is no JSON")
    with pytest.raises(TooLarge, match="more than 10 cells") as refused:
        parse_notebook(raw, Bounds(max_cells=10))
    assert "more than 10 cells" in refused.value.message
    assert parse_notebook(raw_notebook(), Bounds(max_cells=len(BASIC))).task.prompt


def test_a_notebook_over_the_limit_is_too_large():
    with pytest.raises(TooLarge):
        parse_notebook(raw_notebook(), Bounds(100))


def test_a_byte_order_mark_does_no_harm():
    assert load(b"\xef\xbb\xbf" + raw_notebook()).task == BASIC_TASK


def test_a_truncated_file_is_reported_with_a_readable_error():
    with pytest.raises(BadNotebook) as refused:
        parse_notebook(b'{"cells": [{"cell_type": "mark', Bounds(1000))
    assert refused.value.message == "The file is not JSON: Unterminated string starting at line 1, column 26."


def with_source(source):
    value = notebook(*BASIC)
    value["cells"][1]["source"] = source
    return written(value)


@pytest.mark.parametrize(
    "source",
    [
        ["**[prompt]**\n", None, "\n", "Write a poem about three birds."],
        [None, "**[prompt]**\n\nWrite a poem about three birds.", None],
        [None, None, "**[prompt]**\n\n", "Write a poem ", None, "about three birds."],
    ],
)
def test_null_among_the_lines_is_nothing_as_jupyter_reads_it(source):
    assert load(with_source(source)).task == BASIC_TASK


@pytest.mark.parametrize("source", [None, [], [None], [None, None], ""])
def test_a_cell_without_a_source_is_an_empty_cell(source):
    loaded = load(with_source(source))
    assert loaded.task.prompt == ""
    assert "missing_prompt" in {warning.code for warning in loaded.warnings}
