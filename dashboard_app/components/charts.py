"""Parts that charts share: axes, legends, tooltips, rates with intervals, and heat maps. Readable in both themes and
without colours: texts, shapes and tooltips repeat the information of colours.

Times are UTC on every axis, independent of the browser's zone, like the log's file names and the API's responses.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import altair as alt
import pandas as pd

from dashboard_app.format import model_label, percent
from dashboard_app.palette import JUDGE, TARGET

Drawing = alt.Chart | alt.LayerChart | alt.FacetChart
HEIGHT = 260
ROW_HEIGHT, NARROW_ROW_HEIGHT, AXIS_HEIGHT, LEGEND_HEIGHT = 36, 24, 70, 45
"""Pixels per row, and of the axis and a legend, which Streamlit includes in the height."""
WHEN = "%-d %b %H:%M"
LABEL_PX = 215
INK = "#7d848f"
"""A grey that is readable on white and on black, since texts inside a chart do not follow the theme."""
LEGEND = alt.Legend(orient="top", title=None, labelLimit=200, columns=3, offset=4)
BAR_PX = 16
INSIDE = "datum.share > 0.8 ? 'right' : datum.share < 0.2 ? 'left' : 'center'"
"""Aligns texts at both ends of a scale from 0 to 1 so that they stay inside the chart."""
CELL_PX = 30
DARK_FROM, ON_LIGHT, ON_DARK = 0.6, "#222222", "#ffffff"
"""In the light theme, text is white above this share of the scale."""


def time_axis(column: str, period: tuple[datetime, datetime]) -> alt.X:
    domain = [moment.isoformat() for moment in period]
    return alt.X(
        f"{column}:T",
        bin="binned",
        title=None,
        scale=alt.Scale(type="utc", domain=domain),
        axis=alt.Axis(tickCount=6, labelOverlap=True, labelExpr=_label(period)),
    )


def label_axis(sort: Any) -> alt.Y:
    return alt.Y(
        "label:N", title=None, sort=sort, axis=alt.Axis(labelLimit=LABEL_PX, labelOverlap=False, labelFlush=False)
    )


def usd_axis(axis: type[Any], title: str = "USD") -> Any:
    return axis("usd:Q", title=title, axis=alt.Axis(format="$,.2~f", tickCount=5))


def whole_axis(title: str, **more: Any) -> alt.Axis:
    return alt.Axis(tickMinStep=1, format=",d", title=title, **more)


def bar_width(frame: pd.DataFrame) -> str:
    """The time span of one bar: "5 min", "hour", "3 h", "day", "7 d". `frame`: begin, end."""
    if frame.empty:
        return "bar"
    minutes = round((frame["end"].iloc[0] - frame["begin"].iloc[0]).total_seconds() / 60)
    for unit_minutes, one, many in ((1440, "day", "d"), (60, "hour", "h"), (1, "minute", "min")):
        if minutes >= unit_minutes and minutes % unit_minutes == 0:
            return one if minutes == unit_minutes else f"{minutes // unit_minutes} {many}"
    return f"{minutes} min"


def cost_parts() -> alt.Color:
    return colours("part", ["target", "judge"], [TARGET, JUDGE])


def colours(column: str, values: list[str], shades: list[str]) -> alt.Color:
    return alt.Color(f"{column}:N", title=None, scale=alt.Scale(domain=values, range=shades), legend=LEGEND)


def text_tip(column: str, title: str) -> alt.Tooltip:
    return alt.Tooltip(f"{column}:N", title=title)


def number_tip(column: str, title: str, form: str = ",d") -> alt.Tooltip:
    return alt.Tooltip(f"{column}:Q", title=title, format=form)


def with_when(frame: pd.DataFrame) -> pd.DataFrame:
    """Add the time as text for tooltips, since a browser would convert it to its own zone."""
    begin, end = frame["begin"].dt.strftime(WHEN), frame["end"].dt.strftime(WHEN)
    return frame.assign(when=begin + " to " + end)


def with_label(frame: pd.DataFrame, column: str = "model") -> pd.DataFrame:
    return frame.assign(label=[model_label(str(name)) for name in frame[column]])


def chart_height(rows: int, row: int = ROW_HEIGHT, *, legend: bool = False) -> int:
    return max(2, rows) * row + AXIS_HEIGHT + (LEGEND_HEIGHT if legend else 0)


def _label(period: tuple[datetime, datetime]) -> str:
    """An expression, since with a plain format Vega treats a binned time as a number."""
    days = (period[1] - period[0]).total_seconds() / 86_400
    form = "%H:%M" if days <= 1 else "%-d %b %H:%M" if days < 3 else "%-d %b"
    return f"utcFormat(datum.value, '{form}')"


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
            text_tip("name", "Name"),
            text_tip("text", titles[0]),
            text_tip("reach", "95% interval"),
            number_tip(hits, "Count"),
            number_tip(of, titles[1] + " (n)"),
        ],
    )
    scale = alt.Scale(domain=[0, 1])
    across = alt.X("low:Q", title=titles[0], scale=scale, axis=alt.Axis(format="%", tickCount=5, labelFlushOffset=-4))
    rule = base.mark_rule(strokeWidth=3, opacity=0.45, color=colour).encode(x=across, x2="high")
    point = base.mark_point(filled=True, size=90, opacity=1, color=colour).encode(x=alt.X("share:Q", scale=scale))
    text = base.mark_text(dy=-12, fontSize=12, color=INK, align=alt.ExprRef(INSIDE)).encode(
        x=alt.X("share:Q", scale=scale), text="text:N"
    )
    return alt.layer(rule, text, point).properties(height=chart_height(len(frame)))


def shades(column: str, ends: tuple[str, str]) -> alt.Color:
    return alt.Color(f"{column}:Q", scale=alt.Scale(domain=[0, 1], range=list(ends)), legend=None)


def cell_texts(base: alt.Chart, column: str, form: str, by: str = "", *, dark: bool) -> alt.Chart:
    deep = alt.datum[by or column] > DARK_FROM
    chart: alt.Chart = base.mark_text(fontSize=12).encode(
        text=alt.Text(f"{column}:Q", format=form),
        color=alt.condition(deep, alt.value(ON_DARK), alt.value(ON_DARK if dark else ON_LIGHT)),
    )
    return chart


def gaps() -> alt.Scale:
    return alt.Scale(paddingInner=0.08)
