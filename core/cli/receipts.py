"""`receipt`, `rejudge` and `verify`: evidence of one hunt in a file, without a server."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from rich.markup import escape
from typing_extensions import TypedDict

from core.cli.input_files import read_sources
from core.cli.opening import check_models
from core.cli.output import to_stdout
from core.cli.report import StdoutConsole, write_json
from core.domain.hunt import Hunt
from core.domain.parameters import Target
from core.errors import BadInput
from core.hunting.orders import JudgeChoice
from core.hunting.receipts.receipt import Receipt, receipt_of
from core.hunting.receipts.rejudge import Rejudged, rejudge
from core.hunting.receipts.verify import parsed_receipt, problems_of, read_receipt
from core.judge.judge import Judge
from core.notebooks.document import UNBOUNDED, open_document
from core.notebooks.parse import parse_notebook
from core.notebooks.session_record import Resumed, stored_record
from core.runtime import open_runtime
from core.settings import Settings


class VerifyReport(TypedDict):
    """The JSON of `verify --json`."""

    receipt: str
    problems: list[str]


def write_receipt(notebook: str, wanted: str, out: str) -> int:
    """Write the receipt of a hunt of an exported notebook. `wanted`: the hunt's number or ID."""
    (source,) = read_sources((notebook,))
    loaded = parse_notebook(source.raw, UNBOUNDED)
    if loaded.resumed is None:
        raise BadInput(
            f"{source.name} has no record of hunts.", hint="Choose a notebook that `hunt --out` or the page exported."
        )
    receipt = receipt_of(loaded.resumed.session, _hunt(loaded.resumed, wanted))
    text = json.dumps(receipt, ensure_ascii=False, indent=1).encode() + b"\n"
    if out == "-":
        with to_stdout():
            sys.stdout.buffer.write(text)
        return 0
    try:
        Path(out).write_bytes(text)
    except OSError as error:
        raise BadInput(f"{out} cannot be written: {error.strerror}.", hint="Choose another path with --out.") from error
    return 0


def _hunt(resumed: Resumed, wanted: str) -> Hunt:
    for hunt in resumed.hunts:
        if wanted in {hunt.hunt_id, str(hunt.number)}:
            return hunt
    numbers = ", ".join(str(hunt.number) for hunt in resumed.hunts[:20])
    raise BadInput(f"The notebook has no hunt {wanted[:40]}.", hint=f"Its hunts are {numbers or 'none'}.")


def verify(path: str, notebook: str, *, as_json: bool) -> int:
    """Say what does not fit in a receipt. Returns 0 if all fits, else 1."""
    values = read_receipt(_read(path))
    problems = problems_of(values, _recorded(notebook, values) if notebook else None)
    with to_stdout():
        if as_json:
            report: VerifyReport = {"receipt": path, "problems": problems}
            write_json(report)
        else:
            console = StdoutConsole()
            for problem in problems:
                console.print(f"{escape(path)}: {escape(problem)}", soft_wrap=True)
            if not problems:
                console.print(f"{escape(path)}: everything fits.", soft_wrap=True)
    return 1 if problems else 0


def _recorded(notebook: str, values: dict[str, Any]) -> dict[str, Any]:
    """The hashes of the receipt's hunt in the record of an exported notebook. Raises BadInput if it has none."""
    (source,) = read_sources((notebook,))
    record = stored_record(open_document(source.raw))
    receipts = record.get("receipts") if isinstance(record, dict) else None
    hunt = values.get("hunt")
    hunt_id = hunt.get("hunt_id") if isinstance(hunt, dict) else None
    found = receipts.get(hunt_id) if isinstance(receipts, dict) else None
    if not isinstance(found, dict) or not found:
        raise BadInput(
            f"{source.name} has no hashes of this hunt.", hint="Choose the notebook that delivers it, after the reveal."
        )
    return found


async def judge_receipt(settings: Settings, path: str, judge: JudgeChoice, *, as_json: bool) -> int:
    """Judge a receipt's reply again. Returns 0 if the outcome is the same, else 1."""
    values = read_receipt(_read(path))
    problems = problems_of(values)
    receipt = parsed_receipt(values, problems)
    if receipt is None or problems:
        raise BadInput(f"{path} is not judged: {problems[0]}", hint="`verify` shows everything that does not fit.")
    async with open_runtime(settings) as runtime:
        await check_models(runtime, (), judge)
        target, _ = runtime.service.models.check((), _chosen(judge, receipt))
        again = await rejudge(receipt, Judge(runtime.catalog, settings.calls), target)
    with to_stdout():
        if as_json:
            write_json(again)
        else:
            _print(path, again)
    return 0 if again["agree"] else 1


def _chosen(judge: JudgeChoice, receipt: Receipt) -> JudgeChoice:
    """The receipt's own judge unless another was chosen."""
    if judge.model:
        return judge
    own = Target(model=receipt.judge.model, parameters=receipt.judge.parameters)
    return judge.model_copy(update={"model": own.model, "parameters": own.parameters})


def _read(path: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.", hint="Check the path.") from error


def _print(path: str, again: Rejudged) -> None:
    console = StdoutConsole()
    before = f"{again['outcome_before']} by {again['receipt_judge_model']}"
    judges = f"was {before}, is now {again['outcome']} by {again['judge_model']}"
    console.print(f"[bold]{escape(path)}[/]: {escape(judges)}", soft_wrap=True)
    for one in again["criteria"]:
        first = one["before"] or "none"
        changed = "" if one["before"] == one["after"] else "  (changed)"
        words = f"{one['criterion_id']} {first} → {one['after']}{changed}  {one['reason']}"
        console.print(f"  {escape(words)}", soft_wrap=True)
