"""What a judge needs to judge reviewed replies again is found in the log; what is not there is counted."""

from datetime import datetime, timedelta

import pytest

from core.telemetry.reader import TelemetryReader
from core.telemetry.records import TaskRecord
from core.telemetry.reviewed_replies import judged_again, reviewed_replies
from tests.core.telemetry.judged_log import FIRST, START, hunted, judged_later, reviewed
from tests.dashboard_app.records_made_up import write_log

LONG_AGO = datetime(2020, 1, 1)  # noqa: DTZ001 - the log's times have no zone
SAID = {"C1": "FAIL", "C2": "PASS"}


@pytest.fixture
def found(tmp_path):
    def find(*records, since=LONG_AGO):
        write_log(tmp_path, [(START + timedelta(minutes=n), record) for n, record in enumerate(records)])
        with TelemetryReader(tmp_path) as reader:
            reader.refresh()
            return reviewed_replies(reader, since)

    return find


def replied(number, text="Krypton.", chars=None):
    return hunted(number, SAID, reply=text, reply_chars=len(text) if chars is None else chars)


def test_a_reviewed_reply_comes_with_its_judge_its_criteria_and_its_task(found):
    task = TaskRecord(session="s", task="0a1b", content="{}")
    (reply,) = found(replied(1), reviewed(1, SAID, SAID, judge_parameters='{"seed":1}'), task).replies
    assert (reply.hunt_id, reply.criteria, reply.reply, reply.reply_mark) == ("r.1", ("C1", "C2"), "Krypton.", "m1")
    assert (reply.judge_model, reply.judge_parameters, reply.content) == (FIRST, '{"seed":1}', "{}")


def test_replies_and_tasks_that_are_not_in_the_log_are_counted(found):
    result = found(
        TaskRecord(session="s", task="0a1b", content="{}"),
        replied(1), reviewed(1, SAID, SAID),
        replied(2, chars=900), reviewed(2, SAID, SAID),
        reviewed(3, SAID, SAID),
        replied(4), reviewed(4, SAID, SAID, task="older"),
        replied(5), reviewed(5, SAID, SAID, session="another"),
    )  # fmt: skip
    assert [reply.hunt_id for reply in result.replies] == ["r.1"]
    assert (result.without_reply, result.without_task) == (2, 2)


def test_only_reviews_since_then_the_newest_first_and_a_damaged_file_harms_no_other(found, tmp_path):
    (tmp_path / "telemetry-2026-11-19-a.jsonl.gz").write_bytes(b"not packed")
    records = [TaskRecord(session="s", task="0a1b", content="{}")]
    for number in (1, 2, 3):
        records += [replied(number), reviewed(number, SAID, SAID)]
    since = (START + timedelta(minutes=4)).replace(tzinfo=None)
    assert [reply.hunt_id for reply in found(*records, since=since).replies] == ["r.3", "r.2"]


def test_what_was_judged_again_is_known_by_judge_and_time_and_only_if_it_gave_an_answer(tmp_path):
    records = (
        judged_later(1, "C1", "PASS", "drift"),
        judged_later(1, "C2", "UNDETERMINED", "drift", error="timeout"),
        judged_later(2, "C1", "PASS", "again"),
        judged_later(3, "C1", "PASS", "drift", judge_parameters='{"seed":1}'),
    )
    write_log(tmp_path, [(START, record) for record in records])
    with TelemetryReader(tmp_path) as reader:
        reader.refresh()
        assert judged_again(reader, LONG_AGO, FIRST, "") == {("s", "r.1", "C1")}
        assert judged_again(reader, LONG_AGO, FIRST, '{"seed":1}') == {("s", "r.3", "C1")}
        assert judged_again(reader, (START + timedelta(days=1)).replace(tzinfo=None), FIRST, "") == set()
