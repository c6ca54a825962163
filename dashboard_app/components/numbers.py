"""Rows of numbers that wrap: six across on a screen, two on a telephone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import streamlit as st

from dashboard_app.frames import Totals
from dashboard_app.live import Status
from dashboard_app.words import NOT_KNOWN, interval, latency, percent, plain, usd


@dataclass(frozen=True)
class Number:
    label: str
    value: str
    note: str = ""
    about: str = ""


def row(numbers: Iterable[Number]) -> None:
    with st.container(horizontal=True, gap="small"):
        for number in numbers:
            st.metric(
                number.label,
                number.value,
                number.note or None,
                delta_color="off",
                delta_arrow="off",
                help=number.about or None,
                border=True,
                width="stretch",
                height="stretch",
            )


def of_history(totals: Totals) -> None:
    rate = totals.rate
    undecided = totals.hunts - rate.decided
    row(
        (
            Number("Hunts", f"{totals.hunts:,}", f"{undecided:,} not decided", "Errors and cancelled hunts included."),
            Number("Breaks", f"{rate.broke:,}", f"of {rate.decided:,} decided", "Hunts in which the model failed."),
            Number(
                "Break rate",
                percent(rate.share),
                interval(rate),
                "Breaks over decided hunts (broke + held), with the 95 % interval (Wilson).",
            ),
            Number("Median latency", latency(totals.median_latency_ms), "", "Of the target's replies."),
            Number(
                "Cost",
                _cost(totals),
                _unknown(totals.unknown_costs),
                "Targets and judges together, as far as it is known; behind it the number of costs that nobody knows. "
                "Reference checks are not in it.",
            ),
            Number("Errors", f"{totals.errors:,}", "never a break", "Hunts that ended without a usable reply."),
        )
    )


def of_now(status: Status) -> None:
    hunts, telemetry, streams = status.hunts, status.telemetry, status.event_streams
    row(
        (
            Number("Sessions", f"{status.sessions.count:,}", f"in {plain(status.sessions.backend)}"),
            Number("Runs at work", f"{status.runs.active:,}", f"{status.runs.queued:,} waiting to start"),
            Number(
                "Hunts in flight", f"{hunts.active:,}", f"{hunts.done:,} done", f"{hunts.error:,} errors since start."
            ),
            Number("Breaks", f"{hunts.broke:,}", f"{hunts.held:,} held", "Since start."),
            Number("Event streams", f"{streams.open:,}", f"of {streams.limit:,}", "Open hunting pages."),
            Number(
                "Telemetry",
                f"{telemetry.written:,}",
                f"{telemetry.dropped:,} dropped",
                f"Records written since start; {telemetry.queued:,} wait. The history lacks the dropped.",
            ),
        )
    )


def _cost(totals: Totals) -> str:
    if totals.known_usd is None:
        return "unknown" if totals.unknown_costs else NOT_KNOWN
    return usd(totals.known_usd)


def _unknown(costs: int) -> str:
    return f"+ {costs:,} unknown" if costs else ""
