"""The configured providers' models, and the example tasks."""

from __future__ import annotations

import difflib

from quart import Blueprint
from quart_schema import validate_querystring
from typing_extensions import TypedDict

from api.context import JsonResponse, answer, runtime
from api.describing import described
from api.payloads import ModelQuery
from core.notebooks.examples import Example, list_examples
from core.providers.catalog import ModelRow, ProviderRow

NEAR_MODELS, NEAR_CUTOFF = 3, 0.75
"""Maximum number of similar names, and minimum similarity (difflib's ratio): `openai/gpt5` resembles `openai/gpt-5`."""
models = Blueprint("models", __name__, url_prefix="/api")


class ModelsAnswer(TypedDict):
    """Available providers and models, and why some are unusable."""

    providers: tuple[ProviderRow, ...]
    models: tuple[ModelRow, ...]
    default_judge: str
    any_model: bool
    """Unlisted models are accepted too, as provider/model ID."""


class ResolvedModel(TypedDict):
    """The provider of a model."""

    model: str
    provider: str
    listed: bool
    near: list[str]
    """Listed models with similar names; empty if the model is listed."""


class ExamplesAnswer(TypedDict):
    """The example tasks."""

    examples: tuple[Example, ...]


@models.get("/models")
@described("Models")
async def list_models() -> JsonResponse[ModelsAnswer]:
    """Providers and models, and why some are unusable. Unlisted models are accepted too."""
    catalog = runtime().catalog
    providers, rows = catalog.rows()
    return answer({"providers": providers, "models": rows, "default_judge": catalog.default_judge, "any_model": True})


@models.get("/models/resolve")
@described("Models", errors=(400,))
@validate_querystring(ModelQuery)
async def resolve_model(query_args: ModelQuery) -> JsonResponse[ResolvedModel]:
    """The provider of a model, without calling it. 400 if the provider is unknown or unusable.

    An unlisted model is called by the given name; `near` has listed models with similar names.
    """
    catalog, model = runtime().catalog, query_args.model.strip()
    catalog.resolve(model)
    listed = [row.model for row in catalog.rows()[1] if row.usable]
    near = [] if model in listed else difflib.get_close_matches(model, listed, NEAR_MODELS, NEAR_CUTOFF)
    return answer({"model": model, "provider": model.partition("/")[0], "listed": model in listed, "near": near})


@models.get("/examples")
@described("Models")
async def examples() -> JsonResponse[ExamplesAnswer]:
    """The example tasks."""
    return answer({"examples": list_examples()})
