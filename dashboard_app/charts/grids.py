"""Heat maps: hours of the week, criteria that fail together, person against judge."""

from __future__ import annotations

import altair as alt
import pandas as pd

from dashboard_app.charts.parts import Drawing, number, words
from dashboard_app.palette import PLAIN

CELL_PX = 30
REDS, BLUES = ("#f6dcdf", "#b02a40"), ("#dbe9f5", "#1f5f99")
REDS_DARK_THEME, BLUES_DARK_THEME = ("#33191e", "#c23b54"), ("#172938", "#2f78bd")
"""The lowest value is closest to the background in both themes; white text is readable on all dark shades."""
DARK_FROM, ON_LIGHT, ON_DARK = 0.6, "#222222", "#ffffff"
"""In the light theme, text is white above this share of the scale."""
MANY_COLUMNS = 10
"""With more columns, their labels are vertical to avoid overlaps."""


def hours(frame: pd.DataFrame) -> Drawing:
    """weekday, hour, hunts: all 168 cells. Opacity shows the number of hunts."""
    most = max(1, int(frame["hunts"].max()))
    drawn = frame.assign(filled=0.06 + 0.94 * frame["hunts"] / most)
    chart: alt.Chart = (
        alt.Chart(drawn)
        .mark_rect(color=PLAIN, cornerRadius=3, stroke=None)
        .encode(
            x=alt.X("hour:O", title="Hour (UTC)", axis=alt.Axis(labelAngle=0, labelOverlap=True), scale=_gaps()),
            y=alt.Y("weekday:O", title=None, sort=list(dict.fromkeys(frame["weekday"])), scale=_gaps()),
            opacity=alt.Opacity("filled:Q", scale=alt.Scale(domain=[0, 1], range=[0, 1]), legend=None),
            tooltip=[words("weekday", "Day"), words("hour", "Hour (UTC)"), number("hunts", "Hunts")],
        )
        .properties(height=7 * CELL_PX + 50)
    )
    return chart


def together(frame: pd.DataFrame, order: list[str], *, dark: bool = False) -> Drawing:
    """first, second, both, failed, share: of the hunts that failed the row, the share that also failed the column."""
    base = alt.Chart(frame).encode(
        x=alt.X("second:N", title="Also failed", sort=order, scale=_gaps(), axis=_names(len(order))),
        y=alt.Y("first:N", title="Failed", sort=order, scale=_gaps()),
        tooltip=[
            words("first", "Failed"),
            words("second", "Also failed"),
            number("share", "Share", ".0%"),
            number("both", "Hunts that failed both"),
            number("failed", "Hunts that failed the first"),
        ],
    )
    cells = base.mark_rect(cornerRadius=3).encode(color=_shades("share", REDS_DARK_THEME if dark else REDS))
    return alt.layer(cells, _texts(base, "share", ".0%", dark=dark)).properties(
        height=CELL_PX * max(3, len(order)) + 70
    )


def confusion(frame: pd.DataFrame, *, dark: bool = False) -> Drawing:
    """human, judge, criteria, part (of all): verdicts of person against judge."""
    base = alt.Chart(frame).encode(
        x=alt.X("judge:N", title="Judge", sort=["PASS", "FAIL"], scale=_gaps(), axis=alt.Axis(labelAngle=0)),
        y=alt.Y("human:N", title="Person", sort=["PASS", "FAIL"], scale=_gaps()),
        tooltip=[words("human", "Person"), words("judge", "Judge"), number("criteria", "Criteria")],
    )
    cells = base.mark_rect(cornerRadius=3).encode(color=_shades("part", BLUES_DARK_THEME if dark else BLUES))
    return alt.layer(cells, _texts(base, "criteria", ",d", by="part", dark=dark)).properties(height=200)


def _shades(column: str, ends: tuple[str, str]) -> alt.Color:
    return alt.Color(f"{column}:Q", scale=alt.Scale(domain=[0, 1], range=list(ends)), legend=None)


def _texts(base: alt.Chart, column: str, form: str, by: str = "", *, dark: bool) -> alt.Chart:
    deep = alt.datum[by or column] > DARK_FROM
    chart: alt.Chart = base.mark_text(fontSize=12).encode(
        text=alt.Text(f"{column}:Q", format=form),
        color=alt.condition(deep, alt.value(ON_DARK), alt.value(ON_DARK if dark else ON_LIGHT)),
    )
    return chart


def _names(columns: int) -> alt.Axis:
    return alt.Axis(labelAngle=-90 if columns > MANY_COLUMNS else 0, labelLimit=120, labelOverlap=False)


def _gaps() -> alt.Scale:
    return alt.Scale(paddingInner=0.08)
