"""Access control: callers, ownership of sessions, and requests from other sites. Covers every route."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from api.app import create_app
from core.access.cookies import COOKIE, new_cookie
from core.access.tokens import entry_of, new_token
from core.clock import SystemClock
from core.runtime import open_runtime
from core.settings import read_settings
from tests.api.conftest import QUICK
from tests.api.people import People
from tests.api.signing_in import ENTRIES, SCOPES, TOKENS, bearer, holders, signed_in
from tests.settings import make_settings

LIFE_S = 3600.0
OPEN = {"/api/health", "/api/health/live", "/api/health/ready", "/sign-in", "/api/sign-in", "/api/sign-out", "/api/who",
        "/favicon.ico", "/static/<path:filename>", "/static/v/<string:version>/<path:filename>"}  # fmt: skip
ADMIN_PREFIXES = {"/api/admin/status", "/metrics"}
SENT_ON = {"/", "/docs"}


@pytest.fixture
def changes():
    return {"access__tokens": holders(), "access__sign_in_ttl_s": LIFE_S}


@pytest.fixture
async def alices(client, task):
    """A session of alice's, with a run in it that has ended."""
    opened = await client.post("/api/sessions", json={"task": task}, headers=bearer("alice"))
    sid = (await opened.get_json())["session_id"]
    order = {"models": ["simulated/hasty"], "hunts": 1}
    started = await client.post(f"/api/sessions/{sid}/runs", json=order, headers=bearer("alice"))
    rid = (await started.get_json())["run_id"]
    async with asyncio.timeout(10):
        while not (await (await client.get(f"/api/sessions/{sid}/runs/{rid}", headers=bearer("alice"))).get_json())[
            "finished_at"
        ]:
            await asyncio.sleep(0.01)
    return sid, rid


def rules(runtime):
    """(method, rule) of every route."""
    every = create_app(runtime).url_map.iter_rules()
    return sorted((method, rule.rule) for rule in every for method in rule.methods - {"HEAD", "OPTIONS"})


def address(rule, sid="s_none", rid="r_none"):
    values = {"<sid>": sid, "<rid>": rid, "<hid>": f"{rid}.1", "<cid>": f"{rid}.1", "<turn>": "1",
              "<criterion_id>": "C1", "<comment_id>": "m_none", "<name>": "carol"}  # fmt: skip
    for name, value in values.items():
        rule = rule.replace(name, value)
    return rule.replace("<path:filename>", "favicon.svg")


async def code(answer):
    return (await answer.get_json())["error"]["code"]


async def test_without_a_sign_in_every_route_but_the_open_ones_refuses(client, runtime):
    for method, rule in rules(runtime):
        answer = await client.open(address(rule), method=method, json={})
        if rule in OPEN:
            assert answer.status_code in {200, 204, 400, 404}, rule
        elif rule in SENT_ON:
            assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (303, "/sign-in"), rule
        else:
            assert (answer.status_code, await code(answer)) == (401, "not_signed_in"), (method, rule)
            assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert {rule for _, rule in rules(runtime)} >= OPEN | ADMIN_PREFIXES | SENT_ON


async def test_missing_routes_are_not_revealed_without_a_sign_in(client):
    for path in ("/nowhere", "/api/sessions/s_x/nothing"):
        assert (await client.get(path)).status_code == 401
        assert (await client.get(path, headers=bearer("alice"))).status_code == 404


async def test_health_reveals_no_secret_without_a_sign_in(client):
    told = await (await client.get("/api/health")).get_json()
    assert told.keys() == {"status", "reason", "version", "revision", "sessions_backend", "simulated_only"}


@pytest.mark.parametrize("rule", sorted(ADMIN_PREFIXES))
async def test_only_admins_see_the_state_of_the_house(client, rule):
    assert (await client.get(rule, headers=bearer("root"))).status_code == 200
    refused = await client.get(rule, headers=bearer("alice"))
    assert (refused.status_code, await code(refused)) == (403, "not_allowed")


