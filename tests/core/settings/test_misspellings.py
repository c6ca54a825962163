"""A misspelled setting is reported, and nothing else is."""

import pytest

from core.settings import table
from core.settings.deprecated import RENAMED, WITHOUT_EFFECT, constants
from core.settings.misspellings import misspelled_variables


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("OPENROUTER_CONCURENCY", "OPENROUTER_CONCURRENCY"),
        ("OPENROUTER_CONCURRECNY", "OPENROUTER_CONCURRENCY"),
        ("OPEN_ROUTER_API_KEY", "OPENROUTER_API_KEY"),
        ("OPENAI_APIKEY", "OPENAI_API_KEY"),
        ("OPENAI_API_KEYS", "OPENAI_API_KEY"),
        ("openai_api_key", "OPENAI_API_KEY"),
        ("DEFAULT_JUGDE", "DEFAULT_JUDGE"),
        ("REDISURL", "REDIS_URL"),
        ("API_POT", "API_PORT"),
    ],
)
def test_a_misspelled_name_is_reported_with_the_closest_setting(written, meant):
    warned = misspelled_variables([written, "PATH"], ())
    text = f"Unknown setting {written} ignored; did you mean {meant}?"
    assert list(warned) == [(written, meant, text)]


COMMON = [
    "PATH",
    "HOME",
    "USER",
    "SHELL",
    "LANG",
    "LC_ALL",
    "TERM",
    "PWD",
    "OLDPWD",
    "SHLVL",
    "LOGNAME",
    "HOSTNAME",
    "DISPLAY",
    "EDITOR",
    "PAGER",
    "MAIL",
    "TZ",
    "TMPDIR",
    "COLUMNS",
    "LINES",
    "_",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "PYTHONPATH",
    "PYTHONUNBUFFERED",
    "PYTHONDONTWRITEBYTECODE",
    "VIRTUAL_ENV",
    "PIP_INDEX_URL",
    "UV_CACHE_DIR",
    "LOGLEVEL",
    "DEBUG",
    "ENV",
    "HOST",
    "PORT",
    "OPENAI_ORG_ID",
    "OPENAI_ORGANIZATION",
    "OPENAI_PROJECT_ID",
    "OPENAI_API_VERSION",
    "OPENAI_API_TYPE",
    "OPENAI_MODEL",
    "AZURE_OPENAI_API_KEY",
    "ANTHROPIC_API_KEY",
    "GROQ_API_KEY",
    "MISTRAL_API_KEY",
    "OPENAI_API_KEY_2",
    "OPENAI_API_KEY2",
    "OPENROUTER_API_KEY_1",
    "REDIS_HOST",
    "REDIS_PORT",
    "REDIS_PASSWORD",
    "REDIS_DB",
    "DATABASE_URL",
    "APP_PORT",
    "APP_HOST",
    "API_KEY",
    "API_TOKEN",
    "DOCKER_HOST",
    "COMPOSE_PROJECT_NAME",
    "CI",
    "GITHUB_TOKEN",
    "GITHUB_ACTIONS",
    "KUBERNETES_SERVICE_HOST",
    "SSH_AUTH_SOCK",
    "XDG_RUNTIME_DIR",
    "XDG_SESSION_TYPE",
    "DBUS_SESSION_BUS_ADDRESS",
    "STREAMLIT_SERVER_PORT",
    "HUNTER_BIND",
    "HUNTER_REPLICAS",
    "HUNTER_TOKENS",
    "INSTANCE_ID",
    "SESSION_MANAGER",
    "JAVA_HOME",
    "GOPATH",
    "NODE_ENV",
    "MAKEFLAGS",
    "MAKELEVEL",
    "TEST_WORKERS",
    "SIMULATE",
    "DEMO",
]


def test_variables_of_others_are_no_alarm():
    assert list(misspelled_variables(COMMON, ())) == []


def test_our_own_are_no_alarm_nor_are_deprecated_ones_nor_the_key_of_a_further_address():
    ours = [*(setting.row.variable for setting in (*table(), *constants())), *RENAMED, *WITHOUT_EFFECT]
    assert list(misspelled_variables([*ours, "OPENAI_API_KEYS"], {"OPENAI_API_KEYS"})) == []
