"""Criteria as a markdown table: which columns hold ids and texts, and where the fields stand."""

import pytest

from core.notebooks.criteria.forms import MAX_ITEMS, Form
from core.notebooks.criteria.lines import lines_of
from core.notebooks.criteria.tables import find_table
from tests.core.notebooks.building import pieces


def table(body):
    found = find_table(lines_of(body))
    return found and (found.form, found.span.of(body), pieces(body, found))


@pytest.mark.parametrize(
    ("before", "rows", "after", "items"),
    [
        ("| id | criterion |\n|---|---|\n", "| C1 | a \\| b |\n| c2 | c |", "\n\nx | y", [
            ("C1", "a | b", "| C1 | a \\| b |", "a \\| b", "C1"), ("C2", "c", "| c2 | c |", "c", "c2")]),
        ("ID | Criterion\n:--|:-:\n", " C1 | a\nC2 | b", "", [("C1", "a", " C1 | a", "a", "C1"), ("C2", "b", "C2 | b", "b", "C2")]),
        ("|Text|#|\n|-|-|\n", "|a b|**C1**|\n|c|`2`|", "", [
            ("C1", "a b", "|a b|**C1**|", "a b", "**C1**"), ("C2", "c", "|c|`2`|", "c", "`2`")]),
        ("  id | text\n---|---\n", "  C1 | a |  \n  | C2 | b", "\n", [
            ("C1", "a", "  C1 | a |  ", "a", "C1"), ("C2", "b", "  | C2 | b", "b", "C2")]),
        ("| id | t |\n|-|-|\n", "|  C1  |   a  \\|   |\n| C2 | |\n|C3|b\\|", "\nend", [
            ("C1", "a  |", "|  C1  |   a  \\|   |", "a  \\|", "C1"), ("C2", "", "| C2 | |", "", "C2"),
            ("C3", "b|", "|C3|b\\|", "b\\|", "C3")]),
        ("x\n\n|a|b|\n|-|-|\n|p|q|\n\n| id | t |\n|-|-|\n", "| C3 | a |\n| C4 | b |", "\nend", [
            ("C3", "a", "| C3 | a |", "a", "C3"), ("C4", "b", "| C4 | b |", "b", "C4")]),
        ("|a|b|\n|-|-|\n|-|-|\n", "| C3 | a |", "", None),
        ("|id|\n|-|\n", "|C1|a|\n|C2|b|", "", [("C1", "a", "|C1|a|", "a", "C1"), ("C2", "b", "|C2|b|", "b", "C2")]),
        ("| id | x | y |\n|-|-|-|\n", "| 1 | a | b | c |\n| 2 | d | e |", "", [
            ("C1", "a", "| 1 | a | b | c |", "a", "1"), ("C2", "d", "| 2 | d | e |", "d", "2")]),
    ],
)  # fmt: skip
def test_the_fields_of_a_table_are_read_with_their_places(before, rows, after, items):
    assert table(before + rows + after) == (items and (Form.TABLE, rows, items))


@pytest.mark.parametrize(
    ("head", "texts"),
    [
        ("| id | x | y |", ["b b", "d d d"]),
        ("| id | description | y |", ["aa", "c"]),
        ("| id | x | y | text |", ["e", "f"]),
        ("| id | criteria | z | text |", ["aa", "c"]),
        ("| id | y | The requirement | Question |", ["b b", "d d d"]),
        ("| text |", ["b b", "d d d"]),
        (f"| id | {'x' * 195} text | z |", ["aa", "c"]),
        (f"| id | {'x' * 196} text | z |", ["b b", "d d d"]),
    ],
)
def test_the_text_is_in_the_named_column_with_most_to_say(head, texts):
    body = f"{head}\n|-|-|-|-|\n| 1 | aa | b b | e |\n| 2 | c | d d d | f |"
    assert [item[1] for item in table(body)[2]] == texts


@pytest.mark.parametrize(
    "body",
    [
        "| id | x |\n|-|-|\n| 1 | a | more |\n| 2 |\n", "| id | x |\n|-|-|\n| one | a |\n", "|id|\n|-|\n|C1|\n",
        "|---|\n| C1 | a |\n", "| id | t |\n|-|-|\n", "| id | t |\n---\n", "| id | t |\n|-x-|\n| 1 | a |", "id\n|-|\n", "",
    ],
)  # fmt: skip
def test_other_tables_hold_no_criteria(body):
    assert table(body) is None


def test_no_more_rows_are_read_than_a_list_may_have():
    rows = [f"|C{n % 9000 + 1}|a|" for n in range(MAX_ITEMS + 2)]
    assert len(table("|id|x|\n|-|-|\n" + "\n".join(rows))[2]) == MAX_ITEMS