FOR_THE_SECOND_REVIEWER = {
    ("GET", "/api/sessions/<sid>/desk"), ("PUT", "/api/sessions/<sid>/reviews/<cid>"),
    ("GET", "/api/sessions/<sid>/second-review"), ("POST", "/api/sessions/<sid>/second-review/done"),
    ("PUT", "/api/sessions/<sid>/second-review/settled/<cid>/<criterion_id>"),
}  # fmt: skip
FOR_A_READER = {
    ("POST", "/api/sessions/<sid>/comments"), ("DELETE", "/api/sessions/<sid>/comments/<comment_id>"),
    ("DELETE", "/api/sessions/<sid>/readers/<name>"),
}  # fmt: skip
"""Besides every route that changes nothing."""


@pytest.mark.parametrize("reviewer", ["bob", "root"])
async def test_a_second_reviewer_has_the_desk_and_no_other_route_even_as_an_admin(client, runtime, task, reviewer):
    people = People(client)
    await people.hunted()
    await people.asked(reviewer)
    before = await runtime.store.read(people.sid)
    rid = before.runs[0].run_id
    for method, rule in rules(runtime):
        if "<sid>" in rule:
            where = address(rule, people.sid, rid)
            answer = await client.open(where, method=method, json={}, headers=bearer(reviewer))
            if (method, rule) in FOR_THE_SECOND_REVIEWER:
                allowed = answer.status_code == 200 or await code(answer) in {
                    "no_card",
                    "reviews_incomplete",
                    "bad_input",
                }
                assert allowed, (method, rule)
            else:
                assert (answer.status_code, await code(answer)) == (403, "review_only"), (method, rule)
    assert await runtime.store.read(people.sid) == before
    asked = {"session_ids": [people.sid]}
    rows = await (await client.post("/api/sessions/summaries", json=asked, headers=bearer(reviewer))).get_json()
    assert rows == {"sessions": [{"session_id": people.sid, "gone": True}]}


@pytest.mark.parametrize("keeps", [True, False])
async def test_who_gave_a_session_away_has_no_access_but_to_read_if_they_kept_it(client, runtime, alices, keeps):
    sid, rid = alices
    given = {"to": "bob", "keep_access": keeps}
    assert (await client.post(f"/api/sessions/{sid}/transfer", json=given, headers=bearer("alice"))).status_code == 204
    before = await runtime.store.read(sid)
    for method, rule in rules(runtime):
        if "<sid>" not in rule:
            continue
        where = address(rule, sid, rid) + ("?format=json" if rule.endswith("/events") else "")
        answer = await client.open(where, method=method, json={}, headers=bearer("alice"))
        if not keeps:
            assert (answer.status_code, await code(answer)) == (404, "no_session"), (method, rule)
        elif method == "GET" or (method, rule) in FOR_A_READER:
            wrong = answer.status_code >= 400 and await code(answer) in {"no_session", "review_only"}
            assert not wrong, (method, rule)
        else:
            assert (answer.status_code, await code(answer)) == (403, "read_only"), (method, rule)
    assert await runtime.store.read(sid) == before
    assert (await client.get(f"/api/sessions/{sid}", headers=bearer("bob"))).status_code == 200


async def test_somebody_elses_session_does_not_exist_on_any_route(client, runtime, alices):
    sid, rid = alices
    of_sessions = [(method, rule) for method, rule in rules(runtime) if "<sid>" in rule]
    assert len(of_sessions) > 20
    before = await runtime.store.read(sid)
    for method, rule in of_sessions:
        theirs = await client.open(address(rule, sid, rid), method=method, json={}, headers=bearer("bob"))
        nobodys = await client.open(address(rule), method=method, json={}, headers=bearer("bob"))
        assert theirs.status_code == nobodys.status_code == 404, (method, rule)
        assert await theirs.get_data() == await nobodys.get_data(), (method, rule)
    assert await runtime.store.read(sid) == before


async def test_its_owner_and_an_admin_reach_a_session_on_every_route(client, runtime, alices):
    sid, rid = alices
    for name in ("alice", "root"):
        for method, rule in rules(runtime):
            if "<sid>" in rule and method != "DELETE":
                where = address(rule, sid, rid) + ("?format=json" if rule.endswith("/events") else "")
                answer = await client.open(where, method=method, json={}, headers=bearer(name))
                assert answer.status_code not in {401, 403}, (method, rule)
                if answer.status_code == 404:
                    assert await code(answer) != "no_session", (method, rule)
    assert (await client.delete(f"/api/sessions/{sid}", headers=bearer("root"))).status_code == 204


