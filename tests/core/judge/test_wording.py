"""Built-in texts of the judge prompt."""

import pytest

from core.judge.wording import ANSWER_FORM, CUT_OFF, UNDECIDED, answer_form, instruction, last_line, retry_instruction


def test_the_form_ends_with_the_id_of_the_question():
    assert answer_form("") == ANSWER_FORM
    assert answer_form("a1") == ANSWER_FORM[:-1] + ', "answer_id": "a1"}'


@pytest.mark.parametrize("undetermined", [False, True])
def test_the_instruction_names_the_delimiters_and_offers_undetermined_only_where_it_may_be_given(undetermined):
    text = instruction("3f0c", undetermined=undetermined)
    assert text.count("3f0c") == 2
    assert (UNDECIDED in text) is undetermined
    assert ("UNDETERMINED" in text) is undetermined


def test_the_last_line_names_the_criterion_and_its_id():
    assert last_line("C2") == "Judge the reply by criterion C2 now. Answer with the JSON object only."
    assert last_line("C2", "a1").endswith('only, which ends with "answer_id": "a1"}')


@pytest.mark.parametrize("cut_off", [False, True])
def test_a_repeated_question_names_the_fault_of_the_first_answer(cut_off):
    text = retry_instruction("C2", "a1", cut_off=cut_off)
    assert (CUT_OFF in text) is cut_off
    assert ("one clear verdict" in text) is not cut_off
    assert text.endswith(answer_form("a1"))
