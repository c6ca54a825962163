"""`number_of_attempts_made`: what is understood is counted on, what is not understood is never overwritten."""

import pytest

from core.notebooks.attempts import read_attempts, with_attempts
from core.notebooks.export import Export, export_notebook
from tests.core.notebooks.building import BASIC, load, raw_notebook, session

STATED = [
    ("16", 16),
    ("**16**", 16),
    (": 16", 16),
    ("16 attempts", 16),
    ("1,234", 1234),
    ("1.234", 1234),
    ("1 234", 1234),
    ("1\u202f234", 1234),
    ("1'234'567", 1234567),
    ("0", 0),
    ("27\n\nBefore: GPT-5: 12; Qwen: 8", 27),
    ("GPT-5.2: 12\nQwen3-235B: 8", 20),
    ("- **nemotron**: 12\n- qwen: 8 attempts", 20),
    ("nemotron: 1,200\nqwen: 34", 1234),
    ("nemotron: 12\nqwen: 8\nTotal: 20", 20),
    ("", None),
    ("about 20", None),
    ("20+", None),
    ("3.5", None),
    ("1,23", None),
    ("12/16", None),
    ("20 - 30", None),
    ("12 (GPT-5), 8 (Qwen)", None),
    ("a dozen", None),
    ("10k", None),
    ("3x", None),
    ("nemotron: 10k", None),
    ("-5", None),
    ("GPT-5: 12\nand some more", None),
]


@pytest.mark.parametrize(("body", "attempts"), STATED)
def test_a_number_is_read_as_people_write_it(body, attempts):
    assert read_attempts(body) == attempts


@pytest.mark.parametrize(
    ("body", "written"),
    [
        ("", "30"),
        ("16", "30"),
        ("1,234", "30"),
        ("GPT-5.2: 12\nQwen: 8", "30\n\nBefore: GPT-5.2: 12; Qwen: 8"),
        ("27\n\nBefore: GPT-5: 12; Qwen: 8", "30\n\nBefore: GPT-5: 12; Qwen: 8"),
        ("about 20", "about 20"),
        ("12/16", "12/16"),
    ],
)
def test_a_new_number_takes_the_place_of_the_old_one_and_of_nothing_else(body, written):
    assert with_attempts(body, 30) == written
    assert with_attempts(written, 30) == written


@pytest.mark.parametrize(("body", "attempts"), STATED)
def test_the_time_grows_with_the_length_only(body, attempts):
    assert read_attempts(f"{body}x" * 50_000) in {attempts, None}


def test_an_export_leaves_a_number_alone_that_nobody_understands():
    raw = raw_notebook(*BASIC, "**[number_of_attempts_made]**:\n\nabout 20")
    loaded = load(raw)
    assert loaded.attempts_before == 0
    assert [w.code for w in loaded.warnings] == ["bad_attempts"]
    exported = export_notebook(raw, Export(session=session(loaded), hunts=(), selected=(), attempts=7))
    assert b"about 20" in exported
    assert load(exported).attempts_before == 0
