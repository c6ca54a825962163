"""The list of tasks as a value: pages, what only the browser remembers, and the sentence about similar tasks."""

from __future__ import annotations

from typing import Any

ROW = {"session_id": "s1", "name": "a", "owner": "", "state": "draft"}


def test_pages_are_joined_without_doubles(after: Any) -> None:
    read = {"type": "tasks.read", "query": {"q": "", "state": "", "archived": False}, "rows": [ROW], "next": "1-s1"}
    more = {"type": "tasks.more", "rows": [ROW, {**ROW, "session_id": "s2"}], "next": None}
    tasks = after(read, more)["tasks"]
    assert [row["session_id"] for row in tasks["rows"]] == ["s1", "s2"]
    assert after(read, more, {"type": "tasks.removed", "session_id": "s1"})["tasks"]["rows"] == tasks["rows"][1:]


def test_what_only_the_browser_remembers_is_shown_without_filters(ask: Any) -> None:
    recent, none = [{"id": "s1"}, {"id": "s9"}], {"q": "", "state": "", "archived": False}

    def shown(**tasks: Any) -> list[str]:
        state = {"rows": [ROW], "query": none, "problem": None} | tasks
        return [one["id"] for one in ask("state/tasks", "onlyRemembered", recent, state)]

    assert shown() == ["s9"]
    assert shown(query={**none, "q": "word"}) == []
    assert shown(rows=None) == shown(problem={"code": "library_away"}) == ["s1", "s9"]


def test_the_sentence_about_similar_tasks(ask: Any) -> None:
    def words(*similar: dict[str, Any]) -> str:
        return str(ask("state/tasks", "similarWords", list(similar), "ada"))

    assert words() == ""
    assert words({**ROW, "similarity": 1}) == "The prompt resembles another task: “a” (the same, draft)."
    bobs, mine = {**ROW, "owner": "bob", "similarity": 0.999}, {**ROW, "owner": "ada", "similarity": 0.6}
    assert words(bobs, mine, bobs, bobs) == (
        "The prompt resembles other tasks: “a” (99% the same, of bob, draft), “a” (60% the same, yours, draft), "
        "“a” (99% the same, of bob, draft) and 1 more."
    )
