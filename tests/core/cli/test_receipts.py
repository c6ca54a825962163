"""`receipt`, `verify` and `rejudge` on an exported notebook, without a server."""

import json

import pytest

from core.cli.commands import main
from core.hunting.reviews.delivery import deliver
from core.notebooks.write_cells import blank_notebook
from tests.builders import a_finished_hunt, a_run, a_session, a_task


@pytest.fixture
def folder(tmp_path, monkeypatch):
    session = a_session(runs=(a_run(1),), hunts_issued=1)
    delivered = deliver(session, blank_notebook(a_task()), None, "kept", (a_finished_hunt(1),))
    (tmp_path / "done.ipynb").write_bytes(delivered.notebook)
    (tmp_path / "plain.ipynb").write_bytes(blank_notebook(a_task()))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TELEMETRY_DIR", str(tmp_path / "telemetry"))
    return tmp_path


@pytest.mark.parametrize("hunt", ["1", "r_one.1"])
def test_a_receipt_fits_the_record_of_its_notebook(folder, capsys, hunt):
    assert main(["receipt", "done.ipynb", "--hunt", hunt, "--out", "r.json"]) == 0
    assert main(["verify", "r.json", "--notebook", "done.ipynb"]) == 0
    assert capsys.readouterr().out == "r.json: everything fits.\n"


def test_a_changed_receipt_is_named_and_not_judged(folder, capsys):
    assert main(["receipt", "done.ipynb", "--hunt", "1"]) == 0
    values = json.loads(capsys.readouterr().out)
    values["reply"]["text"] = "Another reply."
    (folder / "r.json").write_text(json.dumps(values), encoding="utf-8")
    assert main(["verify", "r.json", "--json"]) == 1
    assert "The part reply does not fit its hash: it was changed." in json.loads(capsys.readouterr().out)["problems"]
    assert main(["rejudge", "r.json"]) == 2
    assert "r.json is not judged" in capsys.readouterr().err


def test_a_receipt_is_judged_again(folder, capsys):
    assert main(["receipt", "done.ipynb", "--hunt", "1", "--out", "r.json"]) == 0
    code = main(["rejudge", "r.json", "--judge", "simulated/judge", "--json"])
    again = json.loads(capsys.readouterr().out)
    assert code == (0 if again["agree"] else 1)
    assert [one["before"] for one in again["criteria"]] == ["FAIL"] * 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["receipt", "done.ipynb", "--hunt", "9"], "has no hunt 9"),
        (["receipt", "plain.ipynb", "--hunt", "1"], "has no record of hunts"),
        (["verify", "done.ipynb"], "is not a receipt"),
        (["verify", "none.json"], "cannot be read"),
    ],
)
def test_what_cannot_be_done_is_an_error(folder, capsys, words, said):
    assert main(words) == 2
    assert said in capsys.readouterr().err
