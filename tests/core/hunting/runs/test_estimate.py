"""What a run will cost: from prices and tokens, per model; what is not known is unknown, never 0."""

import pytest

from core.domain.chat import Reply, Usage
from core.domain.checks import CheckStatus, ReferenceCheck
from core.domain.confirmation import ConfirmPolicy
from core.domain.parameters import NO_PARAMETERS, Parameters, Target
from core.domain.session import Visibility
from core.domain.verdict import CriterionVerdict, Outcome, Verdict
from core.hunting.runs.cost_range import Prices
from core.hunting.runs.estimate import estimate
from core.providers.prices import tier_usd
from tests.builders import a_finished_hunt, a_run, a_session, a_task

PRICES = {"paid/a": (1.0, 10.0), "paid/b": (100.0, 100.0), "paid/judge": (2.0, 8.0), "half/known": (1.0, None)}
TASK = a_task(3, prompt="p" * 4_000, response="r" * 400)


class Offers:
    """Prices by model; every model may write 1,000 tokens, a judge 500."""

    def prices(self, model, parameters=NO_PARAMETERS):
        rates = (tier_usd(rate, parameters.service_tier or "") for rate in PRICES.get(model, (None, None)))
        return Prices(*rates, margin=2.0 if model == "paid/b" and parameters.service_tier == "flex" else 1.0)

    def max_output_tokens(self, model, purpose, parameters=NO_PARAMETERS):
        return (
            None if model == "half/known" else parameters.max_output_tokens or (1_000 if purpose == "target" else 500)
        )


def made(number, model, **reply):
    return a_finished_hunt(
        number, model=model, simulated=model.startswith("simulated/"), reply=Reply(text="x", **reply)
    )


def estimated(models, hunts=8, judge="simulated/judge", so_far=(), **changes):
    targets = [one if isinstance(one, Target) else Target(model=one) for one in models]
    judge = judge if isinstance(judge, Target) else Target(model=judge)
    return estimate(a_session(task=TASK, **changes), so_far, targets, hunts, judge, Offers())


def test_a_model_that_was_not_hunted_yet_is_reckoned_from_the_task():
    found = estimated(("paid/a",))
    (target,) = found.targets
    assert target.usd == pytest.approx(8 * (1000 * 1.0 + 100 * 10.0) / 1e6)
    assert found.words == "Models: about $0.02 (<$0.01 to $0.10); judge: nothing (simulated)."


def test_simulated_hunts_so_far_do_not_make_a_paid_model_free():
    free = [made(n, "simulated/hasty", cost_usd=0.0, usage=Usage(input_tokens=1, output_tokens=1)) for n in (1, 2)]
    assert estimated(("paid/a",), so_far=free) == estimated(("paid/a",))


def test_what_a_models_own_replies_have_cost_counts_before_the_guess():
    so_far = [made(1, "paid/a", cost_usd=0.5), made(2, "paid/a", cost_usd=1.5), made(3, "paid/b", cost_usd=90.0)]
    assert estimated(("paid/a",), so_far=so_far).targets[0].usd == pytest.approx(8.0)


def test_measured_tokens_are_used_if_no_cost_was_reported():
    so_far = [made(1, "paid/a", usage=Usage(input_tokens=500, output_tokens=2_000))]
    assert estimated(("paid/a",), hunts=1, so_far=so_far).targets[0].usd == pytest.approx((500 + 20_000) / 1e6)


