"""Requests made up from the description, over real HTTP: no 500, and nothing that the description does not say."""

from collections import Counter

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode, checks
from schemathesis.specs.openapi import checks as openapi_checks

from tests.api.conftest import TASK
from tests.api.signing_in import ENTRIES, bearer
from tests.e2e.api_process import open_api

CHECKS = (
    checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_schema_conformance,
    openapi_checks.response_headers_conformance,
)
EXAMPLES = settings(
    max_examples=4, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


def real_ids(client):
    """A session with a run in it, for the requests whose made-up ids would only find 404."""
    sid = client.post("/api/sessions", json={"task": TASK}).json()["session_id"]
    order = {"models": ["simulated/hasty"], "hunts": 2}
    rid = client.post(f"/api/sessions/{sid}/runs", json=order).json()["run_id"]
    return {"sid": sid, "rid": rid, "hid": f"{rid}.1"}


def fuzz(operation, mode, ids, statuses, headers):
    """Send a few made-up requests to one operation, most of them about things that exist."""

    @EXAMPLES
    @given(case=operation.as_strategy(generation_mode=mode))
    def send(case):
        if case.method != "DELETE" and len(str(case.query) + str(case.body)) % 4:
            case.path_parameters.update({name: real for name, real in ids.items() if name in case.path_parameters})
        if case.path.endswith("/events"):
            case.query = {**(case.query or {}), "format": "json"}  # a stream would not end
        response = case.call_and_validate(checks=CHECKS, timeout=10, headers=headers)
        statuses[response.status_code // 100] += 1

    send()


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.timeout(240)  # about 12 s on a quiet machine
@pytest.mark.parametrize(
    ("tokens", "who", "least_good"),
    [
        ("", "", 50),
        pytest.param(ENTRIES, "root", 50, marks=pytest.mark.long),
        pytest.param(ENTRIES, "bob", 15, marks=pytest.mark.long),
        (ENTRIES, "", 5),
    ],
    ids=["no tokens", "an admin", "a trainer at somebody else's session", "a stranger"],
)
async def test_no_made_up_request_brings_an_answer_that_is_not_described(tmp_path, tokens, who, least_good):
    library = f"sqlite:///{tmp_path}/library.sqlite"
    async with open_api(tmp_path, MAX_SESSIONS="100000", HUNTER_TOKENS=tokens, LIBRARY_URL=library) as api:
        asker, owner = (bearer(who) if who else {}), (bearer("root") if tokens else {})
        described = schemathesis.openapi.from_url(f"{api.address}/openapi.json", headers=owner)
        statuses = Counter()
        with httpx.Client(base_url=api.address, headers=owner) as client:
            ids = real_ids(client)
            for operation in (found.ok() for found in described.get_all_operations()):
                fuzz(operation, GenerationMode.POSITIVE, ids, statuses, asker)
                if list(operation.body) or list(operation.query):  # nothing else can be wrong: ids are any text
                    fuzz(operation, GenerationMode.NEGATIVE, ids, statuses, asker)
            assert client.get("/api/admin/status").json()["bugs"] == 0
        assert "Traceback" not in api.said()
    assert (statuses[2] > least_good, statuses[4] > 50, statuses[5]) == (True, True, 0), statuses