async def test_a_list_shows_what_is_ones_own(client, alices, task):
    sid, _ = alices
    own = (await (await client.post("/api/sessions", json={"task": task}, headers=bearer("bob"))).get_json())[
        "session_id"
    ]
    seen = {}
    for name in SCOPES:
        asked = {"session_ids": [sid, own, "s_gone"]}
        rows = await (await client.post("/api/sessions/summaries", json=asked, headers=bearer(name))).get_json()
        assert [row["session_id"] for row in rows["sessions"]] == asked["session_ids"]
        seen[name] = [not row.get("gone", False) for row in rows["sessions"]]
    assert seen == {"alice": [True, False, False], "bob": [False, True, False], "root": [True, True, False]}


async def test_the_same_idempotency_key_is_another_session_for_another_person(client, task):
    opened = {}
    for name in ("alice", "bob", "alice"):
        headers = {**bearer(name), "Idempotency-Key": "capital-1"}
        answer = await client.post("/api/sessions", json={"task": task}, headers=headers)
        body = await answer.get_json()
        assert body["also_open"] is False
        assert opened.setdefault(name, body["session_id"]) == body["session_id"]
    assert opened["alice"] != opened["bob"]


async def test_what_was_made_before_there_were_tokens_is_the_admins(client, runtime, task):
    nobodys = create_app_without_tokens(runtime).test_client()
    sid = (await (await nobodys.post("/api/sessions", json={"task": task})).get_json())["session_id"]
    seen = [(await client.get(f"/api/sessions/{sid}", headers=bearer(name))).status_code for name in SCOPES]
    assert seen == [404, 404, 200]


def create_app_without_tokens(runtime):
    return create_app(replace(runtime, settings=make_settings(runtime.settings, access__tokens=())))


async def test_a_process_that_only_works_is_guarded_too(runtime):
    worker = create_app(replace(runtime, settings=make_settings(runtime.settings, server__role="worker"))).test_client()
    seen = [
        (await worker.get(path)).status_code for path in ("/api/health", "/api/admin/status", "/metrics", "/sign-in")
    ]
    assert seen == [200, 401, 401, 401]
    assert (await worker.get("/api/admin/status", headers=bearer("root"))).status_code == 200


ADDRESSES = [
    "http://127.0.0.1:6379/x", "http://169.254.169.254/latest", "openai@127.0.0.1/x", "//127.0.0.1/x", "127.0.0.1/x",
    "https://evil.example/v1", "lab/x", "simulated@evil/x",
]  # fmt: skip


@pytest.mark.parametrize("model", ADDRESSES)
async def test_no_request_names_a_providers_address(client, alices, model):
    sid, _ = alices
    orders = [("runs", {"models": [model]}), ("runs", {"models": ["simulated/hasty"], "judge_model": model}),
              ("trials", {"model": model}), ("reference-check", {"judge_model": model})]  # fmt: skip
    for route, order in orders:
        refused = await client.post(f"/api/sessions/{sid}/{route}", json=order, headers=bearer("alice"))
        assert (refused.status_code, await code(refused)) == (400, "unknown_model"), route
    for extra in ({"base_url": "http://127.0.0.1/v1"}, {"url": "http://127.0.0.1/v1"}):
        order = {"models": ["simulated/hasty"], **extra}
        assert (await client.post(f"/api/sessions/{sid}/runs", json=order, headers=bearer("alice"))).status_code == 400


# -- the sign-in


async def test_a_wrong_bearer_is_not_saved_by_a_good_cookie(client):
    await signed_in(client)
    assert (await client.get("/api/models", headers={"Authorization": "Bearer mh_wrong"})).status_code == 401


def forged():
    alice, bob, _ = holders()
    now = SystemClock().now().timestamp()
    good = new_cookie(alice, now, 60)
    name, expiry, signature = good.rsplit(".", 2)
    stranger = read_settings({"HUNTER_TOKENS": entry_of("alice", "trainer", new_token(b"x" * 32))}).access.tokens[0]
    return {
        "run out": new_cookie(alice, now - 61, 60),
        "a longer life": f"{name}.{int(expiry) + 9999}.{signature}",
        "another name": f"root.{expiry}.{signature}",
        "another's signature": f"{name}.{expiry}.{new_cookie(bob, now, 60).rsplit('.', 1)[1]}",
        "no signature": f"{name}.{expiry}.",
        "cut": good[:-1],
        "a byte more": good + "A",
        "of a token that is gone": new_cookie(stranger, now, 60),
        "nobody": f".{expiry}.{signature}",
        "an odd number": f"{name}.²99999999999.{signature}",
        "no number": f"{name}.never.{signature}",
        "a negative one": f"{name}.-1.{signature}",
        "a huge one": f"{name}.{'9' * 5000}.{signature}",
        "nothing": "",
        "dots": "...",
        "not ASCII": f"{name}.{expiry}.ü",
    }


