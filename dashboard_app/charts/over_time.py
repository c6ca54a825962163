"""Charts over time: outcomes, costs, calls of each account, agreement by week."""

from __future__ import annotations

from datetime import datetime

import altair as alt
import pandas as pd

from dashboard_app.charts.parts import (
    HEIGHT,
    Drawing,
    bar_width,
    colours,
    cost_parts,
    number,
    time_axis,
    usd_axis,
    whole_axis,
    with_when,
    words,
)
from dashboard_app.palette import IN_FLIGHT, LIMIT, OUTCOMES, PLAIN, QUEUED
from dashboard_app.words import usd

IN_FLIGHT_PX, WAITING_PX = 210, 170


def outcomes(frame: pd.DataFrame, period: tuple[datetime, datetime]) -> Drawing:
    shown = [outcome for outcome in OUTCOMES if outcome in set(frame["outcome"])]
    rank = {outcome: place for place, outcome in enumerate(OUTCOMES)}
    drawn = with_when(frame).assign(rank=frame["outcome"].map(rank))
    chart: alt.Chart = (
        alt.Chart(drawn)
        .mark_bar()
        .encode(
            x=time_axis("begin", period),
            x2="end",
            y=alt.Y("hunts:Q", axis=whole_axis(f"Hunts per {bar_width(frame)}", labelFlush=False)),
            color=colours("outcome", shown, [OUTCOMES[outcome] for outcome in shown]),
            order=alt.Order("rank:Q"),
            tooltip=[words("when", "Time (UTC)"), words("outcome", "Outcome"), number("hunts", "Hunts")],
        )
        .properties(height=HEIGHT)
    )
    return chart


def costs(frame: pd.DataFrame, period: tuple[datetime, datetime]) -> Drawing:
    drawn = with_when(frame).assign(cost=[usd(None if pd.isna(amount) else amount) for amount in frame["usd"]])
    chart: alt.Chart = (
        alt.Chart(drawn)
        .mark_bar()
        .encode(
            x=time_axis("begin", period),
            x2="end",
            y=usd_axis(alt.Y, f"USD per {bar_width(frame)}"),
            color=cost_parts(),
            order=alt.Order("part:N", sort="descending"),
            tooltip=[words("when", "Time (UTC)"), words("part", "Part"), words("cost", "Known cost")],
        )
        .properties(height=HEIGHT)
    )
    return chart


def in_flight(frame: pd.DataFrame) -> Drawing:
    """Calls in flight against the account's limit; dashes distinguish the lines without colours."""
    return _calls(frame, {"in flight": (IN_FLIGHT, [1, 0]), "limit": (LIMIT, [2, 2])}, IN_FLIGHT_PX)


def waiting(frame: pd.DataFrame) -> Drawing:
    """Queued calls, on a separate axis, since there may be a hundred times as many."""
    return _calls(frame, {"queued": (QUEUED, [1, 0])}, WAITING_PX)


def _calls(frame: pd.DataFrame, shown: dict[str, tuple[str, list[int]]], height_px: int) -> Drawing:
    whats, dashes = list(shown), [dash for _, dash in shown.values()]
    chart: alt.Chart = (
        alt.Chart(frame[frame["what"].isin(whats)])
        .mark_line(interpolate="step-after", strokeWidth=2)
        .encode(
            x=alt.X("at:T", title=None, scale=alt.Scale(type="utc"), axis=alt.Axis(format="%H:%M:%S", tickCount=4)),
            y=alt.Y("calls:Q", axis=whole_axis("Calls", tickCount=4, labelFlush=False)),
            color=colours("what", whats, [colour for colour, _ in shown.values()]),
            strokeDash=alt.StrokeDash("what:N", scale=alt.Scale(domain=whats, range=dashes), legend=None),
            detail="instance:N",
            tooltip=[words("instance", "Instance"), words("what", "Calls"), number("calls", "Number")],
        )
        .properties(height=height_px)
    )
    return chart


def agreement(frame: pd.DataFrame) -> Drawing:
    """label (a week's begin), share, low, high, n, kappa."""
    drawn = frame.assign(text=[f"{share:.0%} of {n:,}" for share, n in zip(frame["share"], frame["n"], strict=True)])
    base = alt.Chart(drawn).encode(
        x=alt.X("label:O", title="Week from", axis=alt.Axis(labelAngle=0, labelOverlap=True)),
        tooltip=[
            words("label", "Week from"),
            words("text", "Agreed, of criteria reviewed"),
            number("kappa", "Kappa", ".2f"),
        ],
    )
    scale = alt.Scale(domain=[0, 1])
    across = alt.Y("low:Q", title="Agreement", scale=scale, axis=alt.Axis(format="%"))
    rule = base.mark_rule(strokeWidth=3, opacity=0.4, color=PLAIN).encode(y=across, y2="high")
    line = base.mark_line(color=PLAIN, point=alt.OverlayMarkDef(size=80, filled=True, color=PLAIN)).encode(
        y=alt.Y("share:Q", scale=scale)
    )
    return alt.layer(rule, line).properties(height=HEIGHT)