@pytest.mark.parametrize(
    ("models", "judge", "words"),
    [
        (("nobody/knows",), "paid/judge", "Models: unknown (no price); judge: about $0.12 (<$0.01 to $0.44)."),
        (("paid/b", "nobody/knows"), "nobody/knows", "Models: about $0.44 ($0.03 to $1.20), plus an unknown amount for nobody/knows; judge: unknown (no price)."),
        (("half/known",), "simulated/judge", "Models: unknown (no price); judge: nothing (simulated)."),
        (("simulated/hasty",), "paid/judge", "Models: nothing (simulated); judge: about $0.12 (<$0.01 to $0.44)."),
        (("simulated/hasty",), "simulated/judge", "Simulated models cost nothing."),
        (("simulated/hasty", "paid/b"), "simulated/judge", "Models: about $0.44 ($0.03 to $1.20); judge: nothing (simulated)."),
    ],
)  # fmt: skip
def test_known_and_unknown_costs_are_separate(models, judge, words):
    assert estimated(models, judge=judge).words == words


def test_a_cost_below_a_cent_is_not_zero():
    assert estimated(("paid/a",), hunts=1).words.startswith("Models: less than $0.01 (up to $0.01);")
    tiny = [made(n, "paid/a", cost_usd=0.0001) for n in (1, 2)]
    assert estimated(("paid/a",), hunts=1, so_far=tiny).words.startswith("Models: less than $0.01;")


def test_a_model_that_gets_no_hunt_costs_nothing_whatever_its_price():
    found = estimated(("paid/b", "nobody/knows"), hunts=1)
    assert [one.usd for one in found.targets] == [pytest.approx(0.11), 0.0]
    assert found.words == "Models: about $0.11 (<$0.01 to $0.30); judge: nothing (simulated)."


def test_hunts_are_shared_out_as_a_run_does():
    assert [(one.model, one.hunts) for one in estimated(("paid/a", "paid/b", "paid/a"), hunts=7).targets] == [
        ("paid/a", 5), ("paid/b", 2),
    ]  # fmt: skip


def test_the_judges_estimate_does_not_depend_on_what_it_has_cost():
    """Otherwise it would reveal a blind session's verdicts."""
    dear = [made(1, "paid/a", usage=Usage(output_tokens=100))]
    cheap = [hunt.model_copy(update={"verdicts": ()}) for hunt in dear]
    one, other = (estimated(("paid/a",), judge="paid/judge", so_far=hunts).judge for hunts in (dear, cheap))
    assert one == other
    assert one.usd > 0


def judged(number, usd, judge="paid/judge", model="paid/a"):
    verdicts = tuple(
        CriterionVerdict(criterion_id=f"C{n}", verdict=Verdict.PASS, judge_model=judge, cost_usd=usd / 3)
        for n in (1, 2, 3)
    )
    return made(number, model, cost_usd=0.1).model_copy(update={"verdicts": verdicts, "outcome": Outcome.HELD})


def test_the_output_limit_of_the_parameters_is_the_upper_bound_per_target():
    short = Target(model="paid/a", label="short", parameters=Parameters(max_output_tokens=50))
    found = estimated((short, "paid/a"), hunts=5)
    assert [(one.label, one.hunts) for one in found.targets] == [("short", 3), ("paid/a", 2)]
    assert found.targets[0].high_usd == pytest.approx(3 * (2_000 * 1.0 + 50 * 10.0) / 1e6)
    assert found.targets[0].target != found.targets[1].target


def test_flex_costs_half_and_priority_is_unknown():
    flex, priority = (Parameters(service_tier=tier) for tier in ("flex", "priority"))
    usual = estimated(("paid/a",), judge="paid/judge")
    found = estimated((Target(model="paid/a", parameters=flex),), judge=Target(model="paid/judge", parameters=flex))
    for half, whole in ((found.targets[0], usual.targets[0]), (found.judge, usual.judge)):
        assert (half.low_usd, half.usd, half.high_usd) == pytest.approx(
            (whole.low_usd / 2, whole.usd / 2, whole.high_usd / 2)
        )
    unknown = estimated(
        (Target(model="paid/a", parameters=priority),), judge=Target(model="paid/judge", parameters=priority)
    )
    assert (unknown.targets[0].usd, unknown.judge.usd) == (None, None)
    assert unknown.words == "Models: unknown (no price); judge: unknown (no price)."


