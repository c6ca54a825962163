"""Draws frames as Altair charts. Texts, shapes and tooltips say what colours say; both themes are legible.

Times are UTC on every axis, whatever zone the viewer's browser is in: so are the log's names and the API's answers.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import altair as alt
import pandas as pd

from dashboard_app.palette import IN_FLIGHT, JUDGE, OUTCOMES, PLAIN, QUEUED, TARGET
from dashboard_app.words import model_label, usd

Drawing = alt.Chart | alt.LayerChart | alt.FacetChart

HEIGHT = 300
ROW_HEIGHT, NARROW_ROW_HEIGHT, AROUND_ROWS = 36, 24, 110
"""Pixels of one row, and of axis and legend, which Streamlit counts in: a chart by model grows with its models."""
WHEN = "%-d %b %H:%M"


def outcomes_over_time(frame: pd.DataFrame, period: tuple[datetime, datetime]) -> Drawing:
    shown = [outcome for outcome in OUTCOMES if outcome in set(frame["outcome"])]
    rank = {outcome: place for place, outcome in enumerate(OUTCOMES)}
    drawn = _with_when(frame).assign(rank=frame["outcome"].map(rank))
    chart: alt.Chart = (
        alt.Chart(drawn)
        .mark_bar()
        .encode(
            x=_time("begin", period),
            x2="end",
            y=alt.Y("hunts:Q", title="Hunts", axis=alt.Axis(tickMinStep=1, format=",d")),
            color=_colours("outcome", shown, [OUTCOMES[outcome] for outcome in shown]),
            order=alt.Order("rank:Q"),
            tooltip=[_words("when", "Time (UTC)"), _words("outcome", "Outcome"), _number("hunts", "Hunts", ",d")],
        )
        .properties(height=HEIGHT)
    )
    return chart


def costs_over_time(frame: pd.DataFrame, period: tuple[datetime, datetime]) -> Drawing:
    chart: alt.Chart = (
        alt.Chart(_with_cost(_with_when(frame)))
        .mark_bar()
        .encode(
            x=_time("begin", period),
            x2="end",
            y=_usd_axis(alt.Y),
            color=_parts(),
            order=alt.Order("part:N", sort="descending"),
            tooltip=[_words("when", "Time (UTC)"), *_cost_tips()],
        )
        .properties(height=HEIGHT)
    )
    return chart


def costs_by_model(frame: pd.DataFrame) -> Drawing:
    chart: alt.Chart = (
        alt.Chart(_with_cost(_with_label(frame)))
        .mark_bar(height=16)
        .encode(
            y=_models("-x"),
            x=_usd_axis(alt.X),
            color=_parts(),
            order=alt.Order("part:N", sort="descending"),
            tooltip=[_words("model", "Model"), *_cost_tips()],
        )
        .properties(height=_height(frame["model"].nunique()))
    )
    return chart


def break_rates(frame: pd.DataFrame) -> Drawing:
    labelled = _with_label(frame)
    drawn = labelled.assign(
        text=[f"{share:.0%} of {n:,}" for share, n in zip(frame["share"], frame["decided"], strict=True)],
        reach=[f"{low:.0%} to {high:.0%}" for low, high in zip(frame["low"], frame["high"], strict=True)],
    )
    base = alt.Chart(drawn).encode(
        y=_models(alt.EncodingSortField("share", order="descending")),
        tooltip=[
            _words("model", "Model"),
            _words("text", "Broke, of decided hunts"),
            _words("reach", "95 % interval"),
            _number("broke", "Breaks", ",d"),
            _number("decided", "Decided hunts (n)", ",d"),
        ],
    )
    scale = alt.Scale(domain=[0, 1])
    across = alt.X("low:Q", title="Share that broke", scale=scale, axis=alt.Axis(format="%"))
    red = OUTCOMES["broke"]
    rule = base.mark_rule(strokeWidth=3, opacity=0.45, color=red).encode(x=across, x2="high")
    point = base.mark_point(filled=True, size=90, opacity=1, color=red).encode(x=alt.X("share:Q", scale=scale))
    text = base.mark_text(dy=-12, fontSize=12, color=_INK).encode(x=alt.X("share:Q", scale=scale), text="text:N")
    return alt.layer(rule, text, point).properties(height=_height(len(frame)))


def latencies(frame: pd.DataFrame) -> Drawing:
    labelled = _with_label(frame)
    long = labelled.melt(["model", "label", "replies"], ["p50_s", "p95_s"], var_name="which", value_name="seconds")
    long["which"] = long["which"].map({"p50_s": "median", "p95_s": "p95"})
    order = list(labelled["label"])
    tips = [
        _words("model", "Model"),
        _words("which", "Which"),
        _number("seconds", "Seconds", ",.2f"),
        _number("replies", "Replies", ",d"),
    ]
    rule = (
        alt.Chart(labelled)
        .mark_rule(strokeWidth=3, opacity=0.35, color=PLAIN)
        .encode(y=_models(order), x=alt.X("p50_s:Q", title="Seconds"), x2="p95_s")
    )
    point = (
        alt.Chart(long)
        .mark_point(filled=True, size=95, opacity=1, color=PLAIN)
        .encode(
            y=_models(order),
            x="seconds:Q",
            shape=alt.Shape("which:N", title=None, scale=alt.Scale(range=["circle", "diamond"]), legend=_LEGEND),
            tooltip=tips,
        )
    )
    return alt.layer(rule, point).properties(height=_height(len(frame)))


def errors(frame: pd.DataFrame) -> Drawing:
    drawn = frame.assign(what=frame["cause"].str.replace("_", " ") + " · " + frame["provider"])
    base = alt.Chart(drawn).encode(
        y=alt.Y("what:N", title=None, sort=list(drawn["what"]), axis=alt.Axis(labelLimit=190, labelOverlap=False)),
        x=alt.X("hunts:Q", title="Hunts lost", axis=alt.Axis(tickMinStep=1, format=",d")),
    )
    tips = [_words("cause", "Cause"), _words("provider", "Provider"), _number("hunts", "Hunts", ",d")]
    bars = base.mark_bar(height=16, color=OUTCOMES["error"]).encode(tooltip=tips)
    text = base.mark_text(align="left", dx=5, fontSize=12, color=_INK).encode(text=alt.Text("hunts:Q", format=",d"))
    return alt.layer(bars, text).properties(height=len(drawn) * NARROW_ROW_HEIGHT + AROUND_ROWS)


def recent(frame: pd.DataFrame) -> Drawing:
    """Lines of one instance each; dashes tell waiting calls from those in flight, beside the colour."""
    whats = ["in flight", "queued"]
    chart: alt.Chart = (
        alt.Chart(frame)
        .mark_line(interpolate="step-after", strokeWidth=2)
        .encode(
            x=alt.X("at:T", title="UTC", scale=alt.Scale(type="utc"), axis=alt.Axis(format="%H:%M:%S", tickCount=5)),
            y=alt.Y("calls:Q", title="Calls", axis=alt.Axis(tickMinStep=1, format=",d")),
            color=_colours("what", whats, [IN_FLIGHT, QUEUED]),
            strokeDash=alt.StrokeDash("what:N", scale=alt.Scale(domain=whats, range=[[1, 0], [5, 4]]), legend=None),
            detail="instance:N",
            tooltip=[_words("instance", "Instance"), _words("what", "Calls"), _number("calls", "Number", ",d")],
        )
        .properties(height=260)
    )
    return chart


_LEGEND = alt.Legend(orient="top", title=None, labelLimit=200, columns=3)


_INK = "#7d848f"
"""A grey that reads on white and on black: texts inside a chart do not follow the theme."""


def _time(column: str, period: tuple[datetime, datetime]) -> alt.X:
    domain = [moment.isoformat() for moment in period]
    return alt.X(
        f"{column}:T",
        bin="binned",
        title="Time (UTC)",
        scale=alt.Scale(type="utc", domain=domain),
        axis=alt.Axis(tickCount=6, labelOverlap=True),
    )


def _models(sort: Any) -> alt.Y:
    return alt.Y("label:N", title=None, sort=sort, axis=alt.Axis(labelLimit=170, labelOverlap=False))


def _usd_axis(axis: type[Any]) -> Any:
    return axis("usd:Q", title="USD", axis=alt.Axis(format="$,.2~f", tickCount=5))


def _parts() -> alt.Color:
    return _colours("part", ["target", "judge"], [TARGET, JUDGE])


def _colours(column: str, values: list[str], colours: list[str]) -> alt.Color:
    return alt.Color(f"{column}:N", title=None, scale=alt.Scale(domain=values, range=colours), legend=_LEGEND)


def _words(column: str, title: str) -> alt.Tooltip:
    return alt.Tooltip(f"{column}:N", title=title)


def _number(column: str, title: str, form: str) -> alt.Tooltip:
    return alt.Tooltip(f"{column}:Q", title=title, format=form)


def _cost_tips() -> list[alt.Tooltip]:
    return [_words("part", "Part"), _words("cost", "Known cost"), _number("unknown", "Unknown costs", ",d")]


def _with_cost(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(cost=[usd(None if pd.isna(amount) else amount) for amount in frame["usd"]])


def _with_when(frame: pd.DataFrame) -> pd.DataFrame:
    """The tooltip's own words for the time: a browser would put it into its own zone."""
    begin, end = frame["begin"].dt.strftime(WHEN), frame["end"].dt.strftime(WHEN)
    return frame.assign(when=begin + " to " + end)


def _with_label(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(label=[model_label(model) for model in frame["model"]])


def _height(rows: int) -> int:
    return max(2, rows) * ROW_HEIGHT + AROUND_ROWS
