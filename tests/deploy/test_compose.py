"""docker-compose.yml and the Dockerfiles keep their promises, for compose 1.29 and for today's specification."""

import re
import subprocess
import sys
from pathlib import PurePosixPath

import pytest
import yaml

from core.settings import Settings, table
from core.settings.deprecated import RENAMED, WITHOUT_EFFECT, constants
from tests.house.tree import ROOT

FILES = ("docker-compose.yml", "docker-compose.tls.yml")
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES = COMPOSE["services"]
ENVIRONMENT = {
    name: dict(line.partition("=")[::2] for line in service.get("environment", []))
    for name, service in SERVICES.items()
}
"""What each container is given; "" where .env or the shell says it."""
DOCKERFILES = {name: (ROOT / f"Dockerfile.{name}").read_text(encoding="utf-8") for name in ("api", "dashboard")}
NOT_GIVEN = {"DASHBOARD_HOST", "DASHBOARD_PORT"}
"""The image says them."""
FOLLOWS_FROM_THE_CONTAINER = {"INSTANCE", "ROLE", "TLS_CA_FILE"}
"""Instance: the container's name. The other two need more than a line in .env (the guide says what)."""
NEWER_THAN_1_29 = {"name", "include", "develop", "start_interval", "models", "configs"}


@pytest.mark.parametrize("file", FILES)
def test_the_files_follow_the_specification_of_today(file):
    words = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(ROOT / file)]
    checked = subprocess.run(words, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_files_use_only_features_of_compose_1_29():
    assert NEWER_THAN_1_29 & COMPOSE.keys() == set()
    for name, service in SERVICES.items():
        assert NEWER_THAN_1_29 & service.keys() == set(), name
        assert "env_file" not in service, "without .env, compose 1.29 would not start"
        assert "start_interval" not in service.get("healthcheck", {})
        assert "container_name" not in service, "it could not be scaled, nor replaced beside the old one"
    assert not any(text.startswith("# syntax=") for text in DOCKERFILES.values())


def test_the_services_are_the_four_and_an_optional_database_and_only_nginx_is_published():
    assert set(SERVICES) == {"redis", "postgres", "model-hunter", "dashboard", "nginx"}
    assert {name for name, service in SERVICES.items() if "profiles" in service} == {"postgres"}
    assert {name for name, service in SERVICES.items() if "ports" in service} == {"nginx"}
    public, api, dashboard = SERVICES["nginx"]["ports"]
    assert public == "${HUNTER_BIND:-127.0.0.1}:${HUNTER_HTTP_PORT:-80}:80"
    assert (api[:10], dashboard[:10]) == ("127.0.0.1:", "127.0.0.1:")
    assert COMPOSE["networks"]["inside"]["internal"] is True
    assert SERVICES["redis"]["networks"] == ["inside"]
    assert COMPOSE["networks"]["library"]["internal"] is True
    assert SERVICES["postgres"]["networks"] == ["inside", "library"]
    assert {name for name, one in SERVICES.items() if "library" in one.get("networks", ())} == {"postgres", "dashboard"}
    assert "library:/data/library:ro" in SERVICES["dashboard"]["volumes"]


def test_redis_keeps_what_is_live():
    words = SERVICES["redis"]["command"]
    told = dict(zip(words[1::2], words[2::2], strict=True))
    assert told["--appendonly"] == "yes"
    assert told["--maxmemory"] == "${HUNTER_REDIS_MEMORY:-256mb}"
    assert told["--maxmemory-policy"] == "noeviction"
    assert SERVICES["redis"]["volumes"] == ["redis:/data"]


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_service_is_locked_down_limited_and_comes_back(name):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] == "unless-stopped"
    assert service["logging"]["options"] == {"max-size": "10m", "max-file": "5"}
    assert {"mem_limit", "pids_limit", "stop_grace_period"} <= service.keys()
    in_image = f"Dockerfile.{name}" if "build" not in service else service["build"]["dockerfile"]
    user = service.get("user") or re.search(r"^USER (\S+)$", (ROOT / in_image).read_text(), re.MULTILINE)[1]
    assert user.split(":")[0] not in {"root", "0"}


@pytest.mark.parametrize("row", [setting.row for setting in table()], ids=lambda row: row.variable)
def test_every_setting_can_be_given_in_env(row):
    given = ENVIRONMENT["model-hunter"] | ENVIRONMENT["dashboard"]
    if row.variable in FOLLOWS_FROM_THE_CONTAINER | NOT_GIVEN:
        assert row.variable not in given
    else:
        assert row.variable in given, (
            f"{row.variable} cannot be set: add it to `environment` of model-hunter in docker-compose.yml"
        )


def test_every_deprecated_name_is_passed_on():
    """Without it, its warning never appears, and deploy.sh takes the name for a misspelling."""
    deprecated = {*RENAMED, *WITHOUT_EFFECT, *(setting.row.variable for setting in constants())}
    given = ENVIRONMENT["model-hunter"] | ENVIRONMENT["dashboard"]
    assert deprecated - given.keys() == {"REVISION"}, "the image says REVISION"


