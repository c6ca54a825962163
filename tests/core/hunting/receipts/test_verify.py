"""Every changed field is named, and contents that contradict each other even under new hashes."""

import copy
import json

import pytest

from core.errors import BadInput
from core.hunting.receipts.receipt import PARTS, receipt_hashes, receipt_of, recorded_hashes
from core.hunting.receipts.verify import problems_of, read_receipt
from tests.builders import a_finished_hunt, a_run, a_session

SESSION, HUNT = a_session(runs=(a_run(),)), a_finished_hunt(1)
RECEIPT = json.loads(json.dumps(receipt_of(SESSION, HUNT)))


def leaves(value, path=()):
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    inner = [leaf for key, one in items for leaf in leaves(one, (*path, key))]
    return inner or [path]


def changed(path):
    values = copy.deepcopy(RECEIPT)
    holder = values
    for step in path[:-1]:
        holder = holder[step]
    before = holder[path[-1]]
    holder[path[-1]] = f"{before} changed" if isinstance(before, str) else ["changed"]
    return values


def test_an_unchanged_receipt_fits_also_beside_the_record():
    assert problems_of(RECEIPT, recorded_hashes(SESSION, HUNT)) == []
    assert problems_of(json.loads(json.dumps(RECEIPT, indent=4, sort_keys=True))) == []


@pytest.mark.parametrize("path", [leaf for part in PARTS for leaf in leaves(RECEIPT[part], (part,))], ids=str)
def test_every_changed_field_is_named_by_its_part(path):
    assert f"The part {path[0]} does not fit its hash: it was changed." in problems_of(changed(path))


@pytest.mark.parametrize("name", [*PARTS, "receipt"])
def test_every_changed_hash_is_seen(name):
    assert problems_of(changed(("hashes", name))) != []


@pytest.mark.parametrize("part", PARTS)
def test_a_missing_and_an_unknown_part_are_named(part):
    assert f"The part {part} is missing." in problems_of({k: v for k, v in RECEIPT.items() if k != part})
    assert "The part extra does not belong to a receipt." in problems_of({**RECEIPT, "extra": 1})


def forged(**parts):
    values = {**copy.deepcopy(RECEIPT), **parts}
    return {**values, "hashes": receipt_hashes(values)}


FORGED = {
    "outcome": (forged(hunt={**RECEIPT["hunt"], "outcome": "held"}), "does not follow from the verdicts"),
    "verdicts": (forged(verdicts=RECEIPT["verdicts"][:1]), "The verdicts are on C1"),
    "request": (forged(request={"messages": []}), "are not the history and the task's prompt"),
    "reply": (forged(reply={**RECEIPT["reply"], "text": "Other."}), "judge's prompts do not follow"),
    "times": (forged(hunt={**RECEIPT["hunt"], "finished_at": "2001-01-01T00:00:00Z"}), "before it started"),
}


@pytest.mark.parametrize("name", FORGED)
def test_contradictions_are_named_even_under_new_hashes(name):
    values, said = FORGED[name]
    problems = problems_of(values)
    assert len(problems) == 1
    assert said in problems[0]
    part = name if name in PARTS else "hunt"
    recorded = recorded_hashes(SESSION, HUNT)
    assert f"The part {part} is not the one that the notebook's record states." in problems_of(values, recorded)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"{", "is not JSON"),
        (b"[]", "is not a receipt"),
        (b'{"format": "model-hunter receipt", "schema_version": 9}', "version 9"),
    ],
)
def test_a_file_that_is_no_receipt_is_an_error(raw, said):
    with pytest.raises(BadInput, match=said):
        read_receipt(raw)
