"""The configured providers' models, and the example tasks."""

from __future__ import annotations

import difflib

from quart import Blueprint, Response
from quart_schema import validate_querystring

from api.context import answer, runtime
from api.describing import described
from api.payloads import ModelQuery
from api.shapes import ExamplesAnswer, ModelsAnswer, ResolvedModelAnswer
from core.notebooks.examples import list_examples

NEAR_MODELS, NEAR_CUTOFF = 3, 0.75
"""Maximum number of similar names, and minimum similarity (difflib's ratio): `openai/gpt5` resembles `openai/gpt-5`."""
models = Blueprint("models", __name__, url_prefix="/api")


@models.get("/models")
@described("Models", ModelsAnswer)
async def list_models() -> Response:
    """Providers and models, and why some are unusable. Unlisted models are accepted too."""
    catalog = runtime().catalog
    providers, rows = catalog.rows()
    return answer(
        {
            "providers": [row.model_dump() for row in providers],
            "models": [row.model_dump() for row in rows],
            "default_judge": catalog.default_judge,
            "any_model": True,
        }
    )


@models.get("/models/resolve")
@described("Models", ResolvedModelAnswer, errors=(400,))
@validate_querystring(ModelQuery)
async def resolve_model(query_args: ModelQuery) -> Response:
    """The provider of a model, without calling it. 400 if the provider is unknown or unusable.

    An unlisted model is called by the given name; `near` has listed models with similar names.
    """
    catalog, model = runtime().catalog, query_args.model.strip()
    catalog.resolve(model)
    listed = [row.model for row in catalog.rows()[1] if row.usable]
    near = [] if model in listed else difflib.get_close_matches(model, listed, NEAR_MODELS, NEAR_CUTOFF)
    answered = {"model": model, "provider": model.partition("/")[0], "listed": model in listed, "near": near}
    return answer(answered)


@models.get("/examples")
@described("Models", ExamplesAnswer)
async def examples() -> Response:
    """The example tasks."""
    return answer({"examples": [example.model_dump() for example in list_examples()]})