@pytest.mark.parametrize("cookie", forged().values(), ids=forged().keys())
async def test_a_forged_or_stale_cookie_lets_nobody_in(client, cookie):
    assert (await client.get("/api/models", headers={"Cookie": f"{COOKIE}={cookie}"})).status_code == 401


async def test_a_cookie_runs_out(client, runtime):
    await signed_in(client)
    runtime.clock.source.later = timedelta(seconds=LIFE_S - 5)
    assert (await client.get("/api/models")).status_code == 200
    runtime.clock.source.later = timedelta(seconds=LIFE_S + 5)
    assert (await client.get("/api/models")).status_code == 401


async def test_another_process_knows_a_pass_and_a_token_that_is_gone_takes_it_along(client, tmp_path):
    cookie = (await signed_in(client)).headers["Set-Cookie"].partition(";")[0]
    seen = []
    for entries in (ENTRIES, ENTRIES.partition(",")[2]):
        settings = make_settings(
            read_settings({"HUNTER_TOKENS": entries}), telemetry__directory=str(tmp_path / "other")
        )
        async with open_runtime(settings) as other:
            answer = await create_app(other).test_client().get("/api/models", headers={"Cookie": cookie})
            seen.append(answer.status_code)
    assert seen == [200, 401]


# -- other sites


CHANGES = [("POST", "/api/sessions"), ("POST", "/api/sign-in"), ("POST", "/api/sign-out"), ("POST", "/api/markdown")]


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "http://localhost:3000"},
     {"Origin": "http://localhost.evil.example"}, {"Origin": "http://["}, {"Origin": ""},
     {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
     {"Origin": "http://localhost", "Sec-Fetch-Site": "cross-site"}],
)  # fmt: skip
async def test_another_sites_page_changes_nothing_with_a_cookie(client, runtime, alices, headers):
    await signed_in(client)
    sid, rid = alices
    of_changes = [(m, address(r, sid, rid)) for m, r in rules(runtime) if m != "GET"]
    for method, path in of_changes:
        refused = await client.open(path, method=method, json={"example": "word-budget"}, headers=headers)
        assert (refused.status_code, await code(refused)) == (403, "foreign_origin"), (method, path)
    assert (await client.get(f"/api/sessions/{sid}")).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": "http://localhost"}, {"Origin": "http://LOCALHOST", "Sec-Fetch-Site": "same-origin"},
     {"Sec-Fetch-Site": "none"}],
)  # fmt: skip
async def test_our_own_page_and_programs_change_things(client, headers):
    await signed_in(client)
    answer = await client.post("/api/sessions", json={"example": "word-budget"}, headers=headers)
    assert answer.status_code == 201


async def test_a_form_of_another_kind_is_no_json(client):
    await signed_in(client)
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        for path in ("/api/sessions", "/api/sign-in"):
            body = '{"token": "x"}'
            assert (await client.post(path, data=body, headers={"Content-Type": kind})).status_code == 415


NAMES = {
    "localhost": 200, "localhost:8000": 200, "LocalHost": 200, "localhost.": 200, "127.0.0.1:8000": 200, "[::1]:8000": 200,
    "a.localhost": 200, "192.168.1.5": 200, "hunter.example": 200, "Hunter.Example:80": 200,
    "evil.example": 403, "evil.example:8000": 403, "localhost.evil.example": 403, "127.0.0.1.evil.example": 403,
    "evil.example:localhost": 403, "notlocalhost": 403, "sub.hunter.example": 403,
}  # fmt: skip


