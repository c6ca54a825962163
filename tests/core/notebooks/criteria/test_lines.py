"""Criteria as lines and lists: where each begins, what it says, and where it ends."""

import pytest

from core.notebooks.criteria.forms import MAX_ITEMS, Form
from core.notebooks.criteria.lines import TextLine, find_bullets, find_id_lines, find_table, lines_of
from tests.core.notebooks.building import pieces


def id_lines(body):
    found = find_id_lines(body, lines_of(body))
    return found and (found.form, found.span.of(body), pieces(body, found))


def bullets(body):
    found, certain = find_bullets(body, lines_of(body))
    return certain, found and (found.form, found.span.of(body), [item[1:3] for item in pieces(body, found)])


def test_lines_know_where_they_stand():
    assert lines_of("ab\n\n c ") == [TextLine(0, "ab"), TextLine(3, ""), TextLine(4, " c ")]
    assert [(line.end, line.blank, line.indented) for line in lines_of("ab\n \n\tc")] == [
        (2, False, False), (4, True, True), (7, False, True),
    ]  # fmt: skip


# -- lines with ids


@pytest.mark.parametrize(
    ("line", "item"),
    [
        ("C1: one", ("C1", "one", "C1: one", "one", "C1")),
        ("c01：one", ("C1", "one", "c01：one", "one", "c01")),
        ("  > ## C1 one ", ("C1", "one", "  > ## C1 one", "one", "C1")),
        ("> [C2] two", ("C2", "two", "> [C2] two", "two", "C2")),
        ("(C 3) three", ("C3", "three", "(C 3) three", "three", "C 3")),
        ("C04) four", ("C4", "four", "C04) four", "four", "C04")),
        ("__C5:__ five", ("C5", "five", "__C5:__ five", "five", "C5")),
        ("__C5__ five", ("C5", "five", "__C5__ five", "five", "C5")),
        ("**C6: six**", ("C6", "six", "**C6: six**", "six", "C6")),
        ("__C6 six__", ("C6", "six", "__C6 six__", "six", "C6")),
        ("**C7 seven", ("C7", "seven", "**C7 seven", "seven", "C7")),
        ("**C8**: eight**", ("C8", "eight**", "**C8**: eight**", "eight**", "C8")),
        ("**C8:** eight**", ("C8", "eight**", "**C8:** eight**", "eight**", "C8")),
        ("C8: **eight**", ("C8", "**eight**", "C8: **eight**", "**eight**", "C8")),
        ("C9 – nine", ("C9", "nine", "C9 – nine", "nine", "C9")),
        ("* C10 ten", ("C10", "ten", "* C10 ten", "ten", "C10")),
        ("12. C11 eleven", ("C11", "eleven", "12. C11 eleven", "eleven", "C11")),
        ("C12: and C2", ("C12", "and C2", "C12: and C2", "and C2", "C12")),
        ("C13:   ", ("C13", "", "C13:   ", "", "C13")),
    ],
)
def test_one_line_is_enough_with_a_sign(line, item):
    assert id_lines(f"Prose.\n\n{line}") == (Form.LINES, item[2], [item])


@pytest.mark.parametrize(
    "line", ["C1 one", "xC1: one", "C1x: one", "C10000: one", "C0: zero", "C1", "C1-one", "[C1] and C2 differ", "**C1** is first", ""]
)  # fmt: skip
def test_other_lines_are_none(line):
    assert id_lines(line) is None


def test_without_a_sign_it_takes_two_and_a_sentence_on_ids_is_none():
    assert id_lines("C1 one\nC2 two") == (
        Form.LINES, "C1 one\nC2 two", [("C1", "one", "C1 one", "one", "C1"), ("C2", "two", "C2 two", "two", "C2")],
    )  # fmt: skip
    assert id_lines("C1 and C2\nC3 three\nC4 four")[1] == "C3 three\nC4 four"
    assert id_lines("C1 one\nC2: two\nC3 three")[1] == "C2: two\nC3 three"


