"""Criteria, judge, activity, sessions, calls and Find, against the same computed from the log's lines in plain Python."""

import gzip
import json
import math
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import datetime
from itertools import permutations
from statistics import median

import pytest

from core.domain.verdict import Outcome
from core.telemetry.reader import TelemetryReader
from core.telemetry.records import ReviewRecord
from dashboard_app.choice import Choice, Origin, Period
from dashboard_app.frames import activity, criteria, find, judge, providers, sessions
from dashboard_app.frames.find import Search
from tests.dashboard_app.records_made_up import NOTEBOOKS, NOW, TEXTS, task_of, write_log

ALL = Choice(NOW)


def records(log_dir, kind: str) -> list[dict]:
    lines = [json.loads(line) for path in log_dir.glob("*.jsonl") for line in path.read_text().splitlines()]
    return [{**line["data"], "ts": datetime.fromisoformat(line["ts"])} for line in lines if line["type"] == kind]


@pytest.fixture
def hunts(reader, log_dir) -> list[dict]:
    return records(log_dir, "hunt")


def test_criteria_are_counted_within_their_task_only(reader, hunts):
    for notebook in NOTEBOOKS:
        verdicts = [h["verdicts"] for h in hunts if h["task"] == task_of(notebook) and h["verdicts"]]
        shown = criteria.difficulty(reader, ALL, task_of(notebook))
        for row in shown.to_dict("records"):
            given = Counter(v[row["criterion"]] for v in verdicts)
            assert (row["failed"], row["judged"], row["undetermined"]) == (
                given["FAIL"],
                given["PASS"] + given["FAIL"],
                given["UNDETERMINED"],
            )
            assert row["text"] == TEXTS[row["criterion"]]
        assert set(shown["criterion"]) == {c for v in verdicts for c in v}
        assert list(shown["share"]) == sorted(shown["share"], reverse=True)


def test_failing_together(reader, hunts):
    task = task_of(NOTEBOOKS[0])
    failed = [{c for c, v in h["verdicts"].items() if v == "FAIL"} for h in hunts if h["task"] == task]
    rows = criteria.together(reader, ALL, task).to_dict("records")
    shown = {(row["first"], row["second"]): (row["both"], row["failed"]) for row in rows}
    expected = {
        (a, b): (sum({a, b} <= one for one in failed), sum(a in one for one in failed))
        for a, b in permutations(TEXTS, 2)
    }
    assert shown == {pair: counts for pair, counts in expected.items() if counts[0]}
    assert all(row["share"] == pytest.approx(row["both"] / row["failed"]) for row in rows)


def test_tasks_with_few_judged_hunts_are_not_offered(reader, hunts):
    judged = Counter(h["task"] for h in hunts if h["verdicts"])
    assert {seen.task: seen.judged for seen in criteria.tasks(reader, ALL)} == judged
    assert criteria.tasks(reader, Choice(NOW, Period.HOUR)) == []


def test_logs_from_before_are_grouped_by_their_notebook(log_dir, entries, reader):
    old = [
        (at, r.model_copy(update={"task": "", "hunt_id": f"old_{r.hunt_id}"}))
        for at, r in entries
        if hasattr(r, "outcome")
    ]
    write_log(log_dir, old, instance="old")
    reader.refresh()
    assert {seen.task for seen in criteria.tasks(reader, ALL)} >= set(NOTEBOOKS)


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
    shown = judge.agreement_by(judge.compared(reader, ALL), "week").to_dict("records")
    by_week = {datetime.fromisoformat(row["label"]).date().isocalendar()[:2]: row for row in shown}
    assert by_week.keys() == weeks.keys()
    for week, reviews in weeks.items():
        pairs = pairs_of(reviews)
        assert (by_week[week]["agreed"], by_week[week]["n"]) == (sum(a == b for a, b in pairs), len(pairs))


def test_without_reviews_there_is_no_kappa(reader):
    found = judge.agreement(judge.compared(reader, Choice(NOW, model="no/such")))
    assert (found.n, found.kappa) == (0, None)


def test_a_judge_that_always_agrees_by_chance_alone_has_no_kappa():
    assert judge.Agreement(5, 0, 0, 0, 0).kappa is None
    assert judge.Agreement(5, 5, 0, 0, 0).kappa == 1


def test_calls_by_provider_and_cause(reader, log_dir):
    calls = [c for c in records(log_dir, "call") if not c["simulated"]]
    choice = Choice(NOW, origin=Origin.REAL)
    for row in providers.by_provider(reader, choice).to_dict("records"):
        mine = [c for c in calls if (c["provider"], c["purpose"]) == (row["provider"], row["purpose"])]
        assert (row["calls"], row["failed"]) == (len(mine), sum(not c["ok"] for c in mine))
        assert row["p50_s"] == pytest.approx(median(c["latency_ms"] for c in mine if c["ok"]) / 1000)
    rows = providers.failures(reader, choice).to_dict("records")
    assert {(row["cause"], row["provider"]): row["calls"] for row in rows} == Counter(
        (c["error"], c["provider"]) for c in calls if not c["ok"]
    )


def test_hours_of_the_week_and_trainers(reader, hunts):
    shown = activity.by_hour(reader, ALL)
    assert len(shown) == 168
    assert {(r["weekday"], r["hour"]): r["hunts"] for r in shown.to_dict("records") if r["hunts"]} == Counter(
        (h["ts"].strftime("%a"), h["ts"].hour) for h in hunts
    )
    rows = activity.trainers(reader, ALL).to_dict("records")
    assert {row["trainer"]: row["hunts"] for row in rows} == Counter(h["trainer"] for h in hunts if h["trainer"])


