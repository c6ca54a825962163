"""`conform`: how another reader of finished notebooks sees each one, and its task as an item of that reader's form."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from typing_extensions import TypedDict

from core.cli.input_files import Source, read_sources
from core.cli.output import say, to_stdout
from core.cli.output_paths import places, write_notebook
from core.cli.replaced_notebook import contains
from core.cli.report import StdoutConsole, report_error, write_json
from core.errors import BadInput, HunterError
from core.hunting.views.serialize import to_json
from core.notebooks.conformance import Conformance, apply_edits, check_conformance
from core.notebooks.document import UNBOUNDED
from core.notebooks.item_reader import GROUP_SAMPLES, Learning, SlotReward, TaskItem, task_item
from core.notebooks.parse import parse_notebook


@dataclass(frozen=True)
class ConformOptions:
    notebooks: tuple[str, ...]
    out: str = ""
    """Where each notebook is written with the proposed edits: a file, or a folder for several; "" writes none."""
    jsonl: str = ""
    """The file of items; `-` for stdout."""
    samples: int = GROUP_SAMPLES
    as_json: bool = False


class ConformanceReport(TypedDict):
    """The JSON of `conform --json`."""

    notebook: str
    conformance: Conformance


def conform(options: ConformOptions) -> int:
    """Report each notebook. Returns 0 if all are read alike, 1 if one is not, 2 if one cannot be read."""
    if options.jsonl == "-" and (options.as_json or options.out == "-"):
        raise BadInput("--jsonl, --json and --out cannot share standard output.", hint="Name a file with --jsonl.")
    sources = list(read_sources(options.notebooks))
    outs = places(sources, options.out)
    worst, items = 0, []
    for source, out in zip(sources, outs, strict=True):
        try:
            conformance, item = _conform_one(source, out, options)
        except HunterError as error:  # the other notebooks are still reported
            report_error(source.name, error, as_json=options.as_json)
            worst = 2
            continue
        if item["prompt"].strip() and item["rubric"]:
            items.append(item)
        elif options.jsonl:
            say(f"{source.name} has no item: its prompt or its criteria are missing.")
        worst = max(worst, 0 if conformance.readable else 1)
    if options.jsonl:
        _write_items(options.jsonl, items)
    return worst


def _conform_one(source: Source, out: Path | None, options: ConformOptions) -> tuple[Conformance, TaskItem]:
    notebook = parse_notebook(source.raw, UNBOUNDED)
    hunts = notebook.resumed.hunts if notebook.resumed else ()
    conformance = check_conformance(source.raw, notebook.task, hunts, source.name, options.samples)
    if options.jsonl != "-":
        with to_stdout():
            _report(source.name, conformance, as_json=options.as_json)
    if out is not None:
        edited = apply_edits(source.raw, conformance.edits)
        kept = write_notebook(out, edited, replaces=lambda old: contains(edited, old, source=source.raw))
        say(f"{out} was written with {len(conformance.edits)} edits." + (f" The old file is {kept}." if kept else ""))
    return conformance, task_item(notebook, source.name)


def _write_items(path: str, items: Sequence[TaskItem]) -> None:
    lines = b"".join(to_json(item) + b"\n" for item in items)
    if path == "-":
        with to_stdout():
            sys.stdout.buffer.write(lines)
        return
    try:
        Path(path).write_bytes(lines)
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}.", hint="Choose another path.") from error


def _report(name: str, conformance: Conformance, *, as_json: bool) -> None:
    if as_json:
        report: ConformanceReport = {"notebook": name, "conformance": conformance}
        write_json(report)
        return
    console = StdoutConsole()
    verdict = "reads the same task" if conformance.readable else "does not read this task"
    console.print(f"[bold]{escape(name)}[/]: {conformance.reader} {verdict}", soft_wrap=True)
    _print_findings(console, conformance)
    for reward in conformance.rewards:
        console.print(f"  {escape(reward_words(reward))}", soft_wrap=True)
    for one in conformance.learning:
        console.print(f"  {escape(learning_words(one))}", soft_wrap=True)


def _print_findings(console: Console, conformance: Conformance) -> None:
    for finding in conformance.findings:
        console.print(f"  {finding.severity}: {escape(finding.message)}", soft_wrap=True)
    for edit in conformance.edits:
        console.print(f"  --out can change {edit.edit}: {escape(edit.message)}", soft_wrap=True)


def reward_words(one: SlotReward) -> str:
    shown = (("mean", one.reward_mean), ("all", one.reward_all), ("majority", one.reward_majority))
    rewards = ", ".join(f"{mode} {'unknown' if reward is None else f'{reward:.2f}'}" for mode, reward in shown)
    return f"slot {one.slot} ({one.model}): {one.passed} of {one.criteria} passed; reward {rewards}"


def learning_words(one: Learning) -> str:
    source = "selected slots" if one.selected else "hunts"
    rate = f"{one.held} of {one.hunts} {source} passed, p = {one.pass_rate:.2f}"
    alike = f"with a probability of {one.all_alike:.0%}, all {one.samples} samples pass or all fail"
    return f"{one.model}: {rate}, p(1−p) = {one.variance:.3f}; {alike}"
