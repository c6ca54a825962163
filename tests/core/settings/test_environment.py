"""Settings are refused with sentences, never with traces or by behaving oddly."""

import json

import pytest

from core.errors import BadSettings
from core.settings import Settings, read_settings, table


def account(name, environment):
    return next(one for one in read_settings(environment).providers.accounts if one.name == name)


def test_an_empty_environment_gives_the_defaults():
    assert read_settings({}) == Settings()


def test_empty_values_count_as_not_set():
    assert account("openai", {"OPENAI_CONCURRENCY": "  "}).concurrency == 8


@pytest.mark.parametrize("bad", ["six", "0", "-1", "1.5", "1e3", "nan"])
def test_an_invalid_concurrency_is_rejected_with_an_error(bad):
    with pytest.raises(BadSettings) as refused:
        read_settings({"OPENROUTER_CONCURRENCY": bad})
    assert refused.value.message.startswith("OPENROUTER_CONCURRENCY: ")
    assert refused.value.message.endswith(".")


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(BadSettings) as refused:
        read_settings({"API_PORT": "99999", "CALL_TIMEOUT": "nan", "LOG_LEVEL": "loud", "REDIS_URL": "localhost"})
    assert len(refused.value.details["problems"]) == 4


def test_a_secret_is_not_repeated_in_the_error():
    with pytest.raises(BadSettings) as refused:
        read_settings({"REDIS_URL": "user:hunter2@somewhere"})
    assert "hunter2" not in refused.value.message


def test_every_row_is_documented_and_has_its_own_variable():
    rows = [setting.row for setting in table()]
    assert all(row.about.endswith(".") and row.unit for row in rows)
    assert len({row.variable for row in rows}) == len(rows)


@pytest.mark.parametrize(
    "address",
    ["http://", "http://:80/v1", "http://host:99999/v1", "http://host:eighty/v1", "http://a b/v1", "http://[::1"],
)
def test_an_address_that_nothing_can_be_at_is_refused_at_the_start(address):
    with pytest.raises(BadSettings, match="OPENAI_BASE_URL"):
        read_settings({"OPENAI_BASE_URL": address})


@pytest.mark.parametrize(
    "address", ["http://[::1]:8000/v1", "https://user:pass@gateway.example/a/v1", "http://localhost:1"]
)
def test_an_odd_but_good_address_is_taken(address):
    assert account("openai", {"OPENAI_BASE_URL": address}).base_url == address


@pytest.mark.parametrize("key", ["sk-1\nsk-2", "sk 1", "sk-€", "„sk-1“"])
def test_a_key_that_no_header_can_carry_is_rejected_without_revealing_it(key):
    rows = json.dumps([{"name": "lab", "base_url": "http://x", "key_variable": "LAB_KEY"}])
    for environment in ({"OPENAI_API_KEY": key}, {"OPENAI_COMPATIBLE": rows, "LAB_KEY": key}):
        with pytest.raises(BadSettings, match="contains a space, a line break or a character") as refused:
            read_settings(environment)
        assert "sk" not in refused.value.message


def test_an_invalid_address_error_lists_the_valid_schemes():
    with pytest.raises(BadSettings, match="begins with redis:// or rediss:// or unix://"):
        read_settings({"REDIS_URL": "foo"})
    with pytest.raises(BadSettings, match="begins with redis://"):
        read_settings({"REDIS_URL": "http://localhost:6379"})
    with pytest.raises(BadSettings, match=r'"foo" is not an address that begins with http:// or https://\.'):
        read_settings({"OPENAI_BASE_URL": "foo"})
    with pytest.raises(BadSettings, match="begins with http://"):
        read_settings({"API_URL": "redis://localhost"})


@pytest.mark.parametrize("key", ['"sk-1"', "'sk-1'", ' "sk-1" ', '" sk-1"'])
def test_quotes_around_a_whole_value_are_no_part_of_it(key):
    environment = {"OPENAI_API_KEY": key, "OPENROUTER_CONCURRENCY": '"10"', "REDIS_URL": "''"}
    assert account("openai", environment).key == "sk-1"
    assert account("openrouter", environment).concurrency == 10
    assert read_settings(environment).redis.url == ""


@pytest.mark.parametrize("text", ['"a" b "c"', '"open', '"', "it's"])
def test_other_quotes_stay(text):
    assert read_settings({"INSTANCE": text}).server.instance == text
