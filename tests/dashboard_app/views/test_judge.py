"""The judge's agreement and consistency against the log's lines."""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta

import pytest

from core.telemetry.reader import TelemetryReader
from core.telemetry.records import ReviewRecord
from dashboard_app.filter_conditions import Choice
from dashboard_app.views import judge
from tests.dashboard_app.helpers import ALL, hunts_only, records, words
from tests.dashboard_app.records_made_up import NOW, write_log


def test_undetermined_verdicts_by_judge(reader, hunts):
    given = Counter(v for h in hunts for v in h["verdicts"].values())
    (row,) = judge.undetermined(reader, ALL).to_dict("records")
    assert (row["missed"], row["verdicts"]) == (given["UNDETERMINED"], sum(given.values()))


def test_a_flip_is_another_verdict_on_the_same_reply(reader, hunts):
    given = defaultdict(list)
    for hunt in hunts:
        for criterion, verdict in hunt["verdicts"].items():
            if verdict in {"PASS", "FAIL"}:
                given[hunt["task"], hunt["judge_model"], hunt["reply_mark"], criterion].append(verdict)
    again = [set(verdicts) for verdicts in given.values() if len(verdicts) > 1]
    (row,) = judge.flips(reader, ALL).to_dict("records")
    assert (row["flipped"], row["repeated"]) == (sum(len(one) > 1 for one in again), len(again))
    assert row["repeated"] > 0


def kappa(pairs: list[tuple[str, str]]) -> float:
    n = len(pairs)
    seen = sum(a == b for a, b in pairs) / n
    chance = sum((sum(a == v for a, _ in pairs) / n) * (sum(b == v for _, b in pairs) / n) for v in ("PASS", "FAIL"))
    return (seen - chance) / (1 - chance)


def pairs_of(reviews: list[dict]) -> list[tuple[str, str]]:
    both = [(v, r["judge"].get(c)) for r in reviews for c, v in r["human"].items()]
    return [(a, b) for a, b in both if {a, b} <= {"PASS", "FAIL"}]


def test_people_against_the_judge(reader, log_dir):
    pairs = pairs_of(records(log_dir, "review"))
    found = judge.agreement(judge.compared(reader, ALL))
    counts = Counter(pairs)
    assert (found.both_pass, found.both_fail) == (counts["PASS", "PASS"], counts["FAIL", "FAIL"])
    assert (found.human_pass, found.human_fail) == (counts["PASS", "FAIL"], counts["FAIL", "PASS"])
    assert found.kappa == pytest.approx(kappa(pairs))


def test_agreement_week_by_week(reader, log_dir):
    weeks = defaultdict(list)
    for review in records(log_dir, "review"):
        weeks[review["ts"].date().isocalendar()[:2]].append(review)
    shown = judge.agreement_by_week(judge.compared(reader, ALL)).to_dict("records")
    by_week = {datetime.fromisoformat(row["label"]).date().isocalendar()[:2]: row for row in shown}
    assert by_week.keys() == weeks.keys()
    for week, reviews in weeks.items():
        pairs = pairs_of(reviews)
        assert (by_week[week]["agreed"], by_week[week]["n"]) == (sum(a == b for a, b in pairs), len(pairs))


def test_without_reviews_there_is_no_kappa(reader):
    found = judge.agreement(judge.compared(reader, Choice(NOW, model="no/such")))
    assert (found.n, found.kappa) == (0, None)


def test_a_judge_that_always_agrees_by_chance_alone_has_no_kappa():
    assert judge.AgreementCounts(5, 0, 0, 0, 0).kappa is None
    assert judge.AgreementCounts(5, 5, 0, 0, 0).kappa == 1


def test_mean_confidence_counts_each_verdict_that_has_one(page, log_dir):
    (plain,) = (hunt for _, hunt in hunts_only(hunts=1, seed=9))
    sure = ({"confidence": 0.5, "confident_verdicts": 1}, {"confidence": 0.9, "confident_verdicts": 3}, {})
    write_log(log_dir, [
        (datetime.now(UTC), plain.model_copy(update=more | {"hunt_id": f"h_{n}", "blind": False})) for n, more in enumerate(sure)
    ])  # fmt: skip
    shown = page("judge", period="all")
    assert "Confidence" in words(shown)
    (row,) = next(t.value for t in shown.dataframe if "share" in t.value).to_dict("records")
    assert (row["label"], row["share"], row["n"]) == (plain.judge_model, pytest.approx(0.8), 4)


def test_hunts_whose_verdicts_are_hidden_do_not_count_in_the_mean_confidence(log_dir):
    (plain,) = (hunt for _, hunt in hunts_only(hunts=1, seed=9))
    sealed = {"blind": True, "confidence": 0.5, "confident_verdicts": 1}
    review = ReviewRecord(
        session=plain.session, run_id="r", hunt_id="h_2", notebook="n", task="t", model=plain.model, judge_model="j",
        simulated=False, blind=True, human={}, judge={}, human_outcome="held", judge_outcome="held",
    )  # fmt: skip
    hunts = [plain.model_copy(update=sealed | {"hunt_id": f"h_{n}"}) for n in (1, 2)]
    hunts[1] = hunts[1].model_copy(update={"confidence": 0.9})
    write_log(log_dir, [(datetime.now(UTC), one) for one in (*hunts, review)])
    with TelemetryReader(log_dir) as reader:
        reader.refresh()
        (row,) = judge.confidence(reader, Choice(NOW)).to_dict("records")
    assert (row["share"], row["n"]) == (pytest.approx(0.9), 1)


def test_without_confidence_the_judge_page_has_no_such_table(page, log_dir):
    write_log(log_dir, hunts_only(hunts=5))
    assert "Confidence" not in words(page("judge", period="all"))


def test_without_reviews_the_judge_page_says_what_will_appear(page, log_dir):
    write_log(log_dir, hunts_only(hunts=40))
    assert "No reviews yet" in words(page("judge", period="all"))


def test_of_several_reviews_of_a_hunt_the_last_one_counts(tmp_path):
    def review(said: str) -> ReviewRecord:
        return ReviewRecord(
            session="s", run_id="r", hunt_id="r.1", notebook="n.ipynb", task="0a1b", model="openai/target",
            judge_model="openai/gpt-5", simulated=False, blind=True, human={"C1": said}, judge={"C1": "FAIL"},
            human_outcome="broke", judge_outcome="broke",
        )  # fmt: skip

    write_log(tmp_path, [(NOW - timedelta(hours=2), review("FAIL")), (NOW - timedelta(hours=1), review("PASS"))])
    with TelemetryReader(tmp_path) as opened:
        opened.refresh()
        found = judge.agreement(judge.compared(opened, ALL))
    assert (found.both_fail, found.human_pass) == (0, 1)
