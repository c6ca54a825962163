"""What a run will cost: from prices and tokens, per model; what is not known is unknown, never 0."""

import pytest

from core.domain.chat import Reply, Usage
from core.hunting.runs.estimate import estimate
from tests.builders import a_finished_hunt, a_session, a_task

PRICES = {"paid/a": (1.0, 10.0), "paid/b": (100.0, 100.0), "paid/judge": (2.0, 8.0), "half/known": (1.0, None)}
TASK = a_task(3, prompt="p" * 4_000, response="r" * 400)


def rates(model):
    return PRICES.get(model, (None, None))


def made(number, model, **reply):
    return a_finished_hunt(
        number, model=model, simulated=model.startswith("simulated/"), reply=Reply(text="x", **reply)
    )


def estimated(models, hunts=8, judge="simulated/judge", so_far=(), **changes):
    return estimate(a_session(task=TASK, **changes), so_far, models, hunts, judge, rates)


def test_a_model_that_was_not_hunted_yet_is_reckoned_from_the_task():
    found = estimated(("paid/a",))
    (target,) = found.targets
    assert target.usd == pytest.approx(8 * (1000 * 1.0 + 100 * 10.0) / 1e6)
    assert found.words == "Models: about $0.02; judge: nothing (simulated)."


def test_simulated_hunts_so_far_do_not_make_a_paid_model_free():
    free = [made(n, "simulated/hasty", cost_usd=0.0, usage=Usage(input_tokens=1, output_tokens=1)) for n in (1, 2)]
    assert estimated(("paid/a",), so_far=free) == estimated(("paid/a",))


def test_what_a_models_own_replies_have_cost_counts_before_the_guess():
    so_far = [made(1, "paid/a", cost_usd=0.5), made(2, "paid/a", cost_usd=1.5), made(3, "paid/b", cost_usd=90.0)]
    assert estimated(("paid/a",), so_far=so_far).targets[0].usd == pytest.approx(8.0)


def test_measured_tokens_count_where_no_cost_was_told():
    so_far = [made(1, "paid/a", usage=Usage(input_tokens=500, output_tokens=2_000))]
    assert estimated(("paid/a",), hunts=1, so_far=so_far).targets[0].usd == pytest.approx((500 + 20_000) / 1e6)


@pytest.mark.parametrize(
    ("models", "judge", "words"),
    [
        (("nobody/knows",), "paid/judge", "Models: unknown (no price); judge: about $0.12."),
        (("paid/b", "nobody/knows"), "nobody/knows", "Models: about $0.44, plus an unknown amount for nobody/knows; judge: unknown (no price)."),
        (("half/known",), "simulated/judge", "Models: unknown (no price); judge: nothing (simulated)."),
        (("simulated/hasty",), "paid/judge", "Models: nothing (simulated); judge: about $0.12."),
        (("simulated/hasty",), "simulated/judge", "Simulated models cost nothing."),
        (("simulated/hasty", "paid/b"), "simulated/judge", "Models: about $0.44; judge: nothing (simulated)."),
    ],
)  # fmt: skip
def test_known_and_unknown_costs_stand_apart(models, judge, words):
    assert estimated(models, judge=judge).words == words


def test_a_cost_below_a_cent_is_not_zero():
    assert estimated(("paid/a",), hunts=1).words.startswith("Models: less than $0.01;")


def test_a_model_that_gets_no_hunt_costs_nothing_whatever_its_price():
    found = estimated(("paid/b", "nobody/knows"), hunts=1)
    assert [one.usd for one in found.targets] == [pytest.approx(0.11), 0.0]
    assert found.words == "Models: about $0.11; judge: nothing (simulated)."


def test_hunts_are_shared_out_as_a_run_does():
    assert [(one.model, one.hunts) for one in estimated(("paid/a", "paid/b", "paid/a"), hunts=7).targets] == [
        ("paid/a", 5), ("paid/b", 2),
    ]  # fmt: skip


def test_the_judges_estimate_does_not_depend_on_what_it_has_cost():
    """Else it would tell of a blind session's verdicts."""
    dear = [made(1, "paid/a", usage=Usage(output_tokens=100))]
    cheap = [hunt.model_copy(update={"verdicts": ()}) for hunt in dear]
    one, other = (estimated(("paid/a",), judge="paid/judge", so_far=hunts).judge for hunts in (dear, cheap))
    assert one == other
    assert one.usd > 0
