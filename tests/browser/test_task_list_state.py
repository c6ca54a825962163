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
        state = {"rows": [ROW], "query": none, "problem": None, "next": None} | tasks
        return [one["id"] for one in ask("state/tasks", "onlyRemembered", recent, state, [], "ada")]

    assert shown() == ["s9"]
    assert shown(query={**none, "q": "word"}) == []
    assert shown(rows=None) == shown(problem={"code": "library_away"}) == ["s1", "s9"]


def test_what_may_be_on_a_later_page_of_the_list_is_not_shown_twice(ask: Any) -> None:
    at = {name: f"2026-11-{day}T10:00:00Z" for name, day in {"older": 20, "last": 25, "newer": 28}.items()}
    recent = [{"id": f"{owner} {age}", "at": at[age]} for owner in ("ada", "bob") for age in ("older", "newer")]
    summaries = [{"session_id": one["id"], "owner": one["id"].split()[0]} for one in recent]

    def shown(own: str, after: str | None) -> list[str]:
        state = {
            "rows": [{**ROW, "updated_at": at["last"]}], "problem": None, "next": after,
            "query": {"q": "", "state": "", "archived": False},
        }  # fmt: skip
        return [one["id"] for one in ask("state/tasks", "onlyRemembered", recent, state, summaries, own)]

    assert shown("ada", "2-s1") == ["ada newer", "bob older", "bob newer"]
    assert shown("", "2-s1") == ["ada newer", "bob newer"]  # without a sign-in the server lists everybody's
    assert shown("ada", None) == [one["id"] for one in recent]


def test_an_empty_list_says_what_to_do(ask: Any) -> None:
    none = {"q": "", "state": "", "archived": False}

    def words(number: int, after: str | None = None, **query: Any) -> str:
        return str(ask("state/tasks", "foundWords", number, after, none | query))

    assert "tick “Archived”" in words(0)
    assert words(0, archived=True) == "No tasks are archived. Untick “Archived” to see the others."
    assert (
        words(0, q="x") == words(0, state="draft", archived=True) == "No tasks match. Change the search or the filters."
    )
    assert (words(2), words(2, q="x"), words(1, "1-s1", q="x")) == (
        "", "2 tasks found.", "The newest 1 task; there are more."
    )  # fmt: skip


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
