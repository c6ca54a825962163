"""Break rates by model, upstream, domain, taxonomy and number of criteria, as a chart and a table."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.telemetry.reader import TelemetryReader
from dashboard_app.components import columns
from dashboard_app.components.charts import rates
from dashboard_app.components.figures import figure, nothing
from dashboard_app.components.tables import table
from dashboard_app.filter_conditions import HUNTS, RATED, TARGET, Choice
from dashboard_app.format import count, file_part, percent
from dashboard_app.palette import OUTCOMES
from dashboard_app.queries import FIXED, run_query, with_rates

GROUPS = {
    "model": TARGET,
    "upstream": "upstream",
    "domain": "coalesce(nullif(domain, ''), 'not given')",
    "taxonomy": "coalesce(nullif(taxonomy, ''), 'not given')",
    "criteria": "CASE criteria WHEN 1 THEN '1 criterion' ELSE criteria || ' criteria' END",
}
MAX_ROWS = 15
OPINIONS = {
    "confirmed_share": columns.percent(
        "Confirmed rate", "Confirmed breaks over decided hunts of runs with second opinions"
    ),
    "confirmed": columns.whole("Confirmed", "Breaks that every other judge confirms"),
    "contested": columns.whole("Contested", "Breaks that another judge contests"),
    "of": columns.whole("n with second opinions", "Decided hunts of runs with second opinions"),
}


CONFIRMING = "run_id IN (SELECT run_id FROM hunts WHERE confirmation <> '')"
"""Condition on `hunts`: their run has second opinions."""
CONFIRMED, CONTESTED = (f"outcome = 'broke' AND confirmation = '{name}'" for name in ("confirmed", "contested"))


ADAPTIVE = "Of runs with adaptive allocation only the hunts that went to the models in turn count in break rates."


def break_rates(reader: TelemetryReader, choice: Choice, group: str = "model") -> pd.DataFrame:
    """label, simulated, broke, decided, share, low, high, method, adaptive (decided hunts of adaptive runs that no rate
    counts); groups without other decided hunts have no row.

    Of runs with second opinions: confirmed, contested, of (decided hunts), confirmed_share (missing without such runs).
    """
    sql = f"""SELECT {GROUPS[group]} AS label, bool_or(simulated) AS simulated,
              count(*) FILTER (outcome = 'broke' AND {RATED}) AS broke, count(*) FILTER ({RATED}) AS decided,
              count(*) FILTER (NOT {RATED}) AS adaptive, any_value(criteria) AS criteria,
              count(*) FILTER ({CONFIRMED} AND {RATED}) AS confirmed,
              count(*) FILTER ({CONTESTED} AND {RATED}) AS contested,
              count(*) FILTER ({CONFIRMING} AND {RATED}) AS of,
              count(*) FILTER ({CONFIRMED} AND {RATED}) / nullif(count(*) FILTER ({CONFIRMING} AND {RATED}), 0)
                  AS confirmed_share,
              {FIXED} AS fixed
              FROM hunts WHERE {HUNTS} AND outcome IN ('broke', 'held') AND coalesce({GROUPS[group]}, '') <> ''
              GROUP BY 1 HAVING count(*) FILTER ({RATED}) > 0 ORDER BY 1"""  # noqa: S608
    rated = with_rates(run_query(reader, choice, sql))
    if group == "criteria":
        rated = rated.sort_values("criteria", ignore_index=True)
    return rated.drop(columns=["criteria", "fixed"])


def draw_opinions(frame: pd.DataFrame) -> None:
    """What second opinions make of all breaks of `frame`, in a sentence; nothing without any."""
    if not frame.empty and frame["of"].sum() > 0:
        st.caption(_opinions(frame))


def draw_break_rates(title: str, frame: pd.DataFrame) -> None:
    """`frame`: as `break_rates` returns it; the chart shows the first 15 rows, the table all."""
    if frame.empty:
        nothing(title, "n/a: no decided hunts.")
        return
    rest = len(frame) - MAX_ROWS
    figure(
        title,
        rates(
            frame.head(MAX_ROWS),
            hits="broke",
            of="decided",
            colour=OUTCOMES["broke"],
            titles=("Share that broke", "Decided hunts"),
        ),
        f"{title}: break rates with 95% intervals.",
        f"{count(rest, 'more row')} in the table." if rest > 0 else "",
    )
    if frame["adaptive"].sum() > 0:
        st.caption(ADAPTIVE)
    opinions = frame["of"].sum() > 0
    with st.expander("As a table", icon=":material/table:"):
        table(
            file_part(f"break rate {title}"),
            frame.drop(columns=["adaptive", *(() if opinions else OPINIONS)]),
            {
                "label": columns.text("Group"),
                "share": columns.percent("Break rate"),
                "low": columns.percent("from", "In the long run the rate is probably in this range (95% interval)"),
                "high": columns.percent("to", "In the long run the rate is probably in this range (95% interval)"),
                "method": columns.text(
                    "Method", "Of the range: Wilson for one run of fixed size, otherwise the confidence sequence"
                ),
                "broke": columns.whole("Breaks"),
                "decided": columns.whole("n", "Decided hunts: broke + held"),
                "simulated": columns.yes_no("Simulated"),
                **(OPINIONS if opinions else {}),
            },
        )


def _opinions(frame: pd.DataFrame) -> str:
    confirmed, contested, of = (int(frame[name].sum()) for name in ("confirmed", "contested", "of"))
    return (
        f"Of {count(of, 'decided hunt')} in runs with second opinions, {percent(confirmed / of)} are breaks that other "
        f"judges confirm ({confirmed:,}); {contested:,} are contested."
    )
