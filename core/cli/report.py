"""The report of a run: a table, or JSON for scripts."""

from __future__ import annotations

import errno
import os
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from typing_extensions import TypedDict

from core.cli.output import to_stdout
from core.domain.allocation import Allocation
from core.domain.confirmation import Confirmation
from core.domain.hunt import CacheUse, Hunt
from core.domain.ids import hunt_id
from core.domain.rates import break_rate_interval
from core.domain.run import Counts, Run, RunStatus, Tally
from core.domain.verdict import Outcome, Verdict
from core.domain.verdict_redaction import redact_cost, redact_verdicts
from core.errors import HunterError
from core.hunting.run_plan import UNUSABLE, judge_failure
from core.hunting.views.hunts import HuntView, hunt_view
from core.hunting.views.rate_words import NOT_DRAWN, UNIFORM_SHARE, interval_words
from core.hunting.views.runs import (
    ConfirmView,
    CountsView,
    IntervalView,
    confirm_view,
    counts_view,
    interval_view,
    rate_note,
)
from core.hunting.views.serialize import to_json
from core.hunting.views.targets import TargetView, target_view
from core.review.corrected_rates import NO_RATES, CorrectedRates

BREAKS_SHOWN = 5
CUT_SHOWN = 3
SEALED = "Blind session: verdicts and the judge's costs are sealed until its reviews are revealed."
EXCERPT_CHARS = 100
Rows = Mapping[str, Mapping[str, str]]
"""Per target: the text of each column."""
MAX_WIDTH = 10_000
"""Terminal width for measuring a table's natural width."""


class StdoutConsole(Console):
    """Writes to stdout and raises BrokenPipeError if the reader closed the pipe; rich would exit."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


def write_json(value: Any) -> None:
    """Write `value` to stdout, on one line. To be called inside `to_stdout`."""
    sys.stdout.buffer.write(to_json(value) + b"\n")


class HuntReport(TypedDict):
    """The JSON of `hunt --json`."""

    notebook: str
    run_id: str
    status: RunStatus
    stop_reason: str
    models: tuple[str, ...]
    targets: list[TargetView]
    """The entries of the run: each model with its parameters."""
    allocation: Allocation
    rate_note: str
    """Which hunts the break rate counts, in words; empty: all decided ones."""
    judge_model: str
    judge_parameters: dict[str, Any]
    confirm: ConfirmView
    counts: CountsView
    break_rate_interval: IntervalView | None
    hunts: list[HuntView]
    corrected_rates: CorrectedRates
    """Of the session, if its reviews came with the notebook."""


def report_json(
    name: str, run: Run, counts: Counts, hunts: Sequence[Hunt], rates: CorrectedRates, *, sealed: bool
) -> HuntReport:
    return {
        "notebook": name,
        "run_id": run.run_id,
        "status": run.status,
        "stop_reason": redact_cost(run.stop_reason) if sealed else run.stop_reason,
        "models": run.models,
        "targets": [target_view(target, texts=True) for target in run.entries],
        "allocation": run.allocation,
        "rate_note": rate_note(run),
        "judge_model": run.judge_model,
        "judge_parameters": run.judge_parameters.chosen,
        "confirm": confirm_view(run.confirm),
        "counts": counts_view(counts, sealed=sealed),
        "break_rate_interval": interval_view(break_rate_interval(run, counts)),
        "hunts": [hunt_view(hunt, sealed=sealed, texts=True) for hunt in hunts],
        "corrected_rates": rates,
    }


def print_report(
    console: Console,
    name: str,
    run: Run,
    counts: Counts,
    hunts: Sequence[Hunt],
    rates: CorrectedRates = NO_RATES,
    *,
    sealed: bool,
) -> None:
    """`sealed`: shows outcomes without verdicts, and target costs only."""
    if sealed:
        hunts, counts = [redact_verdicts(hunt) for hunt in hunts], counts.without_judge()
    simulated = "  (simulated)" if any(h.simulated for h in hunts) else ""
    rows = _rows(run, {**_by_target(run, hunts), **({"all": counts} if len(run.entries) > 1 else {})})
    console.print(f"[bold]{escape(name)}: {run.status}{simulated}[/]", soft_wrap=True)
    table = _table(rows)
    if Measurement.get(console, console.options.update_width(MAX_WIDTH), table).maximum <= console.width:
        console.print(table)
    else:
        _print_list(console, rows)
    if (interval := break_rate_interval(run, counts)) is not None:
        console.print(f"Break rate {counts.break_rate or 0:.0%}, {interval_words(interval)}.")
    if run.is_adaptive:
        console.print(f"Adaptive allocation. {UNIFORM_SHARE}")
    if run.stop_reason:
        console.print(escape(redact_cost(run.stop_reason) if sealed else run.stop_reason))
    for who, use in (("Models", counts.target_cache), ("Judge", counts.judge_cache)):
        if use.cached_tokens:
            console.print(f"{who}: {cache_words(use)}")
    if sealed:
        console.print(SEALED)
    _print_breaks(console, [h for h in hunts if h.outcome is Outcome.BROKE])
    _print_cut_off(console, hunts)
    _print_errors(console, hunts)
    _print_judge_failures(console, hunts)
    _print_rates(console, rates)


def _print_rates(console: Console, rates: CorrectedRates) -> None:
    """The session's rates in words, by model where there are several."""
    for group in rates.groups:
        console.print(f"[bold]Corrected break rate[/], judge {escape(group.judge_model)}", soft_wrap=True)
        for row in group.rows:
            who = f"{row.label}: " if row.label else ""
            console.print(Padding(escape(who + " ".join(row.sentences)), (0, 0, 0, 2), expand=False))


