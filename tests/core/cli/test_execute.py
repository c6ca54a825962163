"""What a command does before its work: settings and their warnings."""

from tests.core.cli.running import run


async def test_a_misspelled_setting_is_reported_once(folder):
    code, _, err = await run(folder, "check", "words.ipynb", OPENROUTER_CONCURENCY="9")
    assert code == 0
    assert err.splitlines() == ["Unknown setting OPENROUTER_CONCURENCY ignored; did you mean OPENROUTER_CONCURRENCY?"]