@pytest.mark.parametrize(("host", "status"), NAMES.items())
async def test_without_tokens_only_known_names_are_answered(tmp_path, host, status):
    """A page whose own name leads to this machine (DNS rebinding) is of our origin, but not of our name."""
    async with open_runtime(
        make_settings(telemetry__directory=str(tmp_path), access__hosts=("hunter.example",))
    ) as runtime:
        client = create_app(runtime).test_client()
        for method, path in (("GET", "/api/health"), ("GET", "/api/models"), ("POST", "/api/markdown")):
            headers = {"Host": host, "Origin": f"http://{host.removesuffix(':80')}"}
            answer = await client.open(
                path, method=method, headers=headers, **({"json": {"text": "x"}} if method == "POST" else {})
            )
            assert answer.status_code == status, path


async def test_with_tokens_the_name_does_not_matter(client):
    answer = await client.get("/api/models", headers={"Host": "hunter.example", **bearer("alice")})
    assert answer.status_code == 200


@pytest.mark.parametrize("name", ["alice", "root"])
async def test_one_name_cannot_use_up_the_sessions_of_all(tmp_path, task, name):
    settings = make_settings(
        access__tokens=holders(),
        telemetry__directory=str(tmp_path),
        providers__simulated_script=QUICK,
        sessions__max_sessions=5,
    )
    async with open_runtime(settings, seed=1) as opened:
        client = create_app(opened).test_client()

        async def open_one(who):
            answer = await client.post("/api/sessions", json={"task": task}, headers=bearer(who))
            return answer.status_code, (await answer.get_json()).get("error", {}).get("code")

        assert [await open_one(name) for _ in range(3)] == [(201, None), (201, None), (429, "share_used_up")]
        assert await open_one("bob") == (201, None)


async def test_who_is_wrong_again_and_again_waits_for_seconds_and_nobody_else_does(client):
    wrong = {"Authorization": "Bearer mh_wrong", "X-Real-IP": "203.0.113.7"}
    asked = [await client.get("/api/models", headers=wrong) for _ in range(9)]
    assert [answer.status_code for answer in asked] == [401] * 5 + [429] * 4
    assert (await asked[-1].get_json())["error"]["code"] == "too_many_tries"
    assert 1 <= int(asked[-1].headers["Retry-After"]) <= 30
    braked = await client.post("/api/sign-in", json={"token": "mh_wrong"}, headers=wrong)
    assert braked.status_code == 429
    # a program with a right token is let in, the other address too, and health answers whatever is sent with it
    right = bearer("alice") | {"X-Real-IP": "203.0.113.7"}
    assert (await client.get("/api/models", headers=right)).status_code == 200
    other = {"X-Real-IP": "198.51.100.9"}
    assert (await client.post("/api/sign-in", json={"token": TOKENS["alice"]}, headers=other)).status_code == 200
    assert (await client.get("/api/health", headers=wrong)).status_code == 200


@pytest.mark.parametrize(
    ("peer", "trusted", "named"),
    [("10.0.0.7", "", False), ("192.168.1.9", "10.0.0.0/8", False), ("10.0.0.7", "10.0.0.0/8", True),
     ("172.18.0.3", "private", True), ("127.0.0.1", "", True), ("8.8.8.8", "private", False)],
)  # fmt: skip
async def test_forwarded_addresses_are_accepted_from_trusted_proxies_only(tmp_path, peer, trusted, named):
    """A client that reaches the port directly, even from a private network, cannot use another address for each
    attempt."""
    settings = make_settings(
        read_settings({"HUNTER_TOKENS": ENTRIES, "TRUSTED_PROXIES": trusted}), telemetry__directory=str(tmp_path)
    )
    async with open_runtime(settings) as opened:
        client = create_app(opened).test_client()
        asked = []
        for number in range(8):
            headers = {
                "X-Real-IP": f"203.0.113.{number}",
                "X-Forwarded-Proto": "https",
                "Authorization": "Bearer mh_wrong",
            }
            asked.append(await client.get("/api/models", headers=headers, scope_base={"client": (peer, 50000)}))
        right = await client.post(
            "/api/sign-in",
            json={"token": TOKENS["alice"]},
            headers={"X-Forwarded-Proto": "https", "X-Real-IP": "198.51.100.9"},
            scope_base={"client": (peer, 50000)},
        )
    assert [answer.status_code for answer in asked] == [401] * 5 + [401 if named else 429] * 3
    assert right.status_code == (200 if named else 429)
    if named:
        assert "; Secure" in right.headers["Set-Cookie"]
