"""The documentation tells the truth about settings, routes and where things are."""

import argparse
import json
import re
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest

from api.app import create_app
from core.cli.options import EXIT_CODES, parser
from core.domain.task import MIN_CRITERIA, PassRule, refuse_unhuntable
from core.notebooks.document import Bounds
from core.notebooks.parse import parse_notebook
from core.redis.keys import (
    INSTANCES,
    MARKER,
    OPEN_JOBS,
    SECRET,
    SESSIONS,
    budget_keys,
    instance_key,
    mark_key,
    probe_key,
    session_keys,
    throttle_keys,
    work_key,
)
from core.runtime import open_runtime
from core.settings import Settings, table
from tests.house.tree import files
from tests.settings import make_settings
from tools.settings_docs import DOCUMENTS, rendered

ROOT = Path(__file__).parents[2]
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
NOTEBOOKS = (ROOT / "docs" / "notebooks.md").read_text(encoding="utf-8")
API = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_tables_of_settings_are_those_of_the_code(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert rendered(text) == text, "run make docs"


def test_every_setting_has_a_row_in_the_operations_guide():
    assert [s.row.variable for s in table() if f"| `{s.row.variable}` |" not in OPERATIONS] == []


def test_the_operations_guide_lists_exactly_the_redis_keys_that_are_made():
    made = {
        *session_keys("<sid>").all, SESSIONS, mark_key("<mark>"), MARKER, probe_key("<instance>"),
        *throttle_keys("<account>").all, *budget_keys("<day>", "<kind>", "<name>"), work_key("<job>"), OPEN_JOBS,
        "streaq:model-hunter:*", INSTANCES, instance_key("<name>"), SECRET,
    }  # fmt: skip
    assert set(re.findall(r"^\| `((?:mh|streaq):[^`]+)` \|", OPERATIONS, re.MULTILINE)) == made


async def test_every_route_is_in_the_api_guide(tmp_path):
    async with open_runtime(make_settings(telemetry__directory=str(tmp_path))) as runtime:
        rules = {re.sub(r"<(?:path:)?(\w+)>", r"{\1}", rule.rule) for rule in create_app(runtime).url_map.iter_rules()}
    undocumented = {rule for rule in rules if not rule.startswith("/static") and rule not in {"/", "/favicon.ico"}}
    shown = API.replace("/live`", "/api/health/live`")
    assert sorted(rule for rule in undocumented if rule not in shown) == []


def test_no_link_between_documents_is_broken():
    broken = []
    for document in [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8")):
            if not (document.parent / target).exists():
                broken.append(f"{document.relative_to(ROOT)}: {target}")
    assert broken == []


def test_every_document_cited_in_the_code_exists():
    ours = [*files(".py", ".js", ".lua", ".css"), ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    cited = {path: set(re.findall(r"[\w./-]+\.md\b", path.read_text(encoding="utf-8"))) for path in ours}
    lost = {
        (path.relative_to(ROOT).as_posix(), name)
        for path, names in cited.items()
        for name in names
        if not any((folder / name).exists() for folder in (path.parent, ROOT, ROOT / "docs"))
    }
    assert sorted(lost) == []


def test_the_shortest_task_of_the_notebook_guide_can_be_hunted_as_it_is_printed():
    (printed,) = re.findall(r"^```json\n(.*?)^```", NOTEBOOKS, re.MULTILINE | re.DOTALL)
    loaded = parse_notebook(printed.encode(), Bounds(Settings().notebooks.max_bytes))
    refuse_unhuntable(loaded.task)
    assert {w.code for w in loaded.warnings} == {"built_in_judge_template", "built_in_judge_system_prompt"}
    assert (len(loaded.task.criteria), loaded.task.pass_rule) == (MIN_CRITERIA, PassRule.MAJORITY)
    assert loaded.task.response == "Danube\nRhine\nElbe"
    nbformat.validate(json.loads(printed))


def test_every_file_that_the_architecture_names_exists():
    named = set(re.findall(r"`((?:core|api|dashboard_app)/[\w/]+(?:\.py|/))`", ARCHITECTURE))
    assert len(named) > 30
    assert sorted(name for name in named if not (ROOT / name).exists()) == []


def test_the_operations_guide_lists_the_exit_codes_of_the_command_line():
    codes = re.findall(r"^  (\d+) +(.+)$", EXIT_CODES, re.MULTILINE)
    assert len(codes) == 4
    assert [(code, words) for code, words in codes if f"| {code} | {words} |" not in OPERATIONS] == []


def test_the_changelog_says_each_thing_once_under_headings_of_their_own():
    lines = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
    spoken = [line for line in lines if line.strip()]
    assert sorted({line for line in spoken if spoken.count(line) > 1}) == []
    assert [line for before, line in pairwise(lines) if line.startswith("#") and before.strip()] == []


def test_the_operations_guide_lists_every_command():
    subcommands = next(a for a in parser()._actions if isinstance(a, argparse._SubParsersAction))
    assert [name for name in subcommands.choices if f"`{name}`" not in OPERATIONS] == []