def cache_words(use: CacheUse) -> str:
    """What a prompt cache did, for people."""
    saved = "" if use.saved_usd is None else f", saved ${use.saved_usd:.4f}"
    share = use.cached_tokens / max(use.input_tokens, use.cached_tokens)
    return f"{share:.0%} of {use.input_tokens:,} input tokens from the prompt cache{saved}."


def _table(rows: Rows) -> Table:
    table = Table("model")
    for column in next(iter(rows.values())):
        table.add_column(column, justify="right")
    for model, cells in rows.items():
        table.add_row(escape(model), *cells.values())
    return table


def _print_list(console: Console, rows: Rows) -> None:
    """A list for narrow terminals: one line per model, its numbers below."""
    for model, cells in rows.items():
        console.print(escape(model), soft_wrap=True)
        numbers = ", ".join(f"{column} {cell}" for column, cell in cells.items())
        console.print(Padding(escape(numbers), (0, 0, 0, 2), expand=False))


def _by_target(run: Run, hunts: Iterable[Hunt]) -> dict[str, Counts]:
    """Counts by the name of each target, including hunts that never started."""
    made = {hunt.hunt_id: hunt for hunt in hunts}
    every = [made.get(hunt_id(run.run_id, index)) or run.hunt(index) for index in range(run.hunts)]
    planned = Counter(_name(hunt) for hunt in every)
    tallies = {name: Tally() for name in planned}
    for hunt in made.values():
        tallies[_name(hunt)].replace(None, hunt)
    return {name: tally.counts(planned[name]) for name, tally in tallies.items()}


def _name(hunt: Hunt) -> str:
    return hunt.label or hunt.model or NOT_DRAWN


def _rows(run: Run, by_target: Mapping[str, Counts]) -> Rows:
    """Adds a column for unfinished hunts only if there are any, and columns for second opinions only if the run asks
    for them."""
    all_finished = all(counts.finished == counts.total for counts in by_target.values())
    confirms = run.confirm.asks
    return {name: _cells(counts, all_finished=all_finished, confirms=confirms) for name, counts in by_target.items()}