def test_what_the_dashboard_reads_reaches_it():
    """Settings that only the API got had no effect there: the length of a sign-in, for one."""
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "dashboard_app").rglob("*.py"))
    names = set(re.findall(r"(?:settings(?:\(\))?|\bnow)\.(\w+\.\w+)\b", code))
    groups = set(re.findall(r"settings\(\)\.(\w+)[,)]", code))
    variables = {s.row.variable for s in table() if f"{s.group}.{s.name}" in names or s.group in groups}
    assert variables >= {"SIGN_IN_TTL", "ALARM_WINDOW", "HUNTER_TOKENS", "TELEMETRY_CACHE"}
    assert variables - ENVIRONMENT["dashboard"].keys() == set()


@pytest.mark.parametrize("name", ["model-hunter", "dashboard"])
def test_settings_are_lines_so_that_one_more_line_sets_a_limit(name):
    """As operators write it under the service: - OPENROUTER_CONCURRENCY=10."""
    lines = SERVICES[name]["environment"]
    assert isinstance(lines, list)
    assert len(lines) == len(ENVIRONMENT[name]), "no name stands twice"


def test_proxies_are_for_the_api_alone():
    """What it calls lies outside; who asks the dashboard, and whom the dashboard asks, are neighbours."""
    proxies = {"HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"}
    given = {name: proxies & ENVIRONMENT[name].keys() for name in SERVICES}
    assert given == {name: proxies if name == "model-hunter" else set() for name in SERVICES}


def test_the_grace_of_a_stop_is_longer_than_the_drain():
    told = re.fullmatch(r"\$\{HUNTER_STOP_GRACE:-(\d+)\}s", SERVICES["model-hunter"]["stop_grace_period"])
    assert int(told[1]) >= Settings().server.drain_timeout_s + 15
    deploy = (ROOT / "deploy" / "change.sh").read_text(encoding="utf-8")
    assert f"HUNTER_STOP_GRACE {told[1]}" in deploy


@pytest.mark.parametrize("text", DOCKERFILES.values(), ids=DOCKERFILES)
def test_the_images_are_hashed_unprivileged_and_hear_the_signal(text):
    assert set(re.findall(r"^FROM (\S+)", text, re.MULTILINE)) == {"python:3.11-slim"}
    assert "--require-hashes" in text
    assert re.search(r'^CMD \["python", "-m", ', text, re.MULTILINE), "exec form: no shell before the server"
    assert text.index("COPY requirements/") < text.index("COPY core/"), "code changes do not install packages anew"
    assert text.rindex("ARG REVISION") > text.index("COPY core/")
    health = re.search(r"^HEALTHCHECK .*\\\n\s+CMD (.+)$", text, re.MULTILINE)[1]
    assert health.startswith('["python", "-m", "core.probe", "http://127.0.0.1:')
    assert "curl" not in health


def in_build_context(name):
    """As .dockerignore says it: the last pattern that fits the file or a folder above it decides."""
    levels = [name, *(str(parent) for parent in PurePosixPath(name).parents)]
    allowed = True
    for line in filter(None, (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()):
        escaped = re.escape(line.removeprefix("!"))
        pattern = escaped.replace(r"\*\*/", "(.*/)?").replace(r"\*", "[^/]*")
        if not line.startswith("#") and any(re.fullmatch(pattern, level) for level in levels):
            allowed = line.startswith("!")
    return allowed


def test_the_build_context_is_what_the_images_copy_and_nothing_else():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    copied = {
        source.rstrip("/")
        for text in DOCKERFILES.values()
        for line in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE)
        for source in line.split()
        if not source.startswith(".git/")
    }
    assert copied >= {"core", "api", "dashboard_app", "docs/api.md"}
    wanted = {name for name in tracked if any(name == one or name.startswith(f"{one}/") for one in copied)}
    assert {name for name in tracked if in_build_context(name)} == wanted
    assert all((ROOT / one).exists() for one in copied)
    assert in_build_context(".git/HEAD")


@pytest.mark.parametrize(
    "name",
    ["redis.rdb", "telemetry.tar", "library.sqlite", "library.dump", "backup/redis.rdb", "telemetry-2026.tar.gz", "dump.tgz", "nginx/tls/privkey.pem",
     "old/server.key", "client.p12", "7.journal", "journal/7.journal", "core/appendonly.aof", "id_ed25519", "notes.env",
     ".env", ".env.old", "core/.env", ".streamlit/secrets.toml", "dashboard_app/.streamlit/secrets.toml"],
)  # fmt: skip
def test_backups_keys_and_journals_reach_neither_the_images_nor_the_repository(name):
    assert not in_build_context(name)
    asked = subprocess.run(["git", "check-ignore", "-q", "--no-index", name], cwd=ROOT, check=False)
    assert asked.returncode == 0, f".gitignore lets {name} through"


def test_a_stray_folder_stays_out_of_the_build():
    for name in (
        "backup-of-monday/all",
        "my-notebooks/task.ipynb",
        ".git/config",
        ".git/objects/aa/bb",
        "tests/conftest.py",
    ):
        assert not in_build_context(name), name
