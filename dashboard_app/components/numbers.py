"""Rows of key figures. They wrap: six per row on a desktop screen, two on a phone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import streamlit as st

from core.status import AdminStatus
from dashboard_app.choice import Choice
from dashboard_app.frames.overview import Totals
from dashboard_app.rates import Rate
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


def history(totals: Totals, before: Totals | None) -> None:
    """Key figures of the matching hunts; `before`: the previous period, None without a comparison."""
    rate = totals.rate
    undecided = totals.hunts - rate.decided
    was = before if before and before.hunts else None
    row(
        (
            Number(
                "Break rate",
                percent(rate.share),
                _rate_note(rate, was),
                "Breaks over decided hunts (broke + held), with the 95% interval (Wilson)."
                + (_before(percent(was.rate.share)) if was else ""),
            ),
            Number(
                "Breaks",
                f"{rate.broke:,}",
                f"of {rate.decided:,} decided",
                "Hunts whose reply fails the pass rule." + (_before(f"{was.rate.broke:,}") if was else ""),
            ),
            Number(
                "Hunts",
                f"{totals.hunts:,}",
                change(totals.hunts, was.hunts) if was else f"{undecided:,} not decided",
                f"Errors and cancelled hunts included; {undecided:,} not decided."
                + (_before(f"{was.hunts:,}") if was else ""),
            ),
            Number(
                "Errors",
                f"{totals.errors:,}",
                f"{percent(totals.errors / totals.hunts)} of hunts" if totals.hunts else "",
                "Hunts without a usable reply. Never counted as breaks." + (_before(f"{was.errors:,}") if was else ""),
            ),
            Number(
                "Cost",
                _cost(totals),
                _unknown(totals.unknown_costs),
                "Known costs of targets and judges, and the number of unknown costs. Reference checks are not included."
                + (_before(_cost(was)) if was else ""),
            ),
            Number(
                "Median latency",
                latency(totals.median_latency_ms),
                change(totals.median_latency_ms, was.median_latency_ms) if was else "",
                "Until the end of the target's reply." + (_before(latency(was.median_latency_ms)) if was else ""),
            ),
        )
    )


def why_not_compared(choice: Choice) -> None:
    """Explains a missing comparison with the previous period."""
    if choice.log_is_younger and choice.log_begin is not None:
        st.caption(
            f"Not compared with the previous period: the log begins on {choice.log_begin:%-d %b %Y, %H:%M} UTC, "
            "after that period began."
        )


def current(status: AdminStatus) -> None:
    hunts, telemetry, streams = status.hunts, status.telemetry, status.event_streams
    row(
        (
            Number("Sessions", f"{status.sessions.count:,}", f"in {plain(status.sessions.backend)}"),
            Number(
                "Active runs", f"{status.runs.active:,}", f"{status.runs.finished:,} finished", "Finished since start."
            ),
            Number(
                "Hunts in flight", f"{hunts.active:,}", f"{hunts.done:,} done", f"{hunts.error:,} errors since start."
            ),
            Number("Breaks", f"{hunts.broke:,}", f"{hunts.held:,} held", "Since start."),
            Number("Event streams", f"{streams.open:,}", f"of {streams.limit:,}", "Open hunting pages."),
            Number(
                "Telemetry",
                f"{telemetry.written:,}",
                f"{telemetry.dropped:,} dropped",
                f"Records written since start; {telemetry.queued:,} queued. "
                "Dropped records are missing from the history.",
            ),
        )
    )


def _rate_note(rate: Rate, was: Totals | None) -> str:
    if was is None or was.rate.share is None:
        return interval(rate)
    return f"{interval(rate)}; previously {percent(was.rate.share)}"


def change(now: float | None, before: float | None) -> str:
    """ "+12% vs. previous period"; empty when there is nothing to compare."""
    return f"{now / before - 1:+.0%} vs. previous period" if now is not None and before else ""


def _before(value: str) -> str:
    return f" Previous period: {value}."


def _cost(totals: Totals) -> str:
    if totals.known_usd is None:
        return "unknown" if totals.unknown_costs else NOT_KNOWN
    return usd(totals.known_usd)


def _unknown(costs: int) -> str:
    return f"+ {costs:,} unknown" if costs else ""
