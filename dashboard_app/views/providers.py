"""Providers: latency, queueing and failures of calls. Repeated calls count each time."""

from __future__ import annotations

import altair as alt
import pandas as pd
import streamlit as st

from core.telemetry.reader import TelemetryReader
from dashboard_app.components import columns, page
from dashboard_app.components.charts import (
    BAR_PX,
    INK,
    LEGEND,
    NARROW_ROW_HEIGHT,
    Drawing,
    chart_height,
    label_axis,
    number_tip,
    text_tip,
    whole_axis,
    with_label,
)
from dashboard_app.components.figures import figure, nothing
from dashboard_app.components.tables import table
from dashboard_app.filter_conditions import CALLS, HUNTS, TARGET, Choice
from dashboard_app.format import cause_label
from dashboard_app.palette import OUTCOMES, PLAIN
from dashboard_app.queries import run_query, with_rates

ABOUT = "Latency and failures. Repeated calls count each time. Task and domain filters don't apply to calls."
MAX_CAUSES = 12
"""Bars per chart; a note gives the sum of the rarer causes."""
TEXT_MARGIN = 1.12
"""Scale factor for the longest bar, so that the number after it is not clipped."""


def show() -> None:
    page.show_history("Providers", ABOUT, _show)


def _show(reader: TelemetryReader, choice: Choice) -> None:
    _draw_calls(by_provider(reader, choice))
    _draw_latencies(latencies(reader, choice))
    left, right = st.columns(2)
    with left:
        _draw_failures(failures(reader, choice))
    with right:
        _draw_lost_hunts(lost_hunts(reader, choice))


def by_provider(reader: TelemetryReader, choice: Choice) -> pd.DataFrame:
    """provider, purpose, calls, failed, share that failed, p50_s, p95_s (successful calls), wait_p95_s."""
    # Quantiles hold every value: one list in single precision fits ten million calls in memory.
    sql = f"""WITH summed AS (
                SELECT provider, purpose, count(*) AS calls, count(*) FILTER (NOT ok) AS failed,
                       quantile_cont(latency_ms::FLOAT, [0.5, 0.95]) FILTER (ok) AS latency,
                       quantile_cont(wait_ms::FLOAT, 0.95) / 1000 AS wait_p95_s
                FROM calls WHERE {CALLS} GROUP BY ALL)
              SELECT provider, purpose, calls, failed, latency[1] / 1000 AS p50_s, latency[2] / 1000 AS p95_s,
                     wait_p95_s
              FROM summed ORDER BY calls DESC, provider, purpose DESC"""  # noqa: S608
    rated = with_rates(run_query(reader, choice, sql), "failed", "calls")
    return rated[["provider", "purpose", "calls", "failed", "share", "p50_s", "p95_s", "wait_p95_s"]].sort_values(
        "calls", ascending=False, ignore_index=True
    )


def latencies(reader: TelemetryReader, choice: Choice) -> pd.DataFrame:
    """model, replies, p50_s, p95_s: from the target call's start to its end."""
    sql = f"""WITH summed AS (
                SELECT {TARGET} AS model, count(latency_ms) AS replies,
                       quantile_cont(latency_ms::FLOAT, [0.5, 0.95]) AS latency
                FROM hunts WHERE {HUNTS} AND latency_ms IS NOT NULL GROUP BY 1)
              SELECT model, replies, latency[1] / 1000 AS p50_s, latency[2] / 1000 AS p95_s
              FROM summed ORDER BY p50_s DESC"""  # noqa: S608
    return run_query(reader, choice, sql)


def failures(reader: TelemetryReader, choice: Choice) -> pd.DataFrame:
    """cause, provider, calls: failed calls, most frequent first."""
    sql = f"""SELECT coalesce(error, 'unknown') AS cause, provider, count(*) AS calls FROM calls
              WHERE {CALLS} AND NOT ok GROUP BY ALL ORDER BY calls DESC, cause, provider"""  # noqa: S608
    return run_query(reader, choice, sql)


def lost_hunts(reader: TelemetryReader, choice: Choice) -> pd.DataFrame:
    """cause, provider, hunts: hunts lost to errors, most frequent first."""
    sql = f"""SELECT coalesce(error, 'unknown') AS cause, provider, count(*) AS hunts FROM hunts
              WHERE {HUNTS} AND outcome = 'error' GROUP BY ALL ORDER BY hunts DESC, cause, provider"""  # noqa: S608
    return run_query(reader, choice, sql)


def _draw_calls(frame: pd.DataFrame) -> None:
    st.subheader("Calls", anchor=False)
    if frame.empty:
        st.caption("No calls match. Calls can be filtered by model and period, not by task or domain.")
        return
    table(
        "calls",
        frame,
        {
            "provider": columns.text("Provider"),
            "purpose": columns.text("For", "target: the model under test; judge: one criterion of a reply"),
            "calls": columns.whole("Calls"),
            "failed": columns.whole("Failed"),
            "share": columns.percent("Share failed"),
            "p50_s": columns.seconds("p50", "Median latency of successful calls."),
            "p95_s": columns.seconds("p95", "95% of successful calls were faster."),
            "wait_p95_s": columns.seconds("Wait p95", "Time in the queue: 95% of the calls waited less."),
        },
    )


def _draw_latencies(frame: pd.DataFrame) -> None:
    if frame.empty:
        nothing("Latency by model", "No matching replies.")
        return
    figure("Latency by model", _chart_latencies(frame.head(15)), "Median and 95th percentile of each model's latency.")


def _draw_failures(frame: pd.DataFrame) -> None:
    _draw_causes("Failed calls by cause", frame, "calls", "Calls failed", "No failed calls.")


def _draw_lost_hunts(frame: pd.DataFrame) -> None:
    _draw_causes("Hunts lost by cause", frame, "hunts", "Hunts lost", "No hunts lost to errors.")


def _draw_causes(title: str, frame: pd.DataFrame, counted: str, axis: str, none: str) -> None:
    if frame.empty:
        nothing(title, none)
        return
    rest = int(frame[counted].iloc[MAX_CAUSES:].sum())
    figure(
        title,
        _chart_causes(frame.head(MAX_CAUSES), counted, axis, OUTCOMES["error"]),
        f"{title} and provider.",
        f"{rest:,} more with rarer causes." if rest else "",
    )


def _chart_latencies(frame: pd.DataFrame) -> Drawing:
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
                text_tip("model", "Model"),
                text_tip("which", "Percentile"),
                number_tip("seconds", "Seconds", ",.2f"),
                number_tip("replies", "Replies"),
            ],
        )
    )
    return alt.layer(rule, point).properties(height=chart_height(len(frame), legend=True))


def _chart_causes(frame: pd.DataFrame, count: str, title: str, colour: str) -> Drawing:
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
    tips = [text_tip("cause", "Cause"), text_tip("provider", "Provider"), number_tip(count, title)]
    bars = base.mark_bar(height=BAR_PX, color=colour).encode(tooltip=tips)
    text = base.mark_text(align="left", dx=5, fontSize=12, color=INK).encode(text=alt.Text(f"{count}:Q", format=",d"))
    return alt.layer(bars, text).properties(height=chart_height(len(drawn), NARROW_ROW_HEIGHT))