def test_where_a_gateway_may_ignore_flex_the_upper_bound_is_the_usual_price():
    usual = estimated(("paid/b",)).targets[0]
    flex = estimated((Target(model="paid/b", parameters=Parameters(service_tier="flex")),)).targets[0]
    assert (flex.low_usd, flex.usd) == pytest.approx((usual.low_usd / 2, usual.usd / 2))
    assert flex.high_usd == usual.high_usd


@pytest.mark.parametrize(("tier", "usd"), [("flex", (500 + 20_000) / 2e6), ("priority", None)])
def test_measured_tokens_are_priced_at_the_tier(tier, usd):
    parameters = Parameters(service_tier=tier)
    so_far = made(1, "paid/a", usage=Usage(input_tokens=500, output_tokens=2_000))
    so_far = [so_far.model_copy(update={"parameters": parameters})]
    target = estimated((Target(model="paid/a", parameters=parameters),), hunts=1, so_far=so_far).targets[0]
    assert target.usd == (None if usd is None else pytest.approx(usd))


def test_hunts_of_another_setting_say_nothing_about_this_one():
    other = made(1, "paid/a", cost_usd=5.0).model_copy(update={"parameters": Parameters(temperature=0.1)})
    assert estimated(("paid/a",), so_far=[other]).targets[0].basis == "limits"


def test_a_judge_costs_what_it_has_cost_in_an_open_session():
    judge = estimated(("paid/a",), hunts=4, judge="paid/judge", so_far=[judged(1, 0.3), judged(2, 0.5)]).judge
    assert (judge.usd, judge.basis, judge.based_on) == (pytest.approx(4 * 0.4), "hunts", 2)
    other = estimated(("paid/a",), judge="paid/b", so_far=[judged(1, 0.3)]).judge
    assert other.basis == "limits"


def test_judgings_with_other_parameters_say_nothing_about_this_judge():
    high = Target(model="paid/judge", parameters=Parameters(max_output_tokens=40))
    runs = (a_run(run_id="r_one", judge_parameters=high.parameters),)
    assert judged(1, 0.3).run_id == "r_one"
    same, plain = (
        estimated(("paid/a",), hunts=1, judge=judge, so_far=[judged(1, 0.3)], runs=runs).judge
        for judge in (high, "paid/judge")
    )
    assert (same.basis, same.usd) == ("hunts", pytest.approx(0.3))
    assert plain.basis == "limits"
    limited = estimated(("paid/a",), hunts=1, judge=high).judge
    assert limited.high_usd < plain.high_usd
    check = ReferenceCheck(
        status=CheckStatus.PASSED,
        task_hash=TASK.content_hash(),
        judge_model="paid/judge",
        judge_parameters=high.parameters,
        verdicts=judged(1, 0.6).verdicts,
    )
    assert [estimated(("paid/a",), judge=judge, check=check).judge.basis for judge in (high, "paid/judge")] == [
        "hunts",
        "limits",
    ]


def test_in_a_blind_session_what_the_judge_has_cost_is_not_used_but_the_reference_check_is():
    blind = {"visibility": Visibility.BLIND}
    cheap, dear = ([judged(1, usd)] for usd in (0.01, 9.0))
    one, two = (estimated(("paid/a",), judge="paid/judge", so_far=hunts, **blind) for hunts in (cheap, dear))
    assert one == two
    assert one.judge.basis == "limits"
    verdicts = judged(1, 0.6).verdicts
    check = ReferenceCheck(
        status=CheckStatus.PASSED, task_hash=TASK.content_hash(), judge_model="paid/judge", verdicts=verdicts
    )
    checked = estimated(("paid/a",), hunts=1, judge="paid/judge", check=check, **blind).judge
    assert (checked.usd, checked.low_usd, checked.basis) == (pytest.approx(0.6), pytest.approx(0.3), "hunts")
    assert checked.high_usd >= 1.2
    stale = check.model_copy(update={"task_hash": "other"})
    assert estimated(("paid/a",), judge="paid/judge", check=stale).judge.basis == "limits"


