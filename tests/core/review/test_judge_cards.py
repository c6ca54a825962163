"""A judge card's numbers are those of other code on the raw log, and its sentences say them to people."""

import json
from datetime import UTC, datetime

import numpy as np
import pytest
from scipy.stats import binomtest
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.proportion import proportion_confint

from core.domain.ids import is_simulated
from core.review.judge_cards import (
    MAX_CARDS,
    MIN_SHARED_VERDICTS,
    NOT_ENOUGH,
    SecondJudge,
    judge_report,
    second_judge,
)
from core.telemetry.judge_counts import (
    AgainstPeople,
    AskedAgain,
    Drift,
    JudgeCounts,
    JudgeKey,
    SharedErrors,
    VerdictUsage,
    count_verdicts,
)
from core.telemetry.reader import TelemetryReader
from tests.core.telemetry.judged_log import FIRST, LIKE_FIRST, SECOND, write_judged_log

KEY = JudgeKey("openai/gpt-5", "aa", "")
NOTHING = JudgeCounts({}, {}, {}, {}, ())


@pytest.fixture
def logged(tmp_path):
    """The report, and the data of all records."""
    write_judged_log(tmp_path)
    with TelemetryReader(tmp_path) as reader:
        reader.refresh()
        report = judge_report(count_verdicts(reader))
    lines = (line for path in sorted(tmp_path.glob("*.jsonl")) for line in path.read_text().splitlines())
    return report, [(record["type"], record["data"]) for record in map(json.loads, lines)]


def words_of(records):
    """People's verdicts and the first judge's, in the same order, where both are PASS or FAIL."""
    reviews = [data for kind, data in records if kind == "review"]
    both = [(human, r["judge"][c]) for r in reviews for c, human in r["human"].items()]
    return np.array([pair for pair in both if pair[1] != "UNDETERMINED"])


def test_agreement_and_its_intervals_are_those_of_statsmodels(logged):
    report, records = logged
    card = next(card for card in report.cards if card.model == FIRST)
    human, judge = words_of(records).T
    for share, hits, n in (
        (card.agreement, (human == judge).sum(), len(human)),
        (card.sensitivity, ((human == "FAIL") & (judge == "FAIL")).sum(), (human == "FAIL").sum()),
        (card.specificity, ((human == "PASS") & (judge == "PASS")).sum(), (human == "PASS").sum()),
    ):
        assert (share.hits, share.n, share.share) == (hits, n, pytest.approx(hits / n))
        assert (share.low, share.high) == pytest.approx(proportion_confint(hits, n, method="wilson"))
    table = [[((human == a) & (judge == b)).sum() for b in ("FAIL", "PASS")] for a in ("FAIL", "PASS")]
    expected = cohens_kappa(np.array(table))
    assert (card.kappa.value, card.kappa.low, card.kappa.high) == pytest.approx(
        (expected.kappa, expected.kappa_low, expected.kappa_upp)
    )


def test_drift_is_mcnemars_exact_test_of_the_first_verdicts(logged):
    report, records = logged
    human = {(d["hunt_id"], c): word for kind, d in records if kind == "review" for c, word in d["human"].items()}
    first = {(d["hunt_id"], c): word for kind, d in records if kind == "hunt" for c, word in d["verdicts"].items()}
    later = {(d["hunt_id"], d["criterion"]): d["verdict"] for kind, d in records
             if kind == "verdict" and d["judge_model"] == FIRST}  # fmt: skip
    both = [(first[i] == human[i], word == human[i]) for i, word in later.items()
            if "UNDETERMINED" not in (first[i], word)]  # fmt: skip
    only_first, only_now = both.count((True, False)), both.count((False, True))
    drift = next(card.drift for card in report.cards if card.model == FIRST)
    assert (drift.n, drift.only_first_right, drift.only_now_right) == (len(both), only_first, only_now)
    assert drift.p_value == pytest.approx(binomtest(only_first, only_first + only_now, 0.5).pvalue)
    assert [card.drift for card in report.cards if card.model != FIRST] == [None, None]


def test_effective_votes_follow_from_the_correlation_of_the_errors(logged):
    report, records = logged
    human = {(d["hunt_id"], c): word for kind, d in records if kind == "review" for c, word in d["human"].items()}
    judged: dict[str, dict] = {FIRST: {}, SECOND: {}, LIKE_FIRST: {}}
    for kind, d in records:
        if kind == "hunt":
            judged[FIRST] |= {(d["hunt_id"], c): word for c, word in d["verdicts"].items()}
        elif kind == "verdict" and d["judge_model"] != FIRST:
            judged[d["judge_model"]][d["hunt_id"], d["criterion"]] = d["verdict"]
    wrong = {model: {i: float(w != human[i]) for i, w in given.items() if w != "UNDETERMINED"} for model, given in judged.items()}  # fmt: skip
    for pair in report.pairs:
        one, other = (wrong[model] for model in pair.judges)
        shared = sorted(one.keys() & other.keys())
        correlation = np.corrcoef([one[i] for i in shared], [other[i] for i in shared])[0, 1]
        assert pair.n == len(shared)
        assert pair.effective_votes == pytest.approx(2 / (1 + max(0, correlation)))
    by_models = {frozenset(pair.judges): pair for pair in report.pairs}
    alike = by_models[frozenset((FIRST, LIKE_FIRST))]
    assert alike.warning == (
        f"These two make the same mistakes: together they count like {alike.effective_votes:.1f} judges, not like 2."
    )
    assert not by_models[frozenset((FIRST, SECOND))].warning


