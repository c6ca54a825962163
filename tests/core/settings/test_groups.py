"""All settings in groups, and the table that lists each of them once."""

import pytest

from core.errors import BadSettings
from core.settings import table
from tests.settings import make_settings


def test_every_variable_stands_once_with_what_it_is_for():
    variables = [setting.row.variable for setting in table()]
    assert sorted(set(variables)) == sorted(variables)
    assert [setting.row.variable for setting in table() if not (setting.row.about and setting.row.unit)] == []


def test_a_row_leads_to_its_value():
    by_variable = {setting.row.variable: setting for setting in table()}
    port, key = by_variable["API_PORT"], by_variable["OPENAI_API_KEY"]
    assert (port.group, port.name, port.default) == ("server", "api_port", 8000)
    assert (key.group, key.name, key.row.secret) == ("providers", "openai.key", True)


@pytest.mark.parametrize(
    ("published_on", "listens_at", "refused"),
    [("", "127.0.0.1", ""), ("", "0.0.0.0", "API_HOST"), ("127.0.0.1", "0.0.0.0", ""), ("0.0.0.0", "127.0.0.1", "HUNTER_BIND")],
)  # fmt: skip
def test_without_tokens_only_this_machine_may_be_served(published_on, listens_at, refused):
    settings = make_settings(server__published_on=published_on)
    if not refused:
        settings.reject_open_access(listens_at, "API_HOST")
        return
    with pytest.raises(BadSettings, match=refused):
        settings.reject_open_access(listens_at, "API_HOST")
