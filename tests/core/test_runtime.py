"""What is refused before anything is served."""

import pytest

from core.errors import BadSettings
from core.runtime import open_runtime
from tests.settings import make_settings


@pytest.mark.parametrize(
    ("judge", "said"),
    [
        ("foo", 'DEFAULT_JUDGE: "foo" is not a known model.'),
        ("simulated/nobody", "DEFAULT_JUDGE: Unknown simulated model: nobody."),
        ("openai/gpt-5", "DEFAULT_JUDGE: openai/gpt-5 is not usable."),
    ],
)
async def test_a_default_judge_that_cannot_judge_is_refused_before_anything_is_served(tmp_path, judge, said):
    with pytest.raises(BadSettings) as refused:
        async with open_runtime(make_settings(providers__default_judge=judge, telemetry__directory=str(tmp_path))):
            pass
    assert refused.value.message == said
    assert "DEFAULT_JUDGE" in refused.value.hint


async def test_a_default_judge_that_can_judge_is_taken(tmp_path):
    settings = make_settings(providers__default_judge="simulated/careful", telemetry__directory=str(tmp_path))
    async with open_runtime(settings) as runtime:
        assert runtime.catalog.default_judge == "simulated/careful"
