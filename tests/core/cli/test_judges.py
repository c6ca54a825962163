"""`judges` and `judges rejudge`: cards from the log, and reviewed replies judged again."""

import asyncio
import json
import signal
from datetime import timedelta

import pytest

from core.domain.review import Review
from core.domain.verdict import Verdict
from core.hunting.records import hunt_record, review_record, task_record
from tests.builders import a_finished_hunt, a_review, a_run, a_session
from tests.core.cli.running import run, start
from tests.core.telemetry.judged_log import FIRST, LIKE_FIRST, SECOND, START, write_judged_log
from tests.dashboard_app.records_made_up import write_log

REPLIES = 6
FAST = {"seed": 3, "judge_latency_ms": 1}
AGAIN = ("judges", "rejudge", "--since", "2026-11-01", "--yes", "--json")
pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def log(tmp_path):
    """Replies that people reviewed, with their task; one of them is too long for the log."""
    session, task_run, entries = a_session(), a_run(), []
    for number in range(1, REPLIES + 1):
        hunt = a_finished_hunt(number)
        review: Review = a_review(hunt.hunt_id, "FFP" if number % 2 else "PFF")
        at = START + timedelta(minutes=number)
        max_chars = 3 if number == REPLIES else 1000
        entries += [
            (at, hunt_record(session, task_run, hunt, max_reply_chars=max_chars)),
            (at + timedelta(hours=1), review_record(session, task_run, hunt, review)),
        ]
    write_log(tmp_path / "telemetry", [*entries, (START + timedelta(hours=2), task_record(session, task_run))])
    return tmp_path


def later_verdicts(folder):
    lines = (line for path in (folder / "telemetry").glob("*.jsonl") for line in path.read_text().splitlines())
    return [record["data"] for record in map(json.loads, lines) if record["type"] == "verdict"]


async def rejudge(folder, *words):
    code, out, err = await run(folder, *AGAIN, *words, script=FAST)
    return code, json.loads(out) if out else {}, err


async def test_the_cards_are_a_table_with_sentences_and_json(tmp_path):
    write_judged_log(tmp_path / "telemetry")
    code, out, _ = await run(tmp_path, "judges")
    assert code == 0
    assert out.splitlines()[0].split()[:4] == ["judge", "prompt", "reviewed", "agreement"]
    assert {line.split()[0] for line in out.splitlines()[1:4]} == {FIRST, SECOND, LIKE_FIRST}
    assert "  People agreed with " in out
    assert "These two make the same mistakes: together they count like 1." in out
    assert "Second judge beside simulated/judge: not enough reviews yet." in out
    code, out, _ = await run(tmp_path, "judges", "--json")
    report = json.loads(out)
    assert {card["model"] for card in report["cards"]} >= {FIRST, LIKE_FIRST}
    assert report["second"]["why"] == "not enough reviews yet"


async def test_without_a_log_there_is_no_card(tmp_path):
    code, out, _ = await run(tmp_path, "judges")
    assert (code, out) == (0, "No judge has given a verdict yet that is in the telemetry.\n")


async def test_reviewed_replies_are_judged_again_and_compared_with_the_first_verdicts(log):
    code, report, err = await rejudge(log)
    assert code == 0
    assert "Judging 5 reviewed replies again: simulated/judge (15 calls). Estimated cost: about $0.00." in err
    assert "Left out: 1 replies are not in the log, or not whole" in err
    assert (report["judged"], report["failed"], report["without_reply"]) == (15, 0, 1)
    made = later_verdicts(log)
    assert len(made) == 15
    assert {(v["source"], v["judge_model"]) for v in made} == {("drift", "simulated/judge")}
    people = {(f"r_one.{n}", c): word for n in range(1, 6)
              for c, word in zip(("C1", "C2", "C3"), ("FAIL", "FAIL", "PASS") if n % 2 else ("PASS", "FAIL", "FAIL"), strict=True)}  # fmt: skip
    now_right = sum(people[v["hunt_id"], v["criterion"]] == v["verdict"] for v in made)
    (card,) = report["cards"]
    assert (card["drift"]["n"], card["drift"]["now_right"]) == (15, now_right)
    assert card["drift"]["first_right"] == sum(word == Verdict.FAIL for word in people.values())


async def test_what_was_paid_for_is_not_paid_again_within_the_days(log):
    assert (await rejudge(log, "--max-calls", "7"))[1]["judged"] == 6
    code, report, _ = await rejudge(log)
    assert (code, report["judged"], report["recent"]) == (0, 9, 6)
    code, report, err = await rejudge(log)
    assert (code, report["judged"], report["recent"]) == (0, 0, 15)
    assert "No reviewed criterion of this period needs to be judged again." in err
    assert (await rejudge(log, "--repeat-after-days", "0"))[1]["judged"] == 15
    assert len(later_verdicts(log)) == 30


@pytest.mark.long
@pytest.mark.parametrize(("number", "code"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130)])
async def test_a_command_that_is_killed_or_interrupted_is_continued_and_nothing_in_the_log_is_paid_again(
    log, number, code
):
    slow = {"seed": 3, "judge_latency_ms": 700}
    process = await start(log, *AGAIN, script=slow, SIMULATED_CONCURRENCY="2")
    async with asyncio.timeout(60):
        while len(later_verdicts(log)) < 3:
            await asyncio.sleep(0.05)
    process.send_signal(number)
    await process.communicate()
    assert process.returncode == code
    kept = len(later_verdicts(log))
    _, report, _ = await rejudge(log)
    assert (report["recent"], report["judged"]) == (kept, 15 - kept)
    assert len({(v["hunt_id"], v["criterion"]) for v in later_verdicts(log)}) == len(later_verdicts(log)) == 15


async def test_another_judge_gets_a_card_of_its_own_and_shared_errors(log):
    code, report, _ = await rejudge(log, "--judge", "simulated/fallible", "--judge-set", "seed=4")
    assert code == 0
    (card,) = report["cards"]
    assert (card["model"], card["parameters"], card["reviewed"], card["drift"]) == (
        "simulated/fallible", '{"seed":4}', 15, None,
    )  # fmt: skip
    assert [pair["n"] for pair in card["pairs"]] == [15]


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("rejudge",), "--since"),
        (("rejudge", "--since", "yesterday"), '"yesterday" is not a date; give it as 2026-11-01'),
        (("rejudge", "--since", "2026-11-01", "--max-calls", "0"), "not a number of calls"),
        (("rejudge", "--since", "2026-11-01", "--repeat-after-days", "-1"), "not a number of days"),
        (("rejudge", "--since", "2026-11-01", "--judge", "nobody/x"), "is not a known model"),
        (("rejudge", "--since", "2026-11-01", "--judge-set", "seed=1"), "--judge-set needs --judge"),
        (("rejudge", "--since", "2026-11-01"), "Nobody can be asked whether to pay. Add --yes."),
    ],
)
async def test_what_cannot_be_done_is_said_and_nothing_is_paid(log, words, problem):
    code, out, err = await run(log, "judges", *words)
    assert (code, out) == (2, "")
    assert problem in err
    assert later_verdicts(log) == []
