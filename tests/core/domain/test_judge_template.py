"""Templates of judge prompts as both readers see them."""

import pytest

from core.domain.judge_template import (
    FOLLOWS,
    PLACEHOLDERS,
    format_parts,
    format_problem,
    is_format_string,
    readable_template,
    template_parts,
)

VALUES = {"prompt": "P", "model_response": "R", "standard_response": "S", "criteria": "C"}
ALL = "{prompt} {response} {standard_response} {criteria}"
TEMPLATES = [
    ALL,
    "",
    "Be strict.",
    '{prompt}\nAnswer as {"result": "PASS"}.',
    "{prompt} {unknown} {} {0} { criteria }",
    "{{prompt}} {{response}}",
    '{{"result": "PASS"}} {model_resposne}',
    "{response_reference} { and }",
    "{prompt!r} {criteria:>9} {response.upper}",
    '{"a": {"b": "{prompt}"}}',
    "}{ {{ }} {prompt}}",
]


def shown_here(template: str) -> str:
    parts = template_parts(template)
    return "".join(text + (VALUES[PLACEHOLDERS[name]] if name else "") for text, name in parts)


def formatted(template: str) -> str:
    return template.format(**{name: VALUES[known] for name, known in PLACEHOLDERS.items()})


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_format_string_is_what_str_format_accepts(template):
    try:
        text = formatted(template)
    except (ValueError, LookupError, AttributeError):
        assert format_problem(template)
        return
    assert (
        format_problem(template)
        or "".join(t + (VALUES[PLACEHOLDERS[n]] if n else "") for t, n in format_parts(template)) == text
    )


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("canonical", [True, False])
def test_a_readable_template_says_to_both_what_it_said_here(template, canonical):
    readable = readable_template(template, canonical=canonical)
    assert is_format_string(readable)
    assert formatted(readable) == shown_here(readable)
    assert formatted(readable).startswith(shown_here(template))
    assert {PLACEHOLDERS[name] for _, name in format_parts(readable) if name} == set(VALUES)
    assert readable_template(readable, canonical=canonical) == readable


def test_values_without_a_placeholder_follow_with_an_introduction():
    assert readable_template("{prompt} {response}") == (
        f"{{prompt}} {{response}}\n\n{FOLLOWS['standard_response']}\n{{standard_response}}\n\n"
        f"{FOLLOWS['criteria']}\n{{criteria}}"
    )
    assert readable_template(ALL) == ALL
    assert readable_template(ALL, canonical=True) == ALL.replace("{response}", "{model_response}")


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ('{"result": "PASS"}', '{"result": "PASS"} is no placeholder'),
        ("{grade}", "{grade} is no placeholder"),
        ("{}", "{} is no placeholder"),
        ("{prompt!r}", "{prompt!r} is no placeholder"),
        ("a }", "single '}' encountered in format string"),
        ("{prompt", "expected '}' before end of string"),
    ],
)
def test_the_problem_is_named(template, problem):
    assert format_problem(template) == problem
    assert not is_format_string(template)


def test_placeholders_in_doubled_braces_are_literal_to_str_format_and_filled_here():
    assert format_problem("{{prompt}}") == ""
    assert not is_format_string("{{prompt}}")
    assert shown_here("{{prompt}}") == "{P}"
