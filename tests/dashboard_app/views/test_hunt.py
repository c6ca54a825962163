"""One hunt with all its data; a blind one without the judge's."""

import math

from dashboard_app.views.find import Search, find_hunts
from dashboard_app.views.hunt import find_hunt
from tests.dashboard_app.helpers import ALL, hunts_only, records, words
from tests.dashboard_app.records_made_up import write_log


def test_a_hunt_is_shown_whole_and_a_blind_one_without_the_judge(reader, log_dir, hunts):
    reviewed = {r["hunt_id"] for r in records(log_dir, "review")}
    judged = [h for h in hunts if h["verdicts"]]
    open_one = next(h for h in judged if not h["blind"])
    hidden = next(h for h in judged if h["blind"] and h["hunt_id"] not in reviewed)
    revealed = next(h for h in judged if h["blind"] and h["hunt_id"] in reviewed)
    shown = find_hunt(reader, open_one["hunt_id"])
    assert dict(zip(shown.criteria["criterion"], shown.criteria["judge"], strict=True)) == open_one["verdicts"]
    assert shown.data["input_tokens"] == open_one["input_tokens"]
    assert not shown.hidden
    blind = find_hunt(reader, hidden["hunt_id"])
    assert blind.hidden
    assert blind.criteria.empty
    sealed = {"verdicts", "passed", "judge_cost_usd", "duration_ms", "votes", "opinion_steps"}
    assert not (sealed | {"verdict_usd", "verdict_ms"}) & blind.data.keys()
    again = find_hunt(reader, revealed["hunt_id"])
    assert not again.hidden
    assert again.data["judge_cost_usd"] == revealed["judge_cost_usd"]
    listed = find_hunts(reader, Search(ALL), page_hunts=10_000).set_index("hunt_id")["judge_usd"]
    assert math.isnan(listed[hidden["hunt_id"]])
    for seen in (open_one, revealed):
        assert listed[seen["hunt_id"]] == seen["judge_cost_usd"]
    assert all(again.criteria["human"] != "")
    assert find_hunt(reader, "h_nobody") is None


def test_votes_of_other_judges_are_beside_the_first_one_and_of_a_blind_hunt_only_the_confirmation(
    reader, log_dir, hunts
):
    reviewed = {r["hunt_id"] for r in records(log_dir, "review")}
    contested = [h for h in hunts if h["confirmation"] == "contested"]
    shown = find_hunt(reader, next(h for h in contested if not h["blind"])["hunt_id"])
    rows = shown.criteria.set_index("criterion")
    failed = rows[rows["judge"] == "FAIL"]
    assert set(failed["others"]) == {"FAIL by lab/second, PASS by lab/third"}
    assert set(rows[rows["judge"] == "PASS"]["others"]) <= {""}
    blind = find_hunt(reader, next(h for h in contested if h["blind"] and h["hunt_id"] not in reviewed)["hunt_id"])
    assert (blind.data["confirmation"], "votes" in blind.data, "lab/third" in str(blind.data)) == (
        "contested",
        False,
        False,
    )


def test_a_hunt_is_opened_with_everything_about_it(page, log_dir):
    hunts = [hunt for _, hunt in hunts_only(hunts=100)]
    write_log(log_dir, hunts_only(hunts=100))
    seen = next(hunt for hunt in hunts if hunt.verdicts and not hunt.blind)
    test = page("hunt", hunt=seen.hunt_id)
    assert not test.exception
    assert test.code[0].value == seen.reply
    assert dict(test.dataframe[0].value[["criterion", "judge"]].to_numpy()) == seen.verdicts
    blind = next(hunt for hunt in hunts if hunt.verdicts and hunt.blind)
    hidden = page("hunt", hunt=blind.hunt_id)
    assert "Blind session" in words(hidden)
    assert len(hidden.dataframe) == 0
    assert "PASS" not in hidden.json[0].value
    assert "Hunt h_x not found" in words(page("hunt", hunt="h_x"))
    assert "No hunt selected" in words(page("hunt"))


def test_a_reply_of_which_the_log_keeps_a_part_says_so(page, log_dir):
    (entry,) = hunts_only(hunts=1, seed=9)
    for reply, chars, said in (("Once upon", 5_000, "The first 9 of 5,000 characters"), ("", 0, "stores no more")):
        kept = entry[1].model_copy(update={"reply": reply, "reply_chars": chars, "excerpt": "Once", "hunt_id": said})
        write_log(log_dir, [(entry[0], kept)])
        test = page("hunt", hunt=said)
        assert test.code[0].value == (reply or "Once")
        assert said in words(test)
