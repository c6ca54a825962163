"""The report of a run: a table, or JSON for scripts."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from typing_extensions import TypedDict

from core.cli.output import to_stdout
from core.domain.hunt import Hunt
from core.domain.redaction import redact_cost, redact_verdicts
from core.domain.run import Counts, Run, RunStatus, Tally
from core.domain.verdict import Outcome, Verdict
from core.errors import HunterError
from core.hunting.run_plan import UNUSABLE, judge_failure
from core.hunting.views.hunts import HuntView, hunt_view
from core.hunting.views.runs import CountsView, counts_view
from core.hunting.views.serialize import to_json

BREAKS_SHOWN = 5
CUT_SHOWN = 3
SEALED = "Blind session: verdicts and the judge's costs are sealed until its reviews are revealed."
EXCERPT_CHARS = 100
Rows = Mapping[str, Mapping[str, str]]
"""Per model: the text of each column."""
MAX_WIDTH = 10_000
"""Terminal width for measuring a table's natural width."""


class HuntReport(TypedDict):
    """The JSON of `hunt --json`."""

    notebook: str
    run_id: str
    status: RunStatus
    stop_reason: str
    models: tuple[str, ...]
    judge_model: str
    counts: CountsView
    hunts: list[HuntView]


def report_json(name: str, run: Run, counts: Counts, hunts: Sequence[Hunt], *, sealed: bool) -> HuntReport:
    return {
        "notebook": name,
        "run_id": run.run_id,
        "status": run.status,
        "stop_reason": redact_cost(run.stop_reason) if sealed else run.stop_reason,
        "models": run.models,
        "judge_model": run.judge_model,
        "counts": counts_view(counts, sealed=sealed),
        "hunts": [hunt_view(hunt, sealed=sealed, texts=True) for hunt in hunts],
    }


def print_report(console: Console, name: str, run: Run, counts: Counts, hunts: Sequence[Hunt], *, sealed: bool) -> None:
    """`sealed`: shows outcomes without verdicts, and target costs only."""
    if sealed:
        hunts, counts = [redact_verdicts(hunt) for hunt in hunts], counts.without_judge()
    simulated = "  (simulated)" if any(h.simulated for h in hunts) else ""
    rows = _rows({**_by_model(run, hunts), **({"all": counts} if len(run.models) > 1 else {})})
    console.print(f"[bold]{escape(name)}: {run.status}{simulated}[/]", soft_wrap=True)
    table = _table(rows)
    if Measurement.get(console, console.options.update_width(MAX_WIDTH), table).maximum <= console.width:
        console.print(table)
    else:
        _print_list(console, rows)
    if run.stop_reason:
        console.print(escape(redact_cost(run.stop_reason) if sealed else run.stop_reason))
    if sealed:
        console.print(SEALED)
    _print_breaks(console, [h for h in hunts if h.outcome is Outcome.BROKE])
    _print_cut_off(console, hunts)
    _print_errors(console, hunts)
    _print_judge_failures(console, hunts)


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


def _by_model(run: Run, hunts: Iterable[Hunt]) -> dict[str, Counts]:
    """Counts per model, including hunts that never started."""
    planned = Counter(run.model_of(index) for index in range(run.hunts))
    tallies = {model: Tally() for model in planned}
    for hunt in hunts:
        tallies[hunt.model].replace(None, hunt)
    return {model: tally.counts(planned[model]) for model, tally in tallies.items()}


def _rows(by_model: Mapping[str, Counts]) -> Rows:
    """Adds a column for unfinished hunts only if there are any."""
    all_finished = all(counts.finished == counts.total for counts in by_model.values())
    return {model: _cells(counts, all_finished=all_finished) for model, counts in by_model.items()}


def _cells(counts: Counts, *, all_finished: bool) -> dict[str, str]:
    cost = "unknown" if counts.cost_usd is None else f"${counts.cost_usd:.4f}"
    return {
        "hunts": str(counts.total),
        "breaks": str(counts.broke),
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
        marked = " (cut off)" if hunt.cut_off else ""
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
            sys.stdout.buffer.write(to_json({"notebook": name, "error": error.body}) + b"\n")
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
