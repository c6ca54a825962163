"""What does not fit in a receipt: changed parts, and contents that contradict each other.

Hashes show that a receipt was changed, unless new hashes were written too. The hashes in the export's metadata
show the rest (`recorded`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from core.domain.verdict import decide
from core.errors import BadInput
from core.hunting.receipts.receipt import (
    FORMAT,
    PARTS,
    SCHEMA_VERSION,
    WHOLE,
    Receipt,
    canonical_hash,
    judge_prompts,
)
from core.hunting.views.raw_call import messages_of
from core.judge.prompt import prompt_hash


def read_receipt(raw: bytes) -> dict[str, Any]:
    """The JSON values of a receipt. Raises BadInput for a file that is none, or of a later version."""
    try:
        values = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise BadInput("The file is not JSON.", hint="Choose a receipt: `receipt` writes one.") from error
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise BadInput("The file is not a receipt.", hint="Choose a receipt: `receipt` writes one.")
    if values.get("schema_version") != SCHEMA_VERSION:
        found = str(values.get("schema_version"))[:20]
        raise BadInput(
            f"The receipt has version {found}; this release reads version {SCHEMA_VERSION}.",
            hint="Update Model Hunter to check it.",
        )
    return values


def problems_of(values: Mapping[str, Any], recorded: Mapping[str, Any] | None = None) -> list[str]:
    """What does not fit; empty if all does. `recorded`: the hashes of this hunt in an export's metadata."""
    found = [*_changed(values), *_unlike_record(values, recorded)]
    receipt = parsed_receipt(values, found)
    return [*found, *(_contradictions(receipt) if receipt else ())]


def parsed_receipt(values: Mapping[str, Any], problems: list[str]) -> Receipt | None:
    try:
        return Receipt.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        problems.append(f"{'.'.join(map(str, first['loc']))} is not as the schema says: {first['msg']}.")
        return None


def _changed(values: Mapping[str, Any]) -> Iterator[str]:
    hashes = values.get("hashes")
    if not isinstance(hashes, dict):
        yield "The hashes are missing."
        return
    for name in PARTS:
        if name not in values:
            yield f"The part {name} is missing."
        elif hashes.get(name) != canonical_hash(values[name]):
            yield f"The part {name} does not fit its hash: it was changed."
    unknown = [*(set(values) - set(Receipt.model_fields)), *(set(hashes) - {*PARTS, WHOLE})]
    yield from (f"The part {name[:40]} does not belong to a receipt." for name in sorted(unknown))
    if hashes.get(WHOLE) != canonical_hash({name: hashes.get(name) for name in PARTS}):
        yield "The hash of the whole receipt does not fit the hashes of its parts."


def _unlike_record(values: Mapping[str, Any], recorded: Mapping[str, Any] | None) -> Iterator[str]:
    for name, known in (recorded or {}).items():
        if name in PARTS and canonical_hash(values.get(name)) != known:
            yield f"The part {name} is not the one that the notebook's record states."


def _contradictions(receipt: Receipt) -> Iterator[str]:
    task, hunt = receipt.task, receipt.hunt
    criteria = [one.id for one in task.criteria]
    judged = [one.criterion_id for one in receipt.verdicts]
    if judged and judged[: len(criteria)] != criteria:
        yield f"The verdicts are on {', '.join(judged)}, and the task's criteria are {', '.join(criteria)}."
    elif judged and hunt.outcome is not decide((one.verdict for one in receipt.verdicts), task.pass_rule):
        yield f"The outcome {hunt.outcome} does not follow from the verdicts and the pass rule {task.pass_rule}."
    if receipt.request.get("messages") != messages_of(hunt.parameters, receipt.history, task):
        yield "The request's messages are not the history and the task's prompt."
    if receipt.judge.prompt_hash == prompt_hash(task):
        prompts = judge_prompts(task, receipt.reply.text, receipt.history)
        if receipt.judge.prompts != prompts:
            yield "The judge's prompts do not follow from the task and the reply."
    if hunt.started_at and hunt.finished_at and hunt.finished_at < hunt.started_at:
        yield "The hunt finished before it started."
