"""Accounts of the provider table, and the variables that each of them has."""

from core.settings import ProviderSettings
from core.settings.accounts import Account
from core.settings.providers import account_rows, table_accounts


def test_every_account_has_a_key_an_address_a_limit_and_models():
    rows = {name: row for name, row, _ in account_rows()}
    for account in table_accounts():
        name = account.name.upper()
        found = {field: rows[f"{account.name}.{field}"] for field in ("key", "base_url", "concurrency", "models")}
        assert {field: row.variable for field, row in found.items()} == {
            "key": f"{name}_API_KEY",
            "base_url": f"{name}_BASE_URL",
            "concurrency": f"{name}_CONCURRENCY",
            "models": f"{name}_MODELS",
        }
        assert [field for field, row in found.items() if row.secret] == ["key"]
    assert len(rows) == 4 * len(table_accounts())


def test_the_default_of_a_variable_is_that_of_its_account():
    defaults = {name: default for name, _, default in account_rows()}
    openai = next(account for account in table_accounts() if account.name == "openai")
    assert (defaults["openai.base_url"], defaults["openai.concurrency"]) == (openai.base_url, openai.concurrency)
    assert defaults["openai.key"] == ""


def test_one_account_changes_and_the_others_stay():
    before = ProviderSettings(openai_compatible=(Account("mine", "http://localhost/v1", ""),))
    after = before.with_account("openai", key="k" * 8)
    changed = {a.name: (a.key, b.key) for a, b in zip(before.all_accounts, after.all_accounts, strict=True) if a != b}
    assert changed == {"openai": ("", "k" * 8)}
    assert after.all_accounts[-1].name == "mine"
    assert after.with_account("nobody", key="x") == after
