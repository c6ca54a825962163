"""What SIMULATED_SCRIPT may say, and the sentence for everything that it may not."""

import pytest

from core.errors import BadSettings
from core.simulator.script import DEFAULT_BEHAVIOR, FAULT_RATES, MODELS, Script, read_script


def test_without_a_script_the_characters_are_as_they_are():
    script = read_script("  ")
    assert {name: script.behavior_of(name) for name in MODELS} == dict(MODELS)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "SIMULATED_SCRIPT: is not JSON"),
        ("[" * 100_000, "SIMULATED_SCRIPT: is not JSON"),
        ("[]", "must be a JSON object"),
        ('{"sed": 1}', 'there is no "sed"; known fields are seed, '),
        ('{"break_rate": 2}', "break_rate: Input should be less than or equal to 1"),
        ('{"break_rate": NaN}', "break_rate: Input should be"),
        ('{"target_latency_ms": -1}', "target_latency_ms: Input should be greater than or equal to 0"),
        ('{"silent": 0.6, "slow": 0.6}', "the failure rates add up to 1.2; together they may be at most 1"),
        ('{"break_rates": {"C1": "often"}}', "break_rates.C1: Input should be a valid number"),
        ('{"first_calls": ["explode"]}', "first_calls.0: Input should be 'ok', "),
        ('{"models": ["hasty"]}', '"models" must hold an object of changes for each model name'),
        ('{"models": {"hasty": {"seed": "x"}}}', "seed: Input should be a valid integer"),
    ],
)
def test_an_invalid_script_is_rejected_with_an_error(text, sentence):
    with pytest.raises(BadSettings) as refused:
        read_script(text)
    assert sentence in refused.value.message


def test_a_change_is_laid_over_every_character_and_then_over_one():
    script = read_script('{"seed": 7, "models": {"simulated/judge": {"judge_broken": 0.2}, "new": {"seed": 9}}}')
    assert script.behavior_of("hasty") == MODELS["hasty"].model_copy(update={"seed": 7})
    assert script.behavior_of("simulated/judge") == MODELS["judge"].model_copy(update={"seed": 7, "judge_broken": 0.2})
    assert script.behavior_of("new") == DEFAULT_BEHAVIOR.model_copy(update={"seed": 9})
    assert script.behavior_of("vendor/anything") == DEFAULT_BEHAVIOR.model_copy(update={"seed": 7})


def test_changing_one_failure_rate_replaces_all_of_a_character():
    role = read_script('{"server_error": 1}').behavior_of("flaky")
    rates = {name: getattr(role, name) for name in FAULT_RATES}
    assert {name: rate for name, rate in rates.items() if rate} == {"server_error": 1}


def test_a_script_knows_its_own_models_and_no_other():
    script = read_script('{"models": {"new": {}}}')
    assert [script.has(model) for model in ("hasty", "simulated/hasty", "new", "", "gpt-5")] == [
        True,
        True,
        True,
        False,
        False,
    ]


def test_the_simulated_provider_has_the_latencies_of_the_reference_workload():
    role = Script().behavior_of("nvidia/nemotron-3-nano-30b-a3b")
    assert (role.target_latency_ms, role.judge_latency_ms, role.latency_spread) == (400, 100, 0)


def test_the_flaky_model_fails_one_call_in_five():
    assert sum(getattr(MODELS["flaky"], name) for name in FAULT_RATES) == pytest.approx(0.2)
    assert all(getattr(MODELS["flaky"], name) for name in FAULT_RATES)
