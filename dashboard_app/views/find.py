"""Find: one hunt among all of them."""

from __future__ import annotations

from dataclasses import replace

from core.telemetry.reader import TelemetryReader
from core.telemetry.replies import MAX_FOUND
from dashboard_app import data
from dashboard_app.choice import Choice
from dashboard_app.components import finding, page
from dashboard_app.frames import find

ABOUT = "By a word in the session, hunt, run, notebook, model, error, trainer, or anywhere in the reply."


def show() -> None:
    page.of_history("Find", ABOUT, _show)


def _show(reader: TelemetryReader, choice: Choice) -> None:
    search = finding.choose(choice)
    search = replace(search, in_replies=data.in_replies(reader, search.wanted, choice.since))
    found = find.found(reader, search)
    if not found:
        finding.nothing(search)
        return
    at = finding.page(found, many=len(search.in_replies) >= MAX_FOUND)
    finding.hunts(
        find.hunts(reader, search, page=at),
        found,
        whole=lambda: find.hunts(reader, search, page_hunts=find.MAX_DOWNLOAD),
    )
