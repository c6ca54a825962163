"""`conform` as a person and as a script use it."""

import json

import pytest

from core.cli.commands import main
from core.notebooks.examples import read_example
from tests.core.notebooks.test_conformance import FORMS, RULE, SLOTS, a_notebook


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "good.ipynb").write_bytes(a_notebook())
    (tmp_path / "in" / "lines.ipynb").write_bytes(
        a_notebook(RULE + FORMS["lines"][0], '{prompt} {"a": 1}', "7", *SLOTS)
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_notebook_that_is_read_alike_ends_with_0(folder, capsys):
    assert main(["conform", "in/good.ipynb"]) == 0
    assert capsys.readouterr().out.startswith(
        "good.ipynb: NVIDIA-NeMo/Gym inverse_if 07d6b0d reads the same task\n  note: "
    )


def test_a_folder_names_every_difference_and_ends_with_1(folder, capsys):
    assert main(["conform", "in", "--samples", "4"]) == 1
    out = capsys.readouterr().out
    assert "lines.ipynb: NVIDIA-NeMo/Gym inverse_if 07d6b0d does not read this task" in out
    assert "rejected: No criteria are read there, so every reply gets the reward 0." in out
    assert '{"a": 1} is no placeholder' in out
    assert "slot 1 (nemotron): 2 of 3 passed; reward mean 0.00, all 0.00, majority 1.00" in out
    assert (
        "nemotron: 1 of 2 selected slots passed, p = 0.50, p(1−p) = 0.250; with a probability of 12%, all 4 samples pass or all fail"
        in out
    )


def test_a_script_reads_json(folder, capsys):
    assert main(["conform", "in", "--json"]) == 1
    good, lines = map(json.loads, capsys.readouterr().out.splitlines())
    assert (good["notebook"], good["conformance"]["readable"]) == ("good.ipynb", True)
    assert [edit["edit"] for edit in lines["conformance"]["edits"]] == ["criteria", "judge_prompt_template"]


def test_edits_are_written_beside_the_notebooks_which_stay(folder, capsys):
    before = (folder / "in" / "lines.ipynb").read_bytes()
    assert main(["conform", "in", "--out", "out/"]) == 1
    assert (folder / "in" / "lines.ipynb").read_bytes() == before
    assert (folder / "out" / "good.ipynb").read_bytes() == (folder / "in" / "good.ipynb").read_bytes()
    capsys.readouterr()
    assert main(["conform", "out"]) == 0


def test_items_are_written_one_a_line(folder, capsys):
    (folder / "in" / "empty.ipynb").write_bytes(a_notebook(""))
    assert main(["conform", "in", "--jsonl", "items.jsonl"]) == 1
    good, lines = map(json.loads, (folder / "items.jsonl").read_text(encoding="utf-8").splitlines())
    assert good["rubric"] == lines["rubric"]
    assert lines["judge_prompt_template"].startswith('{prompt} {{"a": 1}}')
    assert "empty.ipynb has no item" in capsys.readouterr().err
    assert main(["conform", "in/good.ipynb", "--jsonl", "-"]) == 0
    assert json.loads(capsys.readouterr().out) == good


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--jsonl", "-", "--json"], "cannot share standard output"),
        (["--jsonl", "none/items.jsonl"], "none/items.jsonl cannot be written"),
        (["--out", "none/a.ipynb"], "Folder not found"),
    ],
)
def test_outputs_that_cannot_be_written_are_errors(folder, capsys, words, said):
    assert main(["conform", "in/good.ipynb", *words]) == 2
    assert said in capsys.readouterr().err


def test_a_file_that_is_no_notebook_is_an_error_and_the_others_are_reported(folder, capsys):
    (folder / "in" / "a.ipynb").write_bytes(b"[]")
    assert main(["conform", "in"]) == 2
    out, err = capsys.readouterr()
    assert "a.ipynb: The file is not a Jupyter notebook" in err
    assert "good.ipynb: " in out


@pytest.mark.parametrize("samples", ["1", "1025", "eight"])
def test_a_group_has_2_to_1024_samples(capsys, samples):
    with pytest.raises(SystemExit):
        main(["conform", "x.ipynb", "--samples", samples])
    assert "give 2 to 1024" in capsys.readouterr().err


def test_an_example_is_rejected_for_its_task_id_only(folder, capsys):
    (folder / "words.ipynb").write_bytes(read_example("word-budget"))
    assert main(["conform", "words.ipynb", "--json"]) == 1
    findings = json.loads(capsys.readouterr().out)["conformance"]["findings"]
    assert [one["code"] for one in findings if one["severity"] != "note"] == ["task_id"]
