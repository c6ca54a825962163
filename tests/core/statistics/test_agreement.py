"""Agreement of graders, compared with statsmodels, krippendorff and closed forms."""

from random import Random

import numpy as np
import pytest
from krippendorff import alpha
from statsmodels.stats.contingency_tables import mcnemar as mcnemar_of_statsmodels
from statsmodels.stats.inter_rater import cohens_kappa

from core.statistics.agreement import Confusion, effective_votes, error_correlation, krippendorff_alpha, mcnemar
from core.statistics.intervals import wilson

TABLES = [(20, 5, 3, 40), (1, 0, 1, 3), (9, 1, 0, 2), (0, 4, 4, 0), (70, 12, 30, 200)]


@pytest.mark.parametrize("table", TABLES)
def test_kappa_and_its_interval_are_those_of_statsmodels(table):
    found, expected = Confusion(*table).kappa(), cohens_kappa(np.reshape(table, (2, 2)))
    assert found.value == pytest.approx(expected.kappa)
    assert (found.low, found.high) == pytest.approx((max(-1, expected.kappa_low), min(1, expected.kappa_upp)))


def test_kappa_is_undefined_if_both_always_say_the_same_word():
    assert Confusion().kappa() is None
    assert Confusion(true_positive=7).kappa() is None


def test_pairs_are_counted_by_what_people_say_first():
    pairs = [(True, True)] * 3 + [(True, False)] * 2 + [(False, True)] + [(False, False)] * 4
    found = Confusion.of(pairs)
    assert found == Confusion(true_positive=3, false_negative=2, false_positive=1, true_negative=4)
    assert found.agreement() == wilson(7, 10)
    assert found.sensitivity() == wilson(3, 5)
    assert found.specificity() == wilson(4, 5)


@pytest.mark.parametrize(("first", "second"), [(0, 0), (0, 5), (3, 3), (10, 2), (1, 8), (600, 700)])
def test_mcnemar_is_exact(first, second):
    expected = mcnemar_of_statsmodels([[5, first], [second, 5]], exact=True).pvalue if first + second else 1
    assert mcnemar(first, second) == pytest.approx(expected)


def test_the_correlation_of_errors_is_pearsons():
    random = Random(2)
    first = [random.random() < 0.3 for _ in range(50)]
    second = [a if random.random() < 0.6 else random.random() < 0.3 for a in first]
    assert error_correlation(first, second) == pytest.approx(np.corrcoef(first, second)[0, 1])
    assert error_correlation(first, [False] * 50) is None
    with pytest.raises(ValueError, match="the same items"):
        error_correlation(first, second[1:])


def test_judges_with_the_same_errors_are_worth_one_vote_and_independent_ones_all_theirs():
    errors = [i % 4 == 0 for i in range(40)]
    independent = [i // 4 % 2 == 0 for i in range(40)]
    opposite = [not error for error in errors]
    assert effective_votes([errors, errors, errors]) == pytest.approx(1)
    assert effective_votes([errors, independent]) == pytest.approx(2)
    assert effective_votes([errors, opposite]) == 2
    assert effective_votes([errors, [False] * 40]) is None


def test_six_prompts_with_the_correlation_of_llmbar_are_worth_about_one_and_a_third_votes():
    random, shared = Random(4), 0.71
    common = [random.random() < 0.2 for _ in range(20_000)]
    errors = [[c if random.random() < shared**0.5 else random.random() < 0.2 for c in common] for _ in range(6)]
    assert effective_votes(errors) == pytest.approx(1.33, abs=0.05)


def test_alpha_is_that_of_krippendorff():
    random = Random(6)
    units = [[random.choice("PPPF") for _ in range(random.choice((1, 2, 2, 3)))] for _ in range(60)]
    table = [[ord(unit[row]) if row < len(unit) else np.nan for unit in units] for row in range(3)]
    assert krippendorff_alpha(units) == pytest.approx(alpha(reliability_data=table, level_of_measurement="nominal"))


def test_alpha_of_full_agreement_is_one_and_of_one_word_unknown():
    assert krippendorff_alpha(["PP", "FF", "PP"]) == 1
    assert krippendorff_alpha(["PP", "PP"]) is None
    assert krippendorff_alpha(["P", "F"]) is None
