"""Rows of several sessions for the home page."""

import sqlite3

import pytest

from tests.api.asking import body
from tests.api.signing_in import bearer, holders


async def test_a_row_per_id_in_the_order_that_was_asked_for(client, sid):
    asked = {"session_ids": ["s_none", sid, sid]}
    gone, one, same = (await body(await client.post("/api/sessions/summaries", json=asked)))["sessions"]
    assert (gone["session_id"], one["session_id"], same) == ("s_none", sid, one)
    assert gone == {"session_id": "s_none", "gone": True}
    assert (one["reviews_differ"], one["owner"]) == (False, "")


class TestWithAnUnreadableSession:
    @pytest.fixture
    def changes(self, tmp_path):
        return {"library__url": f"sqlite:///{tmp_path}/library.sqlite", "redis__journal_dir": str(tmp_path / "journal")}

    async def test_its_row_says_so_and_the_others_are_as_always(self, client, runtime, sid, task, tmp_path):
        other = (await body(await client.post("/api/sessions", json={"task": task}), 201))["session_id"]
        await runtime.store.flush()
        await runtime.store._live.delete(other)  # only the library has it
        with sqlite3.connect(tmp_path / "library.sqlite") as other_release:
            other_release.execute("UPDATE sessions SET head = ? WHERE session_id = ?", [b'{"version": 1}', other])
        asked = {"session_ids": [other, sid]}
        unreadable, one = (await body(await client.post("/api/sessions/summaries", json=asked)))["sessions"]
        assert unreadable == {"session_id": other, "unreadable": True}
        assert one["session_id"] == sid
        assert "counts" in one


class TestWithSignIn:
    @pytest.fixture
    def changes(self):
        return {"access__tokens": holders()}

    async def test_somebody_elses_session_is_as_one_that_is_gone(self, client, task):
        opened = await client.post("/api/sessions", json={"task": task}, headers=bearer("alice"))
        asked = {"session_ids": [(await body(opened, 201))["session_id"]]}
        seen = {}
        for name in ("alice", "bob", "root"):
            answer = await client.post("/api/sessions/summaries", json=asked, headers=bearer(name))
            seen[name] = "gone" in (await body(answer))["sessions"][0]
        assert seen == {"alice": False, "bob": True, "root": False}
