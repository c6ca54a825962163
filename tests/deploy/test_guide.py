"""docs/deployment.md is correct: its variables, values, services and verbs are those of the files."""

import configparser
import re
import subprocess

import pytest
import yaml

from core.settings import Settings, table
from tests.deploy.guide import Guide
from tests.deploy.test_guide_on_docker import NOT_TYPED
from tests.house.missing import require_program
from tests.house.tree import ROOT

GUIDE = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
COMPOSE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8") + (ROOT / "docker-compose.tls.yml").read_text()
DEPLOY = "".join(
    path.read_text(encoding="utf-8") for path in (ROOT / "deploy.sh", *sorted((ROOT / "deploy").glob("*.sh")))
)
NGINX = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "nginx").glob("*.conf")))
DEFAULTS = dict(re.findall(r"\$\{(HUNTER_\w+):-([^}]*)\}", COMPOSE)) | dict(
    re.findall(r"value_of (HUNTER_\w+) ([\w.-]+)", DEPLOY)
)
SET_BY_THE_SCRIPT = {"HUNTER_TAG", "HUNTER_REVISION"}


@pytest.mark.parametrize(("name", "default"), sorted(DEFAULTS.items()))
def test_every_variable_of_the_deployment_is_documented_with_its_default(name, default):
    if name in SET_BY_THE_SCRIPT:
        assert name not in GUIDE
        return
    row = next((line for line in GUIDE.splitlines() if line.startswith("| `HUNTER") and f"`{name}`" in line), "")
    assert row, f"{name} is not in docs/deployment.md"
    assert f"`{default}`" in row


def test_no_unused_variable_is_documented():
    settings = {setting.row.variable for setting in table()}
    assert set(re.findall(r"HUNTER_[A-Z_]+", GUIDE)) - DEFAULTS.keys() - settings == set()


def test_script_and_compose_agree_on_defaults():
    compose = dict(re.findall(r"\$\{(HUNTER_\w+):-([^}]*)\}", COMPOSE))
    script = dict(re.findall(r"value_of (HUNTER_\w+) ([\w.-]+)", DEPLOY))
    both = compose.keys() & script.keys()
    assert both >= {"HUNTER_BIND", "HUNTER_STOP_GRACE", "HUNTER_API_PORT"}
    assert {name: compose[name] for name in both} == {name: script[name] for name in both}


@pytest.mark.parametrize(
    ("documented", "said"),
    [
        ("200/s, 800", "zone=requests:10m rate=200r/s"), ("200/s, 800", "zone=requests burst=800"),
        ("10/s, 100", "zone=uploads:10m rate=10r/s"), ("10/s, 100", "zone=uploads burst=100"),
        ("| 2000 |", "limit_conn clients 2000;"), ("17825792", "client_max_body_size 17825792;"),
        ("| 120 s;", "proxy_read_timeout 120s;"), ("event streams 60 s", "proxy_read_timeout 60s;"), ("dashboard 3600 s", "proxy_read_timeout 3600s;"),
        ("20480", "worker_connections 20480;"),
    ],
)  # fmt: skip
def test_the_values_of_nginx_are_those_of_its_files(documented, said):
    assert documented in GUIDE
    assert said in NGINX


def test_its_commands_name_services_and_verbs_that_exist():
    services = set(yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"])
    verb = r"(?:logs(?: -f| --tail \d+)?|restart|stop|exec(?: -T)?|up -d(?: --no-deps)?|run --rm(?: -T)? --no-deps)"
    named = set(re.findall(rf"docker-compose {verb}(?: --entrypoint sh)? ([a-z][a-z-]+)", GUIDE))
    assert named
    assert named <= services
    verbs = set(re.findall(r"\./deploy\.sh ([a-z]+)", GUIDE))
    assert {"status", "rollback", "maintenance"} <= verbs
    assert all(re.search(rf"^\./deploy\.sh \[?{verb}", DEPLOY, re.MULTILINE) for verb in verbs)


def test_what_limits_conf_says_to_type_is_what_the_guide_says():
    said = re.search(r"^# .* To apply a change: (docker-compose .+)$", NGINX, re.MULTILINE)[1]
    assert f"`{said}`" in GUIDE


def test_commands_that_cron_or_a_hook_may_give_need_no_terminal():
    """`exec` without -T ends with "the input device is not a TTY" there; those for people at a terminal stay short."""
    asking = set(re.findall(r"docker-compose exec (?!-T )[^`\n]+", GUIDE))
    assert asking == {"docker-compose exec redis redis-cli ping", "docker-compose exec redis redis-cli INFO memory"}


def test_the_switch_of_plain_http_comes_after_the_certificate_was_tried():
    typed = Guide().block("TLS")
    tried, published, asked = (
        typed.index(command)
        for command in (
            "docker-compose run --rm -T --no-deps nginx -t",
            "docker-compose up -d --no-deps nginx",
            "curl https://your-server/api/health",
        )
    )
    folders = (ROOT / "nginx" / "place" / "folders.conf").read_text(encoding="utf-8")
    switch = re.search(r"^set \$tls /etc/(\S+);$", folders, re.MULTILINE)[1]
    switched = [number for number, command in enumerate(typed) if command.endswith(switch)]
    assert switched == [len(typed) - 1]
    assert tried < published < asked < switched[0]


def test_commands_that_are_not_run_on_docker_are_still_in_the_guide():
    assert NOT_TYPED.keys() <= Guide().left()


def test_the_unit_for_systemd_starts_the_api_and_waits_for_its_drain():
    unit = configparser.ConfigParser(strict=False)
    unit.optionxform = str
    unit.read_string((ROOT / "model-hunter.service").read_text(encoding="utf-8"))
    service = unit["Service"]
    assert service["ExecStart"].endswith("/bin/python -m api")
    assert int(service["TimeoutStopSec"]) >= Settings().server.drain_timeout_s + 15
    assert "ENV_FILE" in service["Environment"].split("=")[0], "root alone may read the file; systemd has"
    assert service["User"] != "root"
    assert (service["UMask"], service["StateDirectoryMode"]) == ("0077", "0700")
    for variable in re.findall(r"(\w+)=/", service["Environment"]):
        assert variable in {"TELEMETRY_DIR", "JOURNAL_DIR", "LIBRARY_URL"}


def test_systemd_rates_the_unit_as_well_protected():
    """5.1 without the restrictions of what it sees and may call; systemd calls anything below 2 "OK"."""
    analyze = require_program("systemd-analyze", "systemd")
    words = [analyze, "security", "--offline=true", "--threshold=15", ROOT / "model-hunter.service"]
    rated = subprocess.run(words, capture_output=True, text=True, check=False)
    assert rated.returncode == 0, rated.stdout[-300:] + rated.stderr
