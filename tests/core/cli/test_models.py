"""`models`, with a simulated provider over HTTP behind a provider's address."""

import json

import pytest

from core.notebooks.examples import read_example
from core.simulator.script import read_script
from core.simulator.server import open_server
from tests.core.cli.running import run

SCRIPT = {
    "models": {
        "vendor/alpha-1": {"input_usd_per_mtok": 2.5, "output_usd_per_mtok": 10},
        "vendor/alpha-mini": {"reasoning": "field"},
    }
}


@pytest.fixture
async def provider():
    """The variables that put a simulated server behind OpenRouter's name."""
    async with open_server(read_script(json.dumps(SCRIPT))) as server:
        yield {"OPENROUTER_API_KEY": "key", "OPENROUTER_BASE_URL": f"http://127.0.0.1:{server.port}/v1"}


async def test_models_are_searched_and_shown_with_prices_and_context(tmp_path, provider):
    code, out, _ = await run(tmp_path, "models", "MINI", "alpha", **provider)
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()[1:]] == ["openrouter/vendor/alpha-mini"]
    assert "131,072" in out
    assert "reasoning" in out


async def test_a_script_reads_json(tmp_path, provider):
    code, out, _ = await run(tmp_path, "models", "alpha-1", "--json", "--limit", "1", **provider)
    report = json.loads(out)
    assert (code, report["found"]) == (0, 1)
    (row,) = report["models"]
    assert (row["model"], row["input_usd_per_mtok"], row["listed"]) == ("openrouter/vendor/alpha-1", 2.5, True)


async def test_nothing_found_is_said_and_ends_with_1(tmp_path, provider):
    code, out, err = await run(tmp_path, "models", "no-such-word", **provider)
    assert (code, out) == (1, "")
    assert "No model matches." in err


async def test_a_list_that_cannot_be_read_is_reported_without_the_key(tmp_path, provider):
    code, _, err = await run(tmp_path, "models", "qwen", **{**provider, "OPENROUTER_API_KEY": "bad-key"})
    assert code == 0  # the operator's models are shown
    assert "openrouter: its list of models could not be read" in err
    assert "bad-key" not in err


async def test_a_hunt_warns_of_a_misspelled_model(tmp_path, provider):
    (tmp_path / "words.ipynb").write_bytes(read_example("word-budget"))
    await run(tmp_path, "models", **provider)
    words = (
        "hunt",
        "words.ipynb",
        "--model",
        "openrouter/vendor/alpha-11",
        "--hunts",
        "1",
        "--judge",
        "simulated/judge",
    )
    _, _, err = await run(tmp_path, *words, **provider)
    assert "Warning: openrouter/vendor/alpha-11: did you mean openrouter/vendor/alpha-1?" in err


async def test_a_check_warns_of_a_misspelled_judge(tmp_path, provider):
    (tmp_path / "words.ipynb").write_bytes(read_example("word-budget"))
    await run(tmp_path, "models", **provider)
    _, _, err = await run(tmp_path, "check", "words.ipynb", "--judge", "openrouter/vendor/alpha-11", **provider)
    assert "Warning: openrouter/vendor/alpha-11: did you mean openrouter/vendor/alpha-1?" in err