def test_a_session_is_told_in_order_with_all_of_its_records(reader, log_dir, hunts):
    newest = sessions.newest(reader, ALL)
    assert {row["session"]: row["hunts"] for row in newest.to_dict("records")} == Counter(h["session"] for h in hunts)
    session = newest["session"][0]
    expected = [r for kind in ("hunt", "call", "run", "session", "review") for r in records(log_dir, kind)]
    told = sessions.replay(reader, session)
    assert len(told) == sum(r["session"] == session for r in expected)
    assert list(told["time"]) == sorted(told["time"])
    assert told["what"][0] == "session created"
    assert sessions.replay(reader, "nobody").empty


def test_a_blind_session_is_told_without_what_its_judge_calls_cost_and_took_until_it_is_reviewed(tmp_path, entries):
    session = next(record.session for _, record in entries if isinstance(record, ReviewRecord))
    of_it = [(at, record) for at, record in entries if getattr(record, "session", "") == session]
    told = {}
    for name, kept in (("before", [e for e in of_it if not isinstance(e[1], ReviewRecord)]), ("after", of_it)):
        write_log(tmp_path / name, kept)
        with TelemetryReader(tmp_path / name) as reader:
            reader.refresh()
            calls = sessions.replay(reader, session).query("what.str.startswith('judge call')")
        told[name] = " ".join(calls["detail"])
    assert told["before"]
    assert [word in told["before"] for word in ("took", "$")] == [False, False]
    assert [word in told["after"] for word in ("took", "$")] == [True, True]


@pytest.mark.parametrize(
    "word", ["", "TRAIN-TIME", "timeout", "budget while", "CHECKED twice", "no such word", "%", "'; DROP"]
)
@pytest.mark.parametrize("outcome", [None, Outcome.BROKE])
def test_find_looks_in_every_text_and_shows_all_of_it_page_by_page(reader, hunts, word, outcome):
    texts = ("session", "hunt_id", "run_id", "notebook", "model", "error", "error_message", "reply", "trainer")
    expected = [
        h
        for h in hunts
        if (not word or any(word.lower() in (h[text] or "").lower() for text in texts))
        and outcome in (None, h["outcome"])
    ]
    search = Search(ALL, word, outcome)
    search = replace(search, in_replies=find.in_replies(reader, search.wanted, None))
    assert find.found(reader, search) == len(expected)
    pages = [find.hunts(reader, search, page=page, page_hunts=40) for page in range(1, 10)]
    shown = [hunt_id for page in pages for hunt_id in page["hunt_id"]]
    newest_first = sorted(expected, key=lambda h: (h["ts"], h["hunt_id"]), reverse=True)
    assert shown == [h["hunt_id"] for h in newest_first]


def test_a_hunt_is_shown_whole_and_a_blind_one_without_the_judge(reader, log_dir, hunts):
    reviewed = {r["hunt_id"] for r in records(log_dir, "review")}
    judged = [h for h in hunts if h["verdicts"]]
    open_one = next(h for h in judged if not h["blind"])
    hidden = next(h for h in judged if h["blind"] and h["hunt_id"] not in reviewed)
    revealed = next(h for h in judged if h["blind"] and h["hunt_id"] in reviewed)
    shown = find.hunt(reader, open_one["hunt_id"])
    assert dict(zip(shown.criteria["criterion"], shown.criteria["judge"], strict=True)) == open_one["verdicts"]
    assert shown.data["input_tokens"] == open_one["input_tokens"]
    assert not shown.hidden
    blind = find.hunt(reader, hidden["hunt_id"])
    assert blind.hidden
    assert blind.criteria.empty
    assert not {"verdicts", "passed", "judge_cost_usd", "duration_ms"} & blind.data.keys()
    again = find.hunt(reader, revealed["hunt_id"])
    assert not again.hidden
    assert again.data["judge_cost_usd"] == revealed["judge_cost_usd"]
    listed = find.hunts(reader, Search(ALL), page_hunts=10_000).set_index("hunt_id")["judge_usd"]
    assert math.isnan(listed[hidden["hunt_id"]])
    for seen in (open_one, revealed):
        assert listed[seen["hunt_id"]] == seen["judge_cost_usd"]
    assert all(again.criteria["human"] != "")
    assert find.hunt(reader, "h_nobody") is None


def test_a_reply_is_found_by_its_end_in_plain_and_packed_files_of_the_period(reader, log_dir, hunts):
    newest = max(log_dir.glob("*.jsonl"))
    oldest = min(log_dir.glob("*.jsonl"))
    with gzip.open(f"{oldest}.gz", "wb") as packed:
        packed.write(oldest.read_bytes())
    oldest.unlink()
    (log_dir / "telemetry-2026-11-01-damaged.jsonl.gz").write_bytes(b"no gzip at all")
    expected = {h["hunt_id"] for h in hunts if "checked twice" in h["reply"]}
    of_today = {h["hunt_id"] for h in hunts if h["hunt_id"] in expected and h["ts"].date() == NOW.date()}
    assert all("checked twice" not in h["excerpt"] for h in hunts)
    assert newest.name[10:20] == f"{NOW:%Y-%m-%d}"
    assert set(find.in_replies(reader, "checked twice", None)) == expected
    assert set(find.in_replies(reader, "checked twice", NOW.date())) == of_today
    assert 0 < len(of_today) < len(expected)


def test_an_id_is_looked_up_in_the_tables_alone(reader, hunts):
    for name in ("hunt_id", "run_id", "session"):
        assert find.in_replies(reader, hunts[0][name], None) == ()
