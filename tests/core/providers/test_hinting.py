"""An unknown model's error names what was probably meant."""

import pytest

from core.errors import Advice, ProviderError
from core.providers.base import CallContext, Provider
from core.providers.hinting import Hinting
from tests.core.providers.calling import REQUEST


class Failing(Provider):
    name = account = "openai"

    def __init__(self, code):
        self._code = code

    async def complete(self, request, context):
        raise ProviderError("No.", code=self._code, advice=Advice.NEVER, hint="Check the name.")


@pytest.mark.parametrize(
    ("code", "near", "hint"),
    [
        ("unknown_model", ["openai/a", "openai/b"], "Did you mean openai/a or openai/b? Check the name."),
        ("unknown_model", [], "Check the name."),
        ("unauthorized", ["openai/a"], "Check the name."),
    ],
)
async def test_only_an_unknown_model_with_a_resembling_name_is_hinted_at(code, near, hint):
    asked = []
    hinting = Hinting(Failing(code), lambda name: asked.append(name) or near)
    with pytest.raises(ProviderError) as failed:
        await hinting.complete(REQUEST, CallContext())
    assert failed.value.hint == hint
    assert asked == (["openai/vendor/model"] if code == "unknown_model" else [])
