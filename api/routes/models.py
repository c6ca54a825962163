"""The configured providers' models, what their verdicts are worth as judges, and the example tasks."""

from __future__ import annotations

import asyncio
from datetime import datetime

from quart import Blueprint
from quart_schema import validate_querystring
from typing_extensions import TypedDict

from api.context import JsonResponse, answer, runtime
from api.openapi import described
from api.payloads import JudgesQuery, ModelQuery, ModelsQuery
from core.notebooks.examples import Example, list_examples
from core.providers.model_catalog import ModelRow, ProviderRow
from core.review.judge_cards import JudgeCard, Pair, SecondJudge, second_judge

SHOWN = 50
"""Models of a search without a limit."""
models = Blueprint("models", __name__, url_prefix="/api")


class ModelsAnswer(TypedDict):
    """Available providers and models, and why some are unusable."""

    providers: tuple[ProviderRow, ...]
    models: tuple[ModelRow, ...]
    default_judge: str
    any_model: bool
    """Unlisted models are accepted too, as provider/model ID."""
    found: int
    """How many models match; `models` may have fewer."""


class ResolvedModel(TypedDict):
    """The provider of a model."""

    model: str
    provider: str
    listed: bool
    """Whether the operator names it, or its provider's list has it."""
    near: list[str]
    """Known models with similar names; empty if the model is listed."""
    suggestion: str
    """The model that was probably meant; empty if there is none."""


class JudgesAnswer(TypedDict):
    """What the verdicts of each judge are worth, from all reviews of this installation."""

    computed_at: datetime
    cards: tuple[JudgeCard, ...]
    """One for each model, prompt and parameters; most reviewed verdicts first."""
    pairs: tuple[Pair, ...]
    """Pairs of judge models, over all their prompts and parameters."""
    second: SecondJudge


class ExamplesAnswer(TypedDict):
    """The example tasks."""

    examples: tuple[Example, ...]


@models.get("/models")
@described("Models", errors=(400,))
@validate_querystring(ModelsQuery)
async def list_models(query_args: ModelsQuery) -> JsonResponse[ModelsAnswer]:
    """Providers and models, and why some are unusable. Unlisted models are accepted too.

    Without parameters: the models that the operator configured. With `q` or `limit`: the best matches of them and of
    the providers' own lists. Prices, context and parameters are those of the last list that was read.
    """
    catalog = runtime().catalog
    providers, rows = catalog.rows()
    found = len(rows)
    if query_args.q is not None or query_args.limit is not None:
        # in a thread: a search of the lists of several gateways takes 100 ms
        rows, found = await asyncio.to_thread(catalog.search, query_args.q or "", query_args.limit or SHOWN)
    return answer(
        {
            "providers": providers,
            "models": rows,
            "default_judge": catalog.default_judge,
            "any_model": True,
            "found": found,
        }
    )


@models.get("/models/resolve")
@described("Models", errors=(400,))
@validate_querystring(ModelQuery)
async def resolve_model(query_args: ModelQuery) -> JsonResponse[ResolvedModel]:
    """The provider of a model, without calling it. 400 if the provider is unknown or unusable.

    An unlisted model is called by the given name; `near` has known models with similar names.
    """
    catalog, model = runtime().catalog, query_args.model.strip()
    catalog.resolve(model)
    near = await asyncio.to_thread(catalog.near, model)
    configured = any(row.model == model for row in catalog.rows()[1])
    listing = catalog.listed(model)
    return answer(
        {
            "model": model,
            "provider": model.partition("/")[0],
            "listed": configured or (listing is not None and listing.gone_at is None),
            "near": near,
            "suggestion": await asyncio.to_thread(catalog.suggestion, model),
        }
    )


@models.get("/judges")
@described("Models", errors=(400, 503))
@validate_querystring(JudgesQuery)
async def judges(query_args: JudgesQuery) -> JsonResponse[JudgesAnswer]:
    """What the verdicts of each judge are worth: agreement with people, errors shared with other judges, and more.

    Counts verdicts of all sessions, of blind ones only after the reveal; names no session, task or person. Computed
    again at most every five minutes. 503 if the log cannot be read.
    """
    catalog = runtime().catalog
    latest = await runtime().judges.current()
    return answer(
        {
            "computed_at": latest.computed_at,
            "cards": latest.report.cards,
            "pairs": latest.report.pairs,
            "second": second_judge(query_args.first or catalog.default_judge, latest.report.pairs, catalog.is_usable),
        }
    )


@models.get("/examples")
@described("Models")
async def examples() -> JsonResponse[ExamplesAnswer]:
    """The example tasks."""
    return answer({"examples": list_examples()})
