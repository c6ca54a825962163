"""The names of Redis keys: what the scripts expect, and in which slot of a cluster each key is."""

from core.redis.keys import RELEASED_QUEUE, budget_keys, session_keys, throttle_keys


def test_the_keys_of_a_session_are_in_one_slot_and_in_the_scripts_order():
    keys = session_keys("abc").all
    assert [key.removeprefix("mh:s:{abc}:") for key in keys] == [
        "head", "notebook", "hunts", "replies", "numbers", "tallies", "events", "gone", "fences",
    ]  # fmt: skip


def test_an_accounts_keys_are_in_the_order_of_the_script_and_the_last_two_are_of_all_accounts():
    assert [key.removeprefix("mh:{throttle}:") for key in throttle_keys("openai").all] == [
        "openai:leases", "openai:held", "openai:wants", "openai:told", "openai:turns", "openai:limit",
        "processes", "born",
    ]  # fmt: skip


def test_a_budget_has_its_day_and_its_subject():
    assert budget_keys("2025-01-31", "user", "ana") == (
        "mh:{budget}:2025-01-31:user:ana:totals",
        "mh:{budget}:2025-01-31:user:ana:open",
    )


def test_jobs_of_the_release_before_are_found_under_its_names():
    assert RELEASED_QUEUE.token("t1") == "streaq:model-hunter:task:data:t1"
    assert RELEASED_QUEUE.tries("t1") == "streaq:model-hunter:task:retry:t1"
