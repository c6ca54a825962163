"""What can be chosen: models of the configured providers, and the example tasks."""

from __future__ import annotations

from quart import Blueprint, Response

from api.context import answer, runtime
from api.describing import described
from api.shapes import ExamplesAnswer, ModelsAnswer
from core.notebooks.examples import list_examples

models = Blueprint("models", __name__, url_prefix="/api")


@models.get("/models")
@described("Models", ModelsAnswer)
async def list_models() -> Response:
    """Providers and models, which are usable now and why not. Models that are not listed may be named too."""
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


@models.get("/examples")
@described("Models", ExamplesAnswer)
async def examples() -> Response:
    """The example tasks that the page offers to try."""
    return answer({"examples": [example.model_dump() for example in list_examples()]})
