"""Expected failures: stable codes, and what a client gets of them."""

import pytest

from core.errors import Advice, BadInput, BadTask, HunterError, NotFound, ProviderError, RedisAway, Unavailable


def test_an_error_is_its_code_message_hint_and_details():
    error = NotFound("No run is named r9.", hint="Reload the session.", details={"run_id": "r9"})
    assert error.body == {
        "code": "not_found",
        "message": "No run is named r9.",
        "hint": "Reload the session.",
        "details": {"run_id": "r9"},
    }
    assert str(error) == "No run is named r9."


def test_one_error_may_have_a_code_of_its_own_and_its_details_are_its_own():
    details = {"criteria": 9}
    error = BadTask("Too many criteria.", code="too_many_criteria", details=details)
    details["criteria"] = 10
    assert (error.code, error.details, BadTask("x").code) == ("too_many_criteria", {"criteria": 9}, "bad_task")


def test_every_code_names_one_class():
    def below(kind):
        return [kind, *(deeper for one in kind.__subclasses__() for deeper in below(one))]

    ours = [kind for kind in below(HunterError) if kind.__module__ == "core.errors"]
    assert len({kind.code for kind in ours}) == len(ours)
    assert issubclass(BadTask, BadInput)
    assert issubclass(RedisAway, Unavailable)


def test_redis_away_says_why_to_programs():
    error = RedisAway("Redis is full.", reason="out_of_memory")
    assert error.body["details"] == {"reason": "out_of_memory"}
    assert error.reason == "out_of_memory"


@pytest.mark.parametrize("status", [None, 429])
def test_a_providers_error_names_provider_and_status(status):
    error = ProviderError("Slow down.", code="rate_limited", advice=Advice.SLOW_DOWN, status=status, provider="openai")
    assert error.body["details"] == {"provider": "openai", "status": status}
    assert (error.code, error.advice, error.retry_after_s, error.raw) == ("rate_limited", "slow_down", None, "")
