"""Every curl in the documents is run as it stands, in order, against a real server, and must bring what is expected of it."""

import asyncio
import json
import re

import pytest

from tests.e2e.api_process import open_api
from tests.house.missing import require_program
from tests.house.tree import ROOT

BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
EXPECTED = re.compile(r"^# (\d{3})(?: (.*))?$", re.MULTILINE)
API = ROOT / "docs" / "api.md"
SAYS_STATUS = 'curl() { command curl -w "%{stderr}HTTP %{http_code} %{content_type}\\n" "$@"; }\n'


def steps(text):
    """(commands, status, what the answer holds) of every curl that has its answer expected under it."""
    for block in BLOCK.findall(text):
        at = 0
        for expected in EXPECTED.finditer(block):
            yield block[at : expected.start()], int(expected[1]), expected[2] or ""
            at = expected.end()


def test_every_curl_of_the_guide_states_its_response():
    guide = API.read_text(encoding="utf-8")
    run = "".join(commands for commands, _, _ in steps(guide))
    assert guide.count("curl -") == run.count("curl -")


def test_every_route_of_the_api_has_a_curl():
    guide = API.read_text(encoding="utf-8")
    run = (
        " ".join(commands for commands, _, _ in steps(guide))
        .replace("$SID", "{sid}")
        .replace("$RID.1", "{hid}")
        .replace("$RID", "{rid}")
        .replace("c_none", "{cid}")
        .replace("/turns/1/", "/turns/{turn}/")
        .replace("/edits/C3", "/edits/{criterion_id}")
        .replace("/settled/{cid}/C3", "/settled/{cid}/{criterion_id}")
        .replace("/readers/bob", "/readers/{name}")
        .replace("m_none", "{comment_id}")
    )
    routes = re.findall(r"`(GET|POST|PATCH|DELETE|PUT)[^`]*? (/[^`?\[ ]*)", guide)
    assert len(routes) > 10
    assert [path for _, path in routes if path not in run] == []


@pytest.mark.e2e
@pytest.mark.timeout(300)
async def test_every_curl_of_the_guide_brings_what_it_says(tmp_path):
    require_program("curl", "curl")
    guide = API.read_text(encoding="utf-8")
    every = list(steps(guide))
    assert len(every) > 20
    async with open_api(tmp_path, LIBRARY_URL=f"sqlite:///{tmp_path}/library.sqlite") as api:
        script = SAYS_STATUS + "".join(f"{commands}\necho ===; echo === >&2\n" for commands, _, _ in every)
        outs, errs = await bash(script.replace("http://localhost:8000", api.address))
        assert len(outs) == len(errs) == len(every)
        wrong = [
            (commands.strip(), expected, problem)
            for (commands, status, expected), out, err in zip(every, outs, errs, strict=True)
            if (problem := mismatch(status, expected, out, err))
        ]
        assert wrong == []


@pytest.mark.e2e
@pytest.mark.timeout(300)
async def test_every_curl_of_the_other_documents_succeeds(tmp_path):
    require_program("curl", "curl")
    documents = [ROOT / "README.md", *(p for p in (ROOT / "docs").rglob("*.md") if p != API)]
    lines = [
        line for p in documents for line in re.findall(r"^curl .*8000.*$", p.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert len(lines) >= 4
    async with open_api(tmp_path) as api:
        script = SAYS_STATUS + "".join(f"{line}\necho ===; echo === >&2\n" for line in lines)
        _, errs = await bash(script.replace("http://localhost:8000", api.address))
    assert [(line, err) for line, err in zip(lines, errs, strict=True) if "HTTP 200" not in err] == []


async def bash(script):
    """Its output and its error output, each cut at the marks between the steps. Fifty curls start one after the other,
    each waiting for its turn on a busy machine."""
    shell = await asyncio.create_subprocess_exec(
        "bash", "-c", script, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await asyncio.wait_for(shell.communicate(), 200)
    return out.decode().split("===\n")[:-1], err.decode().split("===\n")[:-1]


def mismatch(status, expected, out, err):
    """What is not as expected, "" when all is."""
    said = re.search(r"HTTP (\d{3}) ?(\S*)", err)
    if said is None or int(said[1]) != status:
        return f"{err} {out[:200]}"
    if "/" in expected:
        return "" if said[2].startswith(expected) else said[2]
    keys = {key.strip() for key in expected.split(",") if key.strip()}
    return "" if not keys else ", ".join(sorted(keys - set(json.loads(out))))
