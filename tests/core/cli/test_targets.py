"""`--set` gives the model before it a parameter, or every model if it comes first."""

import json

import pytest

from core.cli.options import parser
from core.cli.targets import second_opinions, stop_rule, target_requests
from core.domain.parameters import Parameters
from core.domain.stop_rule import StopRule
from core.errors import BadInput
from core.hunting.orders import NO_SECOND_OPINIONS, ConfirmRequest, TargetRequest
from tests.core.cli.running import run


def entries(*words):
    options = parser().parse_args(["hunt", "a.ipynb", *words])
    return target_requests(options.models, options.parameters or ())


def entry(model, label="", **parameters):
    return TargetRequest(model=model, label=label, parameters=Parameters.model_validate(parameters))


def test_a_setting_belongs_to_the_model_before_it_or_to_all():
    assert entries("--model", "a/b") == ("a/b",)
    assert entries("--model", "a/b", "--set", "temperature=0.2", "--model", "a/c") == (
        entry("a/b", temperature=0.2),
        "a/c",
    )
    found = entries(
        "--set", "seed=7", "--model", "a/b", "--set", "label=b, hard", "--set", "reasoning.effort=high",
        "--model", "a/b", "--set", "seed=8",
    )  # fmt: skip
    assert found == (entry("a/b", "b, hard", seed=7, reasoning={"effort": "high"}), entry("a/b", seed=8))


def test_values_are_json_or_text():
    (found,) = entries(
        "--model", "a/b", "--set", 'stop=["END"]', "--set", "system_prompt=Be brief.", "--set",
        "provider.allow_fallbacks=false", "--set", 'provider.only=["azure"]',
    )  # fmt: skip
    assert found == entry(
        "a/b", stop=["END"], system_prompt="Be brief.", provider={"allow_fallbacks": False, "only": ["azure"]}
    )


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("temperature=9", "temperature: Input should be less than or equal to 2"),
        ("temprature=1", "temprature: there is no such parameter"),
        ("reasoning.effort=huge", "reasoning.effort: Input should be 'none'"),
        ("reasoning.speed=1", "reasoning.speed: there is no such parameter"),
    ],
)
def test_a_wrong_parameter_is_named(setting, says):
    with pytest.raises(BadInput, match="a/b cannot be called with these parameters") as rejected:
        entries("--model", "a/b", "--set", setting)
    assert says in rejected.value.message


@pytest.mark.parametrize("setting", ["temperature", "=1", "a b=1"])
def test_a_setting_is_name_and_value(setting, capsys):
    with pytest.raises(SystemExit):
        entries("--model", "a/b", "--set", setting)
    assert "is not name=value, for example temperature=0.2" in capsys.readouterr().err


async def test_a_hunt_of_two_settings_reports_two_rows(folder):
    models = (
        "--model", "simulated/thinker", "--set", "seed=7", "--set", "label=seven",
        "--model", "simulated/thinker", "--set", "temperature=0",
    )  # fmt: skip
    code, out, err = await run(folder, "hunt", "words.ipynb", *models, "--hunts", "4", "--json")
    report = json.loads(out)
    assert code == 0
    assert [one["label"] for one in report["targets"]] == ["seven", "thinker · t 0"]
    assert [hunt["label"] for hunt in report["hunts"]] == ["seven", "thinker · t 0"] * 2
    assert report["hunts"][0]["parameters"] == {"seed": 7}
    assert "Note: simulated/thinker: The simulated provider ignores temperature." in err


async def test_a_hunt_prints_a_row_for_each_setting(folder):
    models = ("--model", "simulated/hasty", "--set", "seed=7", "--model", "simulated/hasty")
    code, out, _ = await run(folder, "hunt", "words.ipynb", *models, "--hunts", "4")
    assert code == 0
    assert "hasty · seed 7" in out
    assert "simulated/hasty" in out


@pytest.mark.parametrize("command", [("hunt", "--model", "simulated/hasty", "--hunts", "1"), ("check",)])
async def test_what_is_ignored_of_the_judges_parameters_is_noted(folder, command):
    name, *options = command
    _, _, err = await run(folder, name, "words.ipynb", *options, "--judge-set", "top_p=0.5")
    assert err.count("Note: simulated/judge: The simulated provider ignores top_p.") == 1


def test_limits_of_a_run_are_combined():
    options = parser().parse_args(["hunt", "a.ipynb", "--model", "a/b", "--stop", "breaks=4", "--stop", "futility=0.1"])
    assert stop_rule(options.stop) == StopRule(breaks=4, futility=0.1)
    assert stop_rule([]) == StopRule()


@pytest.mark.parametrize(
    ("limit", "said"),
    [(("breaks", 0), "--stop breaks: "), (("futility", "low"), "--stop futility: "), (("money", 3), "--stop money: ")],
)
def test_an_impossible_limit_is_named_with_the_possible_ones(limit, said):
    with pytest.raises(BadInput, match=said) as error:
        stop_rule([limit])
    assert "breaks=4, confirmed_breaks=4, cost_usd=1.5 and futility=0.1" in error.value.hint


def opinions(*words):
    options = parser().parse_args(["hunt", "a.ipynb", "--model", "a/b", *words])
    return second_opinions(options.confirm_judge, options.confirm, options.max_extra_calls, stop_rule(options.stop))


def test_confirming_judges_are_asked_about_breaks_by_default():
    named = {"judges": [{"model": "a/one"}, {"model": "a/two"}]}
    both = ("--confirm-judge", "a/one", "--confirm-judge", "a/two")
    assert (opinions(), opinions("--confirm", "none")) == (NO_SECOND_OPINIONS, NO_SECOND_OPINIONS)
    assert opinions(*both) == ConfirmRequest.model_validate({"policy": "breaks", **named})
    assert opinions(*both, "--confirm", "pivotal", "--max-extra-calls", "9") == ConfirmRequest.model_validate(
        {"policy": "pivotal", "max_extra_calls": 9, **named}
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--confirm", "all"), "--confirm needs another judge. Name one: --confirm-judge"),
        (("--max-extra-calls", "9"), "--max-extra-calls needs another judge."),
        (("--stop", "confirmed_breaks=2"), "--stop confirmed_breaks needs another judge."),
        (("--confirm-judge", "a/b", "--confirm", "none"), "--confirm-judge: the policy 'none' takes no judges"),
        (("--confirm-judge", "a/b", "--confirm-judge", "a/b"), "--confirm-judge: a confirming judge is named twice"),
        (("--confirm-judge", ""), "--confirm-judge: a confirming judge needs a model"),
        (("--confirm-judge", "a/b", "--max-extra-calls", "999999"), "--max-extra-calls: Input should be less than"),
    ],
)
def test_second_opinions_that_do_not_fit_together_are_an_error(words, said):
    with pytest.raises(BadInput) as error:
        opinions(*words)
    assert f"{error.value.message} {error.value.hint}".startswith(said)
