"""What the verdicts on violating edits say about the criteria: every deviation is named once, nothing is invented."""

from itertools import product

import pytest

from core.domain.checks import CheckStatus, TwoSidedCheck, ViolatingEdit
from core.domain.verdict import Verdict
from core.review.two_sided import criterion_findings, findings_of, status_of
from tests.builders import a_task, a_verdict

P, F, U = Verdict.PASS, Verdict.FAIL, Verdict.UNDETERMINED
LETTERS = {"P": P, "F": F, "U": U}


def row(letters):
    return {f"C{n}": LETTERS[letter] for n, letter in enumerate(letters, 1) if letter != "-"}


def find(reference, *rows):
    """`rows`: the edit of C1, of C2, …; "" for a criterion without one."""
    ids = [f"C{n}" for n in range(1, len(reference) + 1)]
    edits = {f"C{n}": row(letters) for n, letters in enumerate(rows, 1) if letters}
    return criterion_findings(ids, row(reference), edits)


def kinds(*matrix):
    return [(finding.kind, " ".join(finding.criterion_ids)) for finding in find(*matrix)]


def test_nothing_is_found_where_exactly_the_violated_criterion_fails():
    assert find("PPP", "FPP", "PFP", "PPF") == ()
    assert status_of(()) is CheckStatus.PASSED


@pytest.mark.parametrize(
    ("matrix", "named"),
    [
        (("PPP", "FPP", "PPP", "PPF"), [("cannot_fail", "C2")]),
        (("PPP", "FFP", "FFP", "PPF"), [("overlap", "C1 C2")]),
        (("PPP", "FPP", "FFP", "PPF"), [("also_failed", "C1 C2")]),
        (("PPF", "FPF", "PFP", "PPF"), [("contradiction", "C3 C2")]),
        (("PPF", "FPF", "PFF", "PPF"), [("reference_fails", "C3")]),
        (("PPF", "FPF", "PFF", "PPP"), [("reversed", "C3")]),
        (("PPP", "FPP", "", "PPF"), [("untested", "C2")]),
        (("PPP", "FPP", "", ""), [("untested", "C2 C3")]),
        (("PPP", "FPP", "PFU", "PPF"), [("undetermined", "C3")]),
        (("PP-", "FPP", "PFP", "PPF"), [("undetermined", "C3")]),
        (("PPP", "FPF", "PPF", "PPF"), [("cannot_fail", "C2"), ("also_failed", "C3 C1"), ("also_failed", "C3 C2")]),
    ],
)  # fmt: skip
def test_a_deviation_is_named(matrix, named):
    assert kinds(*matrix) == named


def test_findings_are_in_words():
    words = [finding.words.split(".")[0] for finding in find("PPPF", "PPPF", "FFPF", "PPFP", "PPPF")]
    assert words == [
        "C1 did not fail when it was violated",
        "C1 also failed when C2 was violated",
        "C4 failed on the reference response and passed when C3 was violated",
    ]


@pytest.mark.parametrize("kind", ["PF", "PFU"])
def test_over_all_small_matrices_every_deviation_is_named_once_and_nothing_else(kind):
    size = 3 if kind == "PF" else 2
    ids = [f"C{n}" for n in range(1, size + 1)]
    for cells in product(kind, repeat=size * (size + 1)):
        rows = ["".join(cells[at : at + size]) for at in range(0, len(cells), size)]
        reference, edits = row(rows[0]), {one: row(letters) for one, letters in zip(ids, rows[1:], strict=True)}
        found = criterion_findings(ids, reference, edits)
        assert {cell for finding in found for cell in deviations_in(finding)} == deviations(ids, reference, edits), rows
        named = [(finding.kind, finding.criterion_ids) for finding in found if finding.kind != "undetermined"]
        assert len(named) == len(set(named)), rows
        clean = set("".join(rows)) <= {"P", "F"} and not found
        assert clean is (status_of(found) is CheckStatus.PASSED)


