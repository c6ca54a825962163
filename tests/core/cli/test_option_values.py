"""What an option takes becomes a value, and anything else an error that says what would be right."""

from argparse import ArgumentTypeError
from datetime import UTC, datetime

import pytest

from core.access.tokens import Scope
from core.cli import option_values as values
from core.domain.task import PassRule


@pytest.mark.parametrize(
    ("take", "text", "value"),
    [
        (values.hunt_count, "1000", 1000),
        (values.sample_count, "2", 2),
        (values.list_limit, "10000", 10_000),
        (values.call_count, "1", 1),
        (values.day_count, "0", 0),
        (values.port, "65535", 65535),
        (values.day, "2026-11-01", datetime(2026, 11, 1, tzinfo=UTC)),
        (values.pass_rule, "all", PassRule.ALL),
        (values.scope, "admin", Scope.ADMIN),
        (values.setting, "reasoning.effort=low", ("reasoning.effort", "low")),
        (values.setting, "temperature=0.2", ("temperature", 0.2)),
    ],
)
def test_what_an_option_takes_is_a_value(take, text, value):
    assert take(text) == value


@pytest.mark.parametrize(
    ("take", "text", "said"),
    [
        (values.sample_count, "1", '"1" is not a number of samples; give 2 to'),
        (values.list_limit, "10001", "give 1 to 10000"),
        (values.call_count, "0", '"0" is not a number of calls; give at least 1'),
        (values.day_count, "36501", "give 0 to 36500"),
        (values.day, "1.11.2026", "give it as 2026-11-01"),
        (values.setting, "=1", "is not name=value"),
    ],
)
def test_anything_else_is_an_error_with_what_it_takes(take, text, said):
    with pytest.raises(ArgumentTypeError, match=said):
        take(text)