@pytest.mark.parametrize(
    ("body", "texts"),
    [
        ("C1: one\n  more\n\nmore of one  \n\n\nC2: two \n\n  and\n\nEnd.", ["one\nmore\n\nmore of one", "two\n\nand"]),
        ("C1:\n\n\none\n\nnot one", ["one"]),
        ("C1: one\n   \n\nC2:   \n", ["one", ""]),
        ("C1: one\n\n\n  still one\n\n  and still\nend\n\nnot", ["one\n\n\nstill one\n\nand still\nend"]),
        ("C1: one\nmore\nEach of the above is a criterion.\nmore", ["one\nmore"]),
        ("C1: one\nA score of 1 is given.", ["one"]),
        ("C1: one\nA score of 1 is given.\nC2: two", ["one\nA score of 1 is given.", "two"]),
        ("C1: one\nThe answer must pass more than 50% of the criteria.", ["one"]),
        ("C1: one\n" + "\n" * 48 + "  far", ["one\n" + "\n" * 48 + "far"]),
        ("C1: one\n" + "\n" * 50 + "  far", ["one"]),
        ("C1:\nThe criteria above are all.", [""]),
    ],
)
def test_an_item_ends_with_the_next_one_or_where_prose_begins(body, texts):
    form, span, items = id_lines(body)
    assert (form, [text for _, text, *_ in items]) == (Form.LINES, texts)
    assert span == body[body.index(items[0][2]) : body.rindex(items[-1][2]) + len(items[-1][2])]
    assert not span.endswith("\n")


def test_no_more_lines_are_read_than_a_list_may_have():
    body = "\n".join(f"C{n % 9000 + 1}: x" for n in range(MAX_ITEMS + 2))
    assert len(id_lines(body)[2]) == MAX_ITEMS


# -- lists without ids


@pytest.mark.parametrize("body", ["", "- one", "    - one\n    - two", "-one\n-two", "prose", "- one\n\nprose\n- two"])
def test_a_list_has_two_items(body):
    assert bullets(body) == (False, None)


@pytest.mark.parametrize(
    ("body", "items"),
    [
        ("- one\n- two", [("one", "- one"), ("two", "- two")]),
        ("Prose.\n• one\n• two\n\nProse.", [("one", "• one"), ("two", "• two")]),
        ("1. one\n2) two\n   more\n10. three", [("one", "1. one"), ("two\nmore", "2) two\n   more"), ("three", "10. three")]),
        ("- [ ] one\n- [x] two\n-   [X]  three", [("one", "- [ ] one"), ("two", "- [x] two"), ("three", "-   [X]  three")]),
        ("- one\n\n- two\n\n  of two\n- three", [("one", "- one"), ("two\n\nof two", "- two\n\n  of two"), ("three", "- three")]),
        ("- one\nof one\n- two", [("one\nof one", "- one\nof one"), ("two", "- two")]),
        ("- \n- a\n-b\n- c", [("a\n-b", "- a\n-b"), ("c", "- c")]),
    ],
)  # fmt: skip
def test_the_only_list_is_certain(body, items):
    assert bullets(body) == (
        True,
        (Form.BULLETS, body[body.index(items[0][1]) : body.rindex(items[-1][1]) + len(items[-1][1])], items),
    )


@pytest.mark.parametrize(
    ("body", "certain", "chosen"),
    [
        ("- a\n- b\n\nprose\n\n- c\n- d\n- e", False, "- c\n- d\n- e"),
        ("- a\n- b\n- c\n\nprose\n\n- d\n- e", False, "- a\n- b\n- c"),
        ("- a\n- b\n* c\n* d\n* e", False, "* c\n* d\n* e"),
        ("- a\n- b\n1. c\n2. d\n3. e", False, "1. c\n2. d\n3. e"),
        ("- a\n\n  of a\n\n- b\n1. c\n2. d\n3. e", False, "1. c\n2. d\n3. e"),
        ("- a\n\nprose\n- b\n- c", True, "- b\n- c"),
        ("Be:\n- a\n- b\n- c\n\nThe criteria:\n\n1. d\n2. e", True, "1. d\n2. e"),
        ("The checklist:\n\n\n\n- a\n- b\n\nx\n\n+ c\n+ d\n+ e", True, "- a\n- b"),
        ("The checklist:\n\n\n\n\n- a\n- b\n\nx\n\n+ c\n+ d\n+ e", False, "+ c\n+ d\n+ e"),
        ("Criteria:\n- a\n- b\n\nRequirements:\n\n* c\n* d\n* e", False, "* c\n* d\n* e"),
        ("x" * 390 + " rubric\n- a\n- b\n\nx\n\n+ c\n+ d\n+ e", True, "- a\n- b"),
        ("x" * 395 + " rubric\n- a\n- b\n\nx\n\n+ c\n+ d\n+ e", False, "+ c\n+ d\n+ e"),
    ],
)
def test_of_several_lists_the_announced_one_is_certain_and_the_longest_is_a_guess(body, certain, chosen):
    found = bullets(body)
    assert (found[0], found[1][1]) == (certain, chosen)


def test_no_more_bullets_are_read_than_a_list_may_have():
    body = "- x\n" * (MAX_ITEMS + 2)
    assert len(bullets(body)[1][2]) == MAX_ITEMS


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