def test_the_total_is_known_only_if_every_price_is():
    known = estimated(("paid/a",), judge="paid/judge")
    assert known.low_usd == pytest.approx(known.targets[0].low_usd + known.judge.low_usd)
    assert known.high_usd == pytest.approx(known.targets[0].high_usd + known.judge.high_usd)
    unknown = estimated(("nobody/knows", "paid/a"))
    assert (unknown.low_usd, unknown.high_usd) == (None, None)
    free = estimated(("simulated/hasty",))
    assert (free.low_usd, free.high_usd, free.judge.basis) == (0.0, 0.0, "free")


def test_a_task_without_criteria_has_an_estimate():
    found = estimate(
        a_session(task=TASK.model_copy(update={"criteria": ()})), (), [Target(model="paid/a")], 1,
        Target(model="paid/judge"), Offers(),
    )  # fmt: skip
    assert found.judge.usd < 0.00001


def confirmed(so_far=(), **confirm):
    policy = ConfirmPolicy(**{"policy": "breaks", "judges": (Target(model="paid/judge"),), **confirm})
    targets, judge = [Target(model="simulated/hasty")], Target(model="paid/judge")
    return estimate(a_session(task=TASK), so_far, targets, 8, judge, Offers(), confirm=policy)


def test_second_opinions_are_a_part_of_what_judging_everything_costs():
    whole = estimated(("simulated/hasty",), judge="paid/judge").judge
    (one,) = confirmed().confirming
    assert (one.low_usd, one.usd, one.high_usd) == (0.0, pytest.approx(whole.usd / 4), pytest.approx(whole.high_usd))
    (every,) = confirmed(policy="all").confirming
    assert every.usd == pytest.approx(whole.usd)
    (capped,) = confirmed(policy="all", max_extra_calls=12).confirming
    assert (capped.usd, capped.high_usd) == (pytest.approx(whole.usd / 2), pytest.approx(whole.high_usd / 2))


def test_second_opinions_follow_the_breaks_so_far_and_are_in_the_words_and_the_total():
    so_far = [a_finished_hunt(n, Outcome.BROKE if n == 1 else Outcome.HELD, model="paid/a") for n in range(1, 5)]
    found, none = confirmed(so_far), confirmed(so_far[1:])
    assert found.confirming[0].usd == pytest.approx(found.judge.usd / 8)
    assert none.confirming[0].usd == 0
    assert "; second opinions: " in found.words
    assert found.high_usd == pytest.approx(found.judge.high_usd + found.confirming[0].high_usd)


def test_an_adaptive_run_costs_what_it_would_if_one_model_got_every_drawn_hunt():
    def each(models, hunts, allocation):
        targets = [Target(model=model) for model in models]
        judge = Target(model="simulated/judge")
        return estimate(a_session(task=TASK), (), targets, hunts, judge, Offers(), allocation=allocation)

    cheap, dear = (each((model,), 1, "even").targets[0] for model in ("paid/a", "paid/b"))
    found = each(("paid/a", "paid/b"), 20, "adaptive")
    assert found.low_usd == pytest.approx(2 * cheap.low_usd + 2 * dear.low_usd + 16 * cheap.low_usd)
    assert found.high_usd == pytest.approx(2 * cheap.high_usd + 2 * dear.high_usd + 16 * dear.high_usd)
    first, second = found.targets
    assert (first.hunts, second.hunts) == (10, 10)
    assert (first.low_usd, first.high_usd) == pytest.approx((2 * cheap.low_usd, 18 * cheap.high_usd))
    assert (second.low_usd, second.high_usd) == pytest.approx((2 * dear.low_usd, 18 * dear.high_usd))
    assert each(("paid/a", "half/known"), 20, "adaptive").words.count("half/known") == 1
    assert each(("simulated/a", "simulated/b"), 20, "adaptive").words == "Simulated models cost nothing."
