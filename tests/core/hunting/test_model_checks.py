"""What is said of models before they are called, and which budgets refuse them."""

from core.domain.parameters import Parameters, Target
from core.hunting.model_checks import MAX_SUGGESTING_S, ModelChecks
from core.hunting.orders import JudgeChoice
from tests.builders import HandClock, a_session


class Catalog:
    """Knows `sim/a`, `sim/b` and `lab/c`, whose parameters may be ignored. A suggestion takes `search_s`."""

    default_judge = "sim/judge"

    def __init__(self, clock, search_s=0.0):
        self.clock, self.search_s, self.checked = clock, search_s, []

    def check_parameters(self, model, _parameters, purpose="target"):
        self.checked.append((model, purpose))
        return ("lab may ignore seed",) if model == "lab/c" else ()

    def suggestion(self, model):
        self.clock.seconds += self.search_s
        return "sim/a" if model.startswith("sim/aa") else ""

    def listed(self, _model):
        return None

    def accounts_of(self, models):
        return tuple(model.partition("/")[0] for model in models if not model.startswith("sim/"))


class Budgets:
    def __init__(self):
        self.asked = []

    async def refuse_spent(self, user, accounts):
        self.asked.append((user, accounts))


def checks(search_s=0.0):
    clock = HandClock()
    return ModelChecks(Catalog(clock, search_s), Budgets(), None, clock)


def test_targets_and_judges_are_checked_once_each_and_notes_are_not_repeated():
    made = checks()
    targets = [Target(model="lab/c"), Target(model="lab/c"), Target(model="sim/b")]
    judge, notes = made.check(targets, JudgeChoice(model="lab/c"))
    assert (judge.model, notes) == ("lab/c", ("lab may ignore seed",))
    assert made.catalog.checked == [("lab/c", "target"), ("sim/b", "target"), ("lab/c", "judge")]


def test_without_a_chosen_judge_it_is_the_default_one():
    assert checks().check((), JudgeChoice())[0] == Target(model="sim/judge", parameters=Parameters())


def test_a_misspelled_name_gets_a_suggestion_and_each_name_one_warning():
    found = checks().warnings(["sim/aa", "sim/b", "sim/aa"])
    assert [(one.model, one.message) for one in found] == [("sim/aa", "sim/aa: did you mean sim/a?")]


def test_the_search_for_suggestions_ends_after_its_time():
    found = checks(search_s=MAX_SUGGESTING_S).warnings(["sim/aa", "sim/aab"])
    assert [one.model for one in found] == ["sim/aa"]


async def test_only_accounts_that_cost_money_are_asked_for_their_budgets():
    made = checks()
    await made.refuse_spent(a_session(owner="alice"), ["sim/a"])
    await made.refuse_spent(a_session(owner="alice"), ["sim/a", "lab/c"])
    assert made.budgets.asked == [("alice", ("lab",))]
