"""Further addresses are read with their keys, and each mistake in them is explained."""

import json

import pytest

from core.errors import BadSettings
from core.settings import Account, read_settings


def test_further_addresses_are_read_with_their_keys():
    rows = [{"name": "lab", "base_url": "http://127.0.0.1:9/v1/", "key_variable": "LAB_KEY", "concurrency": 2}]
    settings = read_settings({"OPENAI_COMPATIBLE": json.dumps(rows), "LAB_KEY": "k-secret"})
    lab = settings.providers.openai_compatible[0]
    assert (lab.name, lab.base_url, lab.key, lab.concurrency) == ("lab", "http://127.0.0.1:9/v1", "k-secret", 2)
    assert "k-secret" not in repr(lab)


@pytest.mark.parametrize(
    "bad",
    [
        "[",
        '{"name": "x"}',
        '[{"name": "openai", "base_url": "http://x"}]',
        '[{"name": "lab", "base_url": "x"}]',
        '[{"name": "lab", "base_url": "http://x", "concurrency": 0}]',
        '[{"name": "lab", "base_url": "http://x", "z": 1}]',
        '[{"name": "lab", "base_url": "http://x", "judge_max_output_tokens": -1}]',
        '[{"name": "lab", "base_url": "http://x", "judge_max_output_tokens": true}]',
        '[{"name": "lab", "base_url": "http://x", "target_max_output_tokens": "many"}]',
        '[{"name": "a", "base_url": "http://x"}, {"name": "a", "base_url": "http://y"}]',
    ],
)
def test_a_bad_further_address_is_refused(bad):
    with pytest.raises(BadSettings, match="OPENAI_COMPATIBLE"):
        read_settings({"OPENAI_COMPATIBLE": bad})


def test_the_key_of_a_compatible_address_may_be_quoted():
    address = '[{"name": "lab", "base_url": "http://lab:1/v1", "key_variable": "LAB_KEY"}]'
    (endpoint,) = read_settings({"OPENAI_COMPATIBLE": address, "LAB_KEY": '"k"'}).providers.openai_compatible
    assert endpoint.key == "k"


@pytest.mark.parametrize(
    "address", ["http://", "http://:80/v1", "http://host:99999/v1", "http://a b/v1", "http://[::1"]
)
def test_an_address_that_nothing_can_be_at_is_refused(address):
    with pytest.raises(BadSettings, match="lab: base_url"):
        read_settings({"OPENAI_COMPATIBLE": json.dumps([{"name": "lab", "base_url": address}])})


@pytest.mark.parametrize(
    ("base_url", "speaker"),
    [
        ("https://api.lab.example/v1", "Lab"),
        ("http://api.lab.example:80/other", "Lab"),
        ("http://gate:9/v1", "gate:9 (LAB_BASE_URL)"),
        ("http://gate/v1", "gate (LAB_BASE_URL)"),
    ],
)
def test_a_gateway_speaks_for_itself(base_url, speaker):
    account = Account("lab", base_url, label="Lab", usual_base_url="https://api.lab.example/v1")
    assert account.speaker == speaker


def test_an_account_lacks_a_key_only_where_one_is_named():
    assert Account("lab", "http://x", key_variable="LAB_KEY").lacks_key
    assert not Account("lab", "http://x", key_variable="LAB_KEY", key="k").lacks_key
    assert not Account("lab", "http://x").lacks_key
