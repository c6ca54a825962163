"""A folder with a notebook, in which a command runs."""

import pytest

from core.notebooks.examples import read_example


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "words.ipynb").write_bytes(read_example("word-budget"))
    return tmp_path
