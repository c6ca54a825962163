"""Find: search for hunts."""

from __future__ import annotations

from dataclasses import replace

from core.telemetry.reader import TelemetryReader
from core.telemetry.replies import MAX_FOUND
from dashboard_app import data
from dashboard_app.choice import Choice
from dashboard_app.components import hunt_search, page
from dashboard_app.frames import find

ABOUT = "Search by session, hunt, run, notebook, model, error, trainer, or text of the reply."


def show() -> None:
    page.show_history("Find", ABOUT, _show)


def _show(reader: TelemetryReader, choice: Choice) -> None:
    search = hunt_search.choose(choice)
    search = replace(search, in_replies=data.in_replies(reader, search.wanted, choice.since))
    found = find.found(reader, search)
    if not found:
        hunt_search.nothing(search)
        return
    at = hunt_search.page(found, many=len(search.in_replies) >= MAX_FOUND)
    hunt_search.hunts(
        find.hunts(reader, search, page=at),
        found,
        whole=lambda: find.hunts(reader, search, page_hunts=find.MAX_DOWNLOAD),
    )
