"""Activity: hunts by time and trainer."""

from __future__ import annotations

import altair as alt
import pandas as pd
import streamlit as st

from core.telemetry.reader import TelemetryReader
from dashboard_app.components import columns, page
from dashboard_app.components.charts import CELL_PX, Drawing, gaps, number_tip, text_tip
from dashboard_app.components.figures import figure
from dashboard_app.components.tables import table
from dashboard_app.filter_conditions import HUNTS, Choice
from dashboard_app.format import count
from dashboard_app.palette import PLAIN
from dashboard_app.queries import in_utc, run_query

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def show() -> None:
    page.show_history("Activity", "Hunts by time and trainer.", _show)


def _show(reader: TelemetryReader, choice: Choice) -> None:
    hours = by_hour(reader, choice)
    _draw_hours(hours)
    _draw_trainers(by_trainer(reader, choice), int(hours["hunts"].sum()))


def by_hour(reader: TelemetryReader, choice: Choice) -> pd.DataFrame:
    """weekday, hour (UTC), hunts: one row for each of the 168 hours."""
    sql = f"""SELECT isodow(ts) - 1 AS day, hour(ts) AS hour, count(*) AS hunts FROM hunts
              WHERE {HUNTS} GROUP BY ALL"""  # noqa: S608
    found = {(int(day), int(hour)): int(n) for day, hour, n in run_query(reader, choice, sql).itertuples(index=False)}
    return pd.DataFrame(
        [(WEEKDAYS[day], hour, found.get((day, hour), 0)) for day in range(7) for hour in range(24)],
        columns=["weekday", "hour", "hunts"],
    )


def by_trainer(reader: TelemetryReader, choice: Choice) -> pd.DataFrame:
    """trainer, sessions, hunts, breaks, last (UTC), for sessions with a trainer's name."""
    sql = f"""SELECT trainer, count(DISTINCT session) AS sessions, count(*) AS hunts,
              count(*) FILTER (outcome = 'broke') AS breaks, max(ts) AS last FROM hunts
              WHERE {HUNTS} AND coalesce(trainer, '') <> '' GROUP BY 1 ORDER BY hunts DESC, 1"""  # noqa: S608
    return in_utc(run_query(reader, choice, sql), "last")


def _draw_hours(frame: pd.DataFrame) -> None:
    busiest = frame.iloc[int(frame["hunts"].argmax())]
    figure(
        "By hour and weekday",
        _chart_hours(frame),
        "Hunts by hour of the day and weekday, in UTC.",
        f"Busiest: {busiest['weekday']}, {busiest['hour']}:00 UTC with {busiest['hunts']:,} hunts.",
    )


def _draw_trainers(frame: pd.DataFrame, hunts: int) -> None:
    """`hunts`: number of matching hunts, with and without a trainer's name."""
    st.subheader("Trainers", anchor=False)
    if frame.empty:
        st.caption(
            "No matching session has a trainer's name. To record names, give each trainer a token in HUNTER_TOKENS; "
            "later hunts then appear here by name."
        )
        return
    nameless = hunts - int(frame["hunts"].sum())
    if nameless:
        st.caption(f"Not included: {count(nameless, 'hunt')} of sessions without a name.")
    table(
        "trainers",
        frame,
        {
            "trainer": columns.text("Trainer"),
            "sessions": columns.whole("Sessions"),
            "hunts": columns.whole("Hunts"),
            "breaks": columns.whole("Breaks"),
            "last": columns.moment("Last hunt"),
        },
    )


def _chart_hours(frame: pd.DataFrame) -> Drawing:
    """weekday, hour, hunts: all 168 cells. Opacity shows the number of hunts."""
    most = max(1, int(frame["hunts"].max()))
    drawn = frame.assign(filled=0.06 + 0.94 * frame["hunts"] / most)
    chart: alt.Chart = (
        alt.Chart(drawn)
        .mark_rect(color=PLAIN, cornerRadius=3, stroke=None)
        .encode(
            x=alt.X("hour:O", title="Hour (UTC)", axis=alt.Axis(labelAngle=0, labelOverlap=True), scale=gaps()),
            y=alt.Y("weekday:O", title=None, sort=list(dict.fromkeys(frame["weekday"])), scale=gaps()),
            opacity=alt.Opacity("filled:Q", scale=alt.Scale(domain=[0, 1], range=[0, 1]), legend=None),
            tooltip=[text_tip("weekday", "Day"), text_tip("hour", "Hour (UTC)"), number_tip("hunts", "Hunts")],
        )
        .properties(height=7 * CELL_PX + 50)
    )
    return chart
