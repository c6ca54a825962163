"""The state of second reviews, comments, and links: the page's pure modules."""

from typing import Any

import pytest

from tests.browser.states import a_snapshot

pytestmark = pytest.mark.browser


def test_links_to_a_run_and_to_a_reply_under_review_lead_exactly_there(ask: Any, after: Any) -> None:
    run = ask("router", "parseRoute", ask("router", "runAddress", "s/1 %", "r#2"))
    assert (run["step"], run["runId"], run["huntId"]) == ("hunt", "r#2", None)
    card = ask("router", "parseRoute", ask("router", "cardAddress", "s/1 %", "c_1"))
    assert (card["step"], card["cardId"], card["sessionId"]) == ("review", "c_1", "s/1 %")
    assert after({"type": "route.changed", "route": run})["view"]["run"] == "r#2"
    assert after({"type": "route.changed", "route": card})["review"]["current"] == "c_1"


def test_a_second_reviewer_has_a_desk_and_no_session(ask: Any, after: Any) -> None:
    route = {"type": "route.changed", "route": {"name": "session", "sessionId": "s1", "step": "hunt", "dialog": None}}
    state = after(route, {"type": "session.review-only", "sid": "s1"})
    assert (state["access"], state["session"]) == ("reviewer", None)
    assert ask("state/second-review", "wantedDesk", state) == {"sid": "s1", "version": "second false"}
    done = after(route, {"type": "session.review-only"}, {"type": "second-review.read", "view": {"done": True}})
    assert ask("state/second-review", "reviewsAreLocked", done) is True
    left = after(route, {"type": "session.review-only"}, {"type": "session.left"})
    assert (left["access"], left["second"]) == ("none", {"view": None, "problem": None})


def test_agreement_of_two_people_in_words(ask: Any) -> None:
    names = ask("state/second-review", "reviewerNames", {"reviewer": "bob", "asked_by": "ana"}, "bob")
    assert names == {"first": "ana", "second": "You"}
    rows = [{"criterion_id": "", "replies": 4, "agree": 3, "alpha": -0.25}]
    assert ask("state/second-review", "totalSentence", rows, names) == "ana and you agree on 3 of 4 verdicts (α −0.25)."
    assert "rough" in ask("state/second-review", "alphaSentence", rows)
    alike = [{"criterion_id": "", "replies": 4, "agree": 4, "alpha": None}]
    assert ask("state/second-review", "totalSentence", alike, names) == "ana and you agree on 4 of 4 verdicts."
    assert ask("state/second-review", "alphaSentence", alike).startswith("Both always gave the same verdict")
    assert ask("state/second-review", "alphaSentence", []) == ""


def test_differences_are_in_the_order_of_the_replies(ask: Any) -> None:
    def one(card: str, criterion: str) -> dict[str, str]:
        return {"card_id": card, "criterion_id": criterion, "first_explanation": "a", "second_explanation": "b"}

    view = {"differences": [one("c_2", "C1"), one("c_1", "C1"), one("c_2", "C3")]}
    cards = [{"card_id": "c_1"}, {"card_id": "c_2"}]
    found = ask("state/second-review", "differencesByReply", view, cards)
    assert [(reply["place"], [row["criterion_id"] for row in reply["differences"]]) for reply in found] == [
        (1, ["C1"]), (2, ["C1", "C3"]),
    ]  # fmt: skip


def test_comments_are_of_the_open_hunt_or_of_criteria(ask: Any, after: Any) -> None:
    def remark(name: str, **about: str) -> dict[str, str]:
        return {"comment_id": name, "hunt_id": "", "criterion_id": "", "text": "x", **about}

    first, second = remark("m1", hunt_id="r1.1"), remark("m2", criterion_id="C1")
    read = {"type": "comments.read", "comments": [first]}
    added = {"type": "comment.added", "comment": second}
    comments = after(read, added, added)["comments"]
    assert comments == [first, second]
    assert ask("state/comments", "commentsOn", comments, "r1.1") == [first]
    assert ask("state/comments", "commentsOn", comments, None) == [second]
    assert after(read, added, {"type": "comment.deleted", "comment_id": "m1"})["comments"] == [second]
    assert after(read, {"type": "session.left"})["comments"] is None


def test_what_waits_is_said_in_words_and_unknown_kinds_are_left_out(ask: Any) -> None:
    found = ask("state/tasks", "waitingWords", {"kind": "review", "sender": "ana"})
    assert (found["words"], found["step"]) == ("ana asks you for a second review", "review")
    assert ask("state/tasks", "waitingWords", {"kind": "of a later release", "sender": ""}) is None


def test_the_second_reviewer_reads_the_name_of_the_task(ask: Any, after: Any) -> None:
    desk = {"type": "review.read", "cards": [], "criteria": [], "prompt": "", "response": "", "stored": {}}
    route = {"type": "route.changed", "route": {"name": "session", "sessionId": "s1", "step": "review", "dialog": None}}
    named = after(route, {"type": "session.review-only"}, desk | {"name": "moons.ipynb"})
    assert ask("state/second-review", "taskName", named) == "moons.ipynb"
    assert ask("state/announcements", "titleOf", named) == "Second review · moons.ipynb · Model Hunter"
    of_the_release_before = after(route, {"type": "session.review-only"}, desk)
    assert ask("state/second-review", "taskName", of_the_release_before) is None
    assert ask("state/announcements", "titleOf", of_the_release_before) == "Second review · Model Hunter"


def test_only_a_review_that_was_begun_is_said_to_be_saved(ask: Any, after: Any) -> None:
    def words(*events: dict[str, Any]) -> str:
        card = {"card_id": "c_1", "review": None, "criteria": []}
        desk = {"type": "review.read", "cards": [card], "criteria": [], "prompt": "", "response": "", "stored": {}}
        return str(ask("state/review", "savingWords", after(desk, *events)["review"]["drafts"]["c_1"]))

    said = {"type": "review.explained", "cardId": "c_1", "explanation": "Because"}
    saved = {"verdicts": {}, "explanation": "Because", "saved_at": "2026-11-24T18:00:07Z"}
    assert words() == ""
    assert words(said) == "Typing …"
    assert words(said, {"type": "review.saved", "cardId": "c_1", "review": saved}) == "Saved"


def test_only_who_kept_access_is_a_reader(ask: Any, after: Any) -> None:
    def reads(name: str, scope: str = "hunter", sign_in: bool = True, **session: Any) -> bool:
        who = {"type": "who.read", "who": {"name": name, "scope": scope, "sign_in": sign_in}}
        state = after(a_snapshot(owner="bob", revealed=False, **session), who)
        assert ask("state/session", "isLocked", state) is ask("state/session", "isReader", state)
        return bool(ask("state/session", "isReader", state))

    assert reads("ana", readers=["ana"])
    assert not reads("bob", readers=["bob"])
    assert not reads("ana", "admin", readers=["ana"])
    assert not reads("ana")  # the release before sends no readers
    assert not reads("", sign_in=False, readers=["ana"])
    assert ask("state/session", "isLocked", after(a_snapshot(revealed=True))) is True