def deviations(ids, reference, edits):
    """What differs from "exactly that criterion flips", computed cell by cell: (edit or "", criterion)."""
    wrong = {("", one) for one in ids if reference[one] is F}
    for violated, verdicts in edits.items():
        for one, after in verdicts.items():
            same = one == violated
            if same and after is P:
                wrong.add((violated, one))
            if not same and {reference[one], after} == {P, F}:
                wrong.add((violated, one))
    return wrong


def deviations_in(finding):
    match finding.kind, finding.criterion_ids:
        case ("cannot_fail", (one,)):
            return {(one, one)}
        case ("reversed", (one,)):
            return {("", one), (one, one)}
        case ("reference_fails", (one,)):
            return {("", one)}
        case ("overlap", (one, other)):
            return {(one, other), (other, one)}
        case ("also_failed", (one, violated)):
            return {(violated, one)}
        case ("contradiction", (one, violated)):
            return {("", one), (violated, one)}
    return set()


@pytest.mark.parametrize(
    ("reference", "edited", "kinds", "words"),
    [
        ("P", "F", {"overlap"}, "Each of C1, C2, C3, C4, C5, C6, C7, C8, C9, C10 and C11 failed with C12, whichever of them was"),
        ("F", "P", {"reversed", "contradiction"}, "C11 and C12 failed on the reference response and passed when C10 was violated. Each of them contradicts C10."),
    ],
)  # fmt: skip
def test_many_pairs_of_one_kind_are_one_finding_for_each_edit(reference, edited, kinds, words):
    found = find(reference * 12, *[edited * 12] * 12)
    assert {finding.kind for finding in found} == kinds
    assert any(words in finding.words for finding in found)
    pairs = [finding for finding in found if len(finding.criterion_ids) > 1]
    assert len({finding.criterion_ids[-1] for finding in pairs if len(finding.criterion_ids) > 2}) >= 1
    cells = {frozenset((one, finding.criterion_ids[-1])) for finding in pairs for one in finding.criterion_ids[:-1]}
    assert len(cells) == 12 * 11 / 2


def test_what_failed_beside_many_is_named_once():
    (found,) = [finding for finding in find("P" * 12, "F" * 12) if finding.kind == "also_failed"]
    assert found.criterion_ids == (*(f"C{n}" for n in range(2, 13)), "C1")
    assert found.words.endswith("or they ask for what C1 asks for.")


@pytest.mark.parametrize(("reference", "edited"), ["PF", "FP", "UU", "PU"])
def test_the_findings_of_a_hundred_criteria_are_few(reference, edited):
    """They are computed on the event loop, with every event of a session that is open in a page."""
    assert len(find(reference * 100, *[edited * 100] * 100)) <= 1_200


@pytest.mark.parametrize("third", ["PUF", "P-F", "PPU"])
def test_a_missing_verdict_leaves_the_check_undetermined(third):
    found = find("PPP", "FPP", "PFP", third)
    assert {finding.kind for finding in found} == {"undetermined"}
    assert status_of(found) is CheckStatus.UNDETERMINED


def an_edit(criterion, letters, **changes):
    verdicts = tuple(a_verdict(id_, verdict) for id_, verdict in row(letters).items())
    made = {"criterion_id": criterion, "text": "Argon.", "judged": True, "verdicts": verdicts}
    return ViolatingEdit(**(made | changes))


def test_a_stale_check_and_one_that_was_never_started_have_no_findings():
    task = a_task()
    reference = tuple(a_verdict(c.id) for c in task.criteria)
    check = TwoSidedCheck(
        status=CheckStatus.FAILED,
        task_hash=task.content_hash(),
        reference=reference,
        edits=(an_edit("C1", "FPP"), an_edit("C2", "PPP"), an_edit("C3", "PPF", judged=False)),
    )
    assert [finding.kind for finding in findings_of(check, task)] == ["cannot_fail", "untested"]
    assert findings_of(check, a_task(prompt="Another.")) == ()
    assert findings_of(check.model_copy(update={"status": CheckStatus.NONE}), task) == ()