def _cells(counts: Counts, *, all_finished: bool, confirms: bool) -> dict[str, str]:
    confirmations = {"confirmed": str(counts.confirmed), "contested": str(counts.contested)}
    cost = "unknown" if counts.cost_usd is None else f"${counts.cost_usd:.4f}"
    return {
        "hunts": str(counts.total),
        "breaks": str(counts.broke),
        **(confirmations if confirms else {}),
        "held": str(counts.held),
        "undet.": str(counts.undetermined),
        "errors": str(counts.error),
        **({} if all_finished else {"not finished": str(counts.total - counts.finished)}),
        "rate": "n/a" if counts.break_rate is None else f"{counts.break_rate:.0%}",
        "cost": cost + ("+?" if counts.unknown_costs and counts.cost_usd is not None else ""),
    }


def _print_breaks(console: Console, breaks: Sequence[Hunt]) -> None:
    for hunt in breaks[:BREAKS_SHOWN]:
        failed = [v for v in hunt.verdicts if v.verdict is Verdict.FAIL]
        text = _cut(hunt.reply.text if hunt.reply else "")
        confirmation = "" if hunt.confirmation is Confirmation.UNCONFIRMED else f" ({hunt.confirmation})"
        marked = confirmation + (" (cut off)" if hunt.cut_off else "")
        console.print(f"[bold]break[/] hunt {hunt.number}{marked}: {escape(text)}", soft_wrap=True)
        for verdict in failed[:3]:
            console.print(f"      {verdict.criterion_id} FAIL  {escape(_cut(verdict.reason))}", soft_wrap=True)
    if len(breaks) > BREAKS_SHOWN:
        console.print(f"… and {len(breaks) - BREAKS_SHOWN} more breaks.")


def _print_cut_off(console: Console, hunts: Sequence[Hunt]) -> None:
    """Replies cut off at an output limit: the judged ones, and the others with their text."""
    cut = [hunt for hunt in hunts if hunt.cut_off]
    judged = [hunt for hunt in cut if hunt.outcome is not Outcome.ERROR]
    if judged:
        numbers = ", ".join(str(hunt.number) for hunt in judged)
        console.print(f"{len(judged)} judged although cut off at the output limit: hunts {numbers}", soft_wrap=True)
    for hunt in [hunt for hunt in cut if hunt.outcome is Outcome.ERROR][:CUT_SHOWN]:
        text = _cut(hunt.reply.text if hunt.reply else "")
        console.print(f"[bold]cut off[/] hunt {hunt.number}: {escape(text)}", soft_wrap=True)


def _cut(text: str) -> str:
    """The beginning of a text on one line."""
    line = " ".join(text.split())
    return line if len(line) <= EXCERPT_CHARS else f"{line[:EXCERPT_CHARS]}…"


def report_error(name: str, error: HunterError, *, as_json: bool) -> None:
    """Report a notebook's error: as text on stderr, or as JSON on stdout."""
    if as_json:
        with to_stdout():
            write_json({"notebook": name, "error": error.body})
    else:
        print(f"{name}: {error.message} {error.hint}".strip(), file=sys.stderr)


def _print_judge_failures(console: Console, hunts: Iterable[Hunt]) -> None:
    """The judge errors that left replies undecided."""
    causes: defaultdict[str, list[str]] = defaultdict(list)
    for hunt in hunts:
        if (failed := judge_failure(hunt)) is not None:
            causes[failed.error or UNUSABLE].append(failed.reason)
    for code, reasons in causes.items():
        console.print(f"{len(reasons)} undecided, judge: {code}: {escape(reasons[0])}", soft_wrap=True)


def _print_errors(console: Console, hunts: Iterable[Hunt]) -> None:
    causes: defaultdict[str, list[Hunt]] = defaultdict(list)
    for hunt in hunts:
        if hunt.error is not None:
            causes[hunt.error.code].append(hunt)
    for code, failed in causes.items():
        first = failed[0].error
        console.print(
            f"{len(failed)} × {code}: {escape(first.message if first else '')} {escape(first.hint if first else '')}",
            soft_wrap=True,
        )
