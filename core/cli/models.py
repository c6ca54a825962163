"""`models`: lists and searches the models of all providers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.markup import escape
from rich.table import Table
from typing_extensions import TypedDict

from core.cli.output import say, to_stdout
from core.cli.report import StdoutConsole, write_json
from core.providers.model_catalog import Catalog, ModelRow, ProviderRow
from core.runtime import open_runtime
from core.settings import Settings

MIN_WIDTH = 100
"""Columns of output that is not a terminal: names are not cut off."""


class ModelsReport(TypedDict):
    """The JSON of `models --json`."""

    models: tuple[ModelRow, ...]
    found: int
    """How many models match; `models` may have fewer."""
    providers: tuple[ProviderRow, ...]


async def list_models(settings: Settings, words: Sequence[str], limit: int, *, as_json: bool) -> int:
    """Print the models that match all words. Lists that are due are read from the providers first. Returns 0 if any
    model matches, else 1."""
    async with open_runtime(settings) as runtime:
        catalog = runtime.catalog
        await catalog.lists.load()
        await catalog.lists.refresh()
        rows, found = catalog.search(" ".join(words), limit)
        with to_stdout():
            if as_json:
                report: ModelsReport = {"models": rows, "found": found, "providers": catalog.rows()[0]}
                write_json(report)
            else:
                _print(catalog, rows, found)
    return 0 if found else 1


def _print(catalog: Catalog, rows: Sequence[ModelRow], found: int) -> None:
    console = StdoutConsole()
    if not console.is_terminal:
        console.width = max(console.width, MIN_WIDTH, *(len(row.model) + 60 for row in rows))
    table = Table(box=None, pad_edge=False)
    table.add_column("model", overflow="fold")
    for title in ("context", "in $/M", "out $/M"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("")
    for row in rows:
        prices = (_price(row, row.input_usd_per_mtok), _price(row, row.output_usd_per_mtok))
        table.add_row(escape(row.model), _tokens(row.context_tokens), *prices, escape(_marks(row)))
    if rows:
        console.print(table)
    if found > len(rows):
        say(f"{len(rows)} of {found} models; --limit shows more, further words show fewer.")
    if not found:
        say("No model matches. Other names can be used too, as provider/model ID.")
    for provider in catalog.rows()[0]:
        if provider.list_error:
            read = f"; the list of {_day(provider.list_read_at)} is shown" if provider.list_read_at else ""
            say(f"{provider.name}: its list of models could not be read ({provider.list_error.rstrip('.')}){read}.")


def _marks(row: ModelRow) -> str:
    marks = (
        (not row.usable, f"not usable: {row.why_not}"),
        (row.simulated, "simulated"),
        (row.reasoning is True, "reasoning"),
        (row.new, f"new since {_day(row.first_seen_at)}"),
        (row.gone_at is not None, f"gone since {_day(row.gone_at)}"),
        (row.listed is False and row.gone_at is None, "not in the provider's list"),
    )
    return ", ".join(text for holds, text in marks if holds)


def _price(row: ModelRow, usd: float | None) -> str:
    return "-" if row.simulated or usd is None else f"{usd:,.2f}" if usd >= 0.01 or not usd else f"{usd:.4f}"


def _tokens(count: int | None) -> str:
    return "-" if count is None else f"{count:,}"


def _day(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d}" if at else ""
