"""Charts with one row per item: rates with intervals, latencies, counts, costs."""

from __future__ import annotations

import altair as alt
import pandas as pd

from dashboard_app.charts.parts import (
    INK,
    LEGEND,
    NARROW_ROW_HEIGHT,
    Drawing,
    cost_parts,
    height,
    label_axis,
    number,
    usd_axis,
    whole_axis,
    with_label,
    words,
)
from dashboard_app.palette import PLAIN
from dashboard_app.words import cause_label, percent, usd

BAR_PX = 16
INSIDE = "datum.share > 0.8 ? 'right' : datum.share < 0.2 ? 'left' : 'center'"
"""Aligns texts at both ends of a scale from 0 to 1 so that they stay inside the chart."""
TEXT_MARGIN = 1.12
"""Scale factor for the longest bar, so that the number after it is not clipped."""


def rates(frame: pd.DataFrame, *, hits: str, of: str, colour: str, titles: tuple[str, str]) -> Drawing:
    """`frame`: label, share, low, high and the columns `hits` and `of`. `titles`: of the axis, and of `of`."""
    drawn = with_label(frame, "label").assign(
        name=frame["label"],
        text=[f"{percent(share)} of {n:,}" for share, n in zip(frame["share"], frame[of], strict=True)],
        reach=[f"{low:.0%} to {high:.0%}" for low, high in zip(frame["low"], frame["high"], strict=True)],
    )
    base = alt.Chart(drawn).encode(
        y=label_axis(list(drawn["label"])),
        tooltip=[
            words("name", "Name"),
            words("text", titles[0]),
            words("reach", "95% interval"),
            number(hits, "Count"),
            number(of, titles[1] + " (n)"),
        ],
    )
    scale = alt.Scale(domain=[0, 1])
    across = alt.X("low:Q", title=titles[0], scale=scale, axis=alt.Axis(format="%", tickCount=5))
    rule = base.mark_rule(strokeWidth=3, opacity=0.45, color=colour).encode(x=across, x2="high")
    point = base.mark_point(filled=True, size=90, opacity=1, color=colour).encode(x=alt.X("share:Q", scale=scale))
    text = base.mark_text(dy=-12, fontSize=12, color=INK, align=alt.ExprRef(INSIDE)).encode(
        x=alt.X("share:Q", scale=scale), text="text:N"
    )
    return alt.layer(rule, text, point).properties(height=height(len(frame)))


def latencies(frame: pd.DataFrame) -> Drawing:
    """model, replies, p50_s, p95_s."""
    labelled = with_label(frame)
    long = labelled.melt(["model", "label", "replies"], ["p50_s", "p95_s"], var_name="which", value_name="seconds")
    long["which"] = long["which"].map({"p50_s": "median", "p95_s": "p95"})
    order = list(labelled["label"])
    rule = (
        alt.Chart(labelled)
        .mark_rule(strokeWidth=3, opacity=0.35, color=PLAIN)
        .encode(y=label_axis(order), x=alt.X("p50_s:Q", title="Seconds", axis=alt.Axis(tickCount=6)), x2="p95_s")
    )
    point = (
        alt.Chart(long)
        .mark_point(filled=True, size=95, opacity=1, color=PLAIN)
        .encode(
            y=label_axis(order),
            x="seconds:Q",
            shape=alt.Shape("which:N", title=None, scale=alt.Scale(range=["circle", "diamond"]), legend=LEGEND),
            tooltip=[
                words("model", "Model"),
                words("which", "Percentile"),
                number("seconds", "Seconds", ",.2f"),
                number("replies", "Replies"),
            ],
        )
    )
    return alt.layer(rule, point).properties(height=height(len(frame)))


def causes(frame: pd.DataFrame, count: str, title: str, colour: str) -> Drawing:
    """cause, provider and a count, in the frame's order."""
    drawn = frame.assign(label=frame["cause"].map(cause_label) + " · " + frame["provider"])
    base = alt.Chart(drawn).encode(
        y=label_axis(list(drawn["label"])),
        x=alt.X(
            f"{count}:Q",
            axis=whole_axis(title),
            scale=alt.Scale(domain=[0, TEXT_MARGIN * int(drawn[count].max())], nice=False),
        ),
    )
    tips = [words("cause", "Cause"), words("provider", "Provider"), number(count, title)]
    bars = base.mark_bar(height=BAR_PX, color=colour).encode(tooltip=tips)
    text = base.mark_text(align="left", dx=5, fontSize=12, color=INK).encode(text=alt.Text(f"{count}:Q", format=",d"))
    return alt.layer(bars, text).properties(height=height(len(drawn), NARROW_ROW_HEIGHT))


def costs(frame: pd.DataFrame) -> Drawing:
    """model, part, usd, unknown."""
    drawn = with_label(frame).assign(cost=[usd(None if pd.isna(amount) else amount) for amount in frame["usd"]])
    tips = [words("model", "Model"), words("part", "Part"), words("cost", "Known"), number("unknown", "Unknown costs")]
    chart: alt.Chart = (
        alt.Chart(drawn)
        .mark_bar(height=BAR_PX)
        .encode(
            y=label_axis("-x"),
            x=usd_axis(alt.X),
            color=cost_parts(),
            order=alt.Order("part:N", sort="descending"),
            tooltip=tips,
        )
        .properties(height=height(frame["model"].nunique()))
    )
    return chart