def test_the_second_judge_is_the_usable_one_whose_errors_differ(logged):
    report, _ = logged
    best = second_judge(FIRST, report.pairs, lambda _model: True)
    assert (best.first, best.model) == (FIRST, SECOND)
    assert best.why == (
        f"on {best.n:,} reviewed criteria, the two together count like {best.effective_votes:.1f} judges; 2 would mean "
        "that their mistakes have nothing in common"
    )
    assert second_judge(FIRST, report.pairs, {LIKE_FIRST}.__contains__).model == LIKE_FIRST
    nobody = SecondJudge(FIRST, "", None, 0, NOT_ENOUGH)
    assert second_judge(FIRST, report.pairs, lambda _model: False) == nobody
    assert second_judge("openai/new", report.pairs, lambda _model: True).why == NOT_ENOUGH


@pytest.mark.parametrize(
    ("other", "verdicts", "first_wrong", "expected"),
    [("told/b", MIN_SHARED_VERDICTS, 5, "told/b"), ("told/b", MIN_SHARED_VERDICTS - 1, 5, ""), ("told/b", 90, 0, ""),
     ("simulated/judge", 90, 5, "")],
)  # fmt: skip
def test_nobody_is_recommended_on_little_evidence_or_simulated(other, verdicts, first_wrong, expected):
    shared = SharedErrors(KEY, JudgeKey(other, "aa", ""), verdicts, first_wrong, 3, 0)
    report = judge_report(NOTHING._replace(pairs=(shared,)))
    assert second_judge(KEY.model, report.pairs, lambda _model: True).model == expected
    assert is_simulated(other) == (other == "simulated/judge")


def test_pairs_of_models_are_pooled_over_prompts_in_either_order():
    one, other = JudgeKey("a/a", "2", ""), JudgeKey("b/b", "1", "")
    turned = (JudgeKey("b/b", "0", ""), JudgeKey("b/b", "9", ""))
    counts = NOTHING._replace(
        pairs=(
            SharedErrors(one, other, 10, 4, 2, 1),
            SharedErrors(JudgeKey("a/a", "3", ""), other, 20, 1, 3, 0),
            SharedErrors(*turned, 10, 1, 1, 1),
        )
    )
    (pair,) = judge_report(counts).pairs
    assert (pair.judges, pair.n, pair.wrong, pair.both_wrong) == (("a/a", "b/b"), 30, (5, 5), 1)


def card_of(people=None, usage=None, again=None, key=KEY):
    counts = NOTHING._replace(
        people={key: people or AgainstPeople()},
        usage={key: usage or VerdictUsage()},
        again={key: again or AskedAgain()},
    )
    (card,) = judge_report(counts).cards
    return card


def test_few_verdicts_are_counts_and_no_percentage():
    card = card_of(AgainstPeople(both_fail=2, both_pass=1, only_people_fail=1))
    assert card.sentences[:2] == (
        "People agreed with 3 of 4 verdicts.",
        "Of the criteria that people marked FAIL, it marked FAIL, too: 2 of 3.",
    )


def test_every_number_has_its_sentence():
    card = card_of(AgainstPeople(18, 2, 4, 26, blind=50), VerdictUsage(1000, 20, 0.0012, 1300), AskedAgain(40, 2))
    assert card.sentences == (
        "People agreed with 44 of 50 verdicts (88%; in the long run probably 76% to 94%).",
        "Of the criteria that people marked FAIL, it marked FAIL, too: 18 of 20 (90%; in the long run probably 70% to "
        "97%).",
        "Of the criteria that people marked PASS, it marked PASS, too: 26 of 30 (87%; in the long run probably 70% to "
        "95%).",
        "Agreement that guessing does not explain (kappa): 0.75 (in the long run probably 0.57 to 0.94); 1 is perfect, 0 "
        "is no better than guessing.",
        "It gave no usable verdict in 20 of 1,000 cases (2%; in the long run probably 1% to 3%).",
        "A verdict costs $0.0012 and takes 1.3 s.",
        "Asked again about the same reply, it changed 2 of 40 verdicts (5%; in the long run probably 1% to 17%).",
    )


def test_drift_is_said_with_its_evidence():
    at = datetime(2026, 11, 22, tzinfo=UTC)
    counts = NOTHING._replace(people={KEY: AgainstPeople()}, drift={KEY: Drift(40, 5, 3, 2, at)})
    assert judge_report(counts).cards[0].sentences[-1] == (
        "Judged again later (last on 2026-11-22), it agreed with people on 43 of 50 criteria; the first time, on 45. "
        "Chance alone makes such a difference in 73% of cases (McNemar's test): no sign that the judge has changed."
    )
    changed = judge_report(counts._replace(drift={KEY: Drift(40, 30, 3, 2, at)})).cards[0]
    assert changed.sentences[-1].endswith(
        "Chance alone makes such a difference in less than 0.1% of cases (McNemar's test): the judge has changed."
    )


def test_a_judge_that_nobody_reviewed_says_so():
    card = card_of(usage=VerdictUsage(10, 0))
    assert card.sentences[0] == "No verdict of this judge has been reviewed yet."
    assert (card.agreement, card.kappa, card.usd_per_verdict, card.drift, card.flips) == (None,) * 5


def test_texts_in_the_parameters_are_not_for_everybody():
    card = card_of(key=JudgeKey("a/a", "1", '{"seed":1,"system_prompt":"a secret","extra_body":{"x":"y"}}'))
    assert json.loads(card.parameters) == {"seed": 1, "system_prompt": "…", "extra_body": "…"}


def test_cards_are_ordered_by_reviewed_verdicts_and_limited():
    people = {JudgeKey(f"a/{n}", "", ""): AgainstPeople(both_pass=n) for n in range(MAX_CARDS + 5)}
    cards = judge_report(NOTHING._replace(people=people)).cards
    assert [card.reviewed for card in cards[:2]] == [MAX_CARDS + 4, MAX_CARDS + 3]
    assert len(cards) == MAX_CARDS
