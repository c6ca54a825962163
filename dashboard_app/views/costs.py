"""Costs: target and judge costs, cost per hunt and per break. Unknown costs are counted, never taken as 0."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from core.telemetry.reader import TelemetryReader
from dashboard_app.components import columns, page
from dashboard_app.components.charts import (
    BAR_PX,
    HEIGHT,
    Drawing,
    bar_width,
    chart_height,
    cost_parts,
    label_axis,
    number_tip,
    text_tip,
    time_axis,
    usd_axis,
    with_label,
    with_when,
)
from dashboard_app.components.figures import Number, draw_numbers, figure, nothing
from dashboard_app.components.tables import table
from dashboard_app.filter_conditions import HUNTS, TARGET, Choice
from dashboard_app.format import NOT_KNOWN, count, model_label, plain, usd
from dashboard_app.queries import UNPRICED, in_utc, period_shown, run_query, step

ABOUT = "Known costs. Unknown costs are counted separately, never as 0."
AVERAGES = "Over hunts of paid models whose costs are all known. Hunts without a reply have no known cost."
MAX_NAMED = 4
PRICED = f"{UNPRICED} = 0 AND coalesce(cost_usd, judge_cost_usd) IS NOT NULL"
"""Hunts whose costs are all known; averages use only these."""


def show() -> None:
    page.show_history("Costs", ABOUT, _show)


def _show(reader: TelemetryReader, choice: Choice) -> None:
    models = per_break(reader, choice)
    _draw_totals(models, cache_use(reader, choice))
    over = over_time(reader, choice, step(reader, choice))
    left, right = st.columns(2)
    with left:
        _draw_over_time(over, period_shown(choice, over))
    with right:
        _draw_by_model(by_model(reader, choice))
    _draw_table(models)


def per_break(reader: TelemetryReader, choice: Choice) -> pd.DataFrame:
    """model, hunts, breaks, target_usd, judge_usd, known_usd, priced_usd, priced_hunts, unpriced_hunts
    (with an unknown cost), priced_breaks, usd_a_hunt, usd_a_break, unknown,
    free (simulated, or all replies cost 0); highest cost first.

    Cost per hunt and per break are averages over the priced hunts, so that an unknown price does not look cheap.
    """
    sql = f"""WITH summed AS (
                SELECT {TARGET} AS model, count(*) AS hunts, count(*) FILTER (outcome = 'broke') AS breaks,
                       sum(cost_usd) AS target_usd, sum(judge_cost_usd) AS judge_usd,
                       sum({UNPRICED})::BIGINT AS unknown,
                       sum(coalesce(cost_usd, 0) + coalesce(judge_cost_usd, 0)) FILTER ({PRICED}) AS priced_usd,
                       count(*) FILTER ({PRICED}) AS priced_hunts, count(*) FILTER ({UNPRICED} > 0) AS unpriced_hunts,
                       count(*) FILTER ({PRICED} AND outcome = 'broke') AS priced_breaks,
                       bool_or(simulated) OR coalesce(max(cost_usd) = 0, false) AS free
                FROM hunts WHERE {HUNTS} GROUP BY 1),
              known AS (SELECT *, CASE WHEN coalesce(target_usd, judge_usd) IS NULL THEN NULL
                        ELSE coalesce(target_usd, 0) + coalesce(judge_usd, 0) END AS known_usd FROM summed)
              SELECT model, hunts, breaks, target_usd, judge_usd, known_usd, priced_usd, priced_hunts, unpriced_hunts,
                     priced_breaks, CASE WHEN priced_hunts > 0 THEN priced_usd / priced_hunts END AS usd_a_hunt,
                     CASE WHEN priced_breaks > 0 THEN priced_usd / priced_breaks END AS usd_a_break, unknown, free
              FROM known ORDER BY known_usd DESC NULLS LAST, model"""  # noqa: S608
    return run_query(reader, choice, sql)


def over_time(reader: TelemetryReader, choice: Choice, width: timedelta) -> pd.DataFrame:
    """begin, end (UTC), part ("target" or "judge"), usd (known costs)."""
    frame = in_utc(_parts(reader, choice, "time_bucket($width, ts)", "begin", width=width), "begin")
    frame.insert(1, "end", frame["begin"] + width)
    return frame


def by_model(reader: TelemetryReader, choice: Choice) -> pd.DataFrame:
    """model, part, usd, unknown (number of unknown costs)."""
    return _parts(reader, choice, TARGET, "model")


def _parts(reader: TelemetryReader, choice: Choice, group: str, name: str, **params: Any) -> pd.DataFrame:
    sql = f"""WITH known AS (
                SELECT {group} AS {name}, sum(cost_usd) AS target, sum(judge_cost_usd) AS judge,
                       sum({UNPRICED})::BIGINT AS unknown
                FROM hunts WHERE {HUNTS} GROUP BY 1)
              SELECT {name}, part, usd, unknown FROM known UNPIVOT INCLUDE NULLS (usd FOR part IN (target, judge))
              ORDER BY {name}, part DESC"""  # noqa: S608
    return run_query(reader, choice, sql, **params)


def cache_use(reader: TelemetryReader, choice: Choice) -> tuple[float | None, float | None]:
    """(share of the input tokens that came from a prompt cache, what that saved in USD); None where unknown."""
    sql = f"""SELECT sum(cached_tokens) / nullif(sum(cache_input_tokens), 0) AS share, sum(cache_saved_usd) AS saved
              FROM hunts WHERE {HUNTS}"""  # noqa: S608
    share, saved = run_query(reader, choice, sql).iloc[0]
    return (None if pd.isna(share) else float(share)), (None if pd.isna(saved) else float(saved))


def _draw_totals(models: pd.DataFrame, cached: tuple[float | None, float | None]) -> None:
    share, saved = cached
    target, judge, known = (_sum(models[name]) for name in ("target_usd", "judge_usd", "known_usd"))
    paid = models[~models["free"]]
    hunts, breaks = (int(paid[name].sum()) for name in ("priced_hunts", "priced_breaks"))
    draw_numbers(
        (
            Number("Known cost", usd(known), "", "Targets plus judges."),
            Number("Targets", usd(target)),
            Number("Judges", usd(judge)),
            Number("Cost per break", _each(paid, breaks), count(breaks, "priced break"), AVERAGES),
            Number("Cost per hunt", _each(paid, hunts), count(hunts, "priced hunt"), AVERAGES),
            Number(
                "From prompt caches",
                "n/a" if share is None else f"{share:.0%}",
                "" if saved is None else f"saved {usd(saved)}",
                "Of the input tokens of calls that report cached tokens.",
            ),
            Number(
                "Unknown costs", f"{int(models['unknown'].sum()):,}", "", "Replies or judgings without a known price."
            ),
        )
    )
    if left_out := _left_out(models, paid):
        st.caption(f"Not in the averages: {left_out}.")


def _left_out(models: pd.DataFrame, paid: pd.DataFrame) -> str:
    """Hunts excluded from the averages, with their models: "12 hunts of free or simulated models (a, b)"."""
    free = models[models["free"]]
    unpriced = paid[paid["unpriced_hunts"] > 0]
    groups = (
        (int(free["hunts"].sum()), "of free or simulated models", free),
        (int(unpriced["unpriced_hunts"].sum()), "without a known price", unpriced),
    )
    return "; ".join(f"{count(n, 'hunt')} {why} ({_named(of)})" for n, why, of in groups if n)


def _named(models: pd.DataFrame) -> str:
    names = [plain(model_label(str(name))) for name in models["model"]]
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return ", ".join(names[:MAX_NAMED]) + more


def _each(paid: pd.DataFrame, n: int) -> str:
    return usd(float(paid["priced_usd"].sum()) / n) if n else NOT_KNOWN


def _sum(amounts: pd.Series) -> float | None:
    return float(amounts.sum()) if amounts.notna().any() else None


def _draw_over_time(frame: pd.DataFrame, period: tuple[datetime, datetime]) -> None:
    if not frame["usd"].gt(0).any():
        nothing("Over time", "No known costs above 0.")
        return
    figure("Over time", _chart_over_time(frame, period), "Known cost over time, target and judge separately.")


def _draw_by_model(frame: pd.DataFrame) -> None:
    if not frame["usd"].gt(0).any():
        nothing("By model", "No known costs above 0.")
        return
    figure("By model", _chart_by_model(frame), "Known cost of each model's hunts, target and judge separately.")


def _draw_table(frame: pd.DataFrame) -> None:
    st.subheader("Cost per hunt and per break", anchor=False)
    table(
        "costs",
        frame,
        {
            "model": columns.text("Model", width=330),
            "hunts": columns.whole("Hunts"),
            "breaks": columns.whole("Breaks"),
            "target_usd": columns.usd("Target"),
            "judge_usd": columns.usd("Judge"),
            "usd_a_hunt": columns.usd("Cost per hunt", "Over this model's hunts whose costs are all known."),
            "usd_a_break": columns.usd(
                "Cost per break", "Over this model's hunts whose costs are all known. n/a: none of them broke."
            ),
            "unknown": columns.whole(
                "Unknown", "Replies or judgings without a known price. Not in the averages; the sums are lower bounds."
            ),
        },
    )


def _chart_over_time(frame: pd.DataFrame, period: tuple[datetime, datetime]) -> Drawing:
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
            tooltip=[text_tip("when", "Time (UTC)"), text_tip("part", "Part"), text_tip("cost", "Known cost")],
        )
        .properties(height=HEIGHT)
    )
    return chart


def _chart_by_model(frame: pd.DataFrame) -> Drawing:
    """model, part, usd, unknown."""
    drawn = with_label(frame).assign(cost=[usd(None if pd.isna(amount) else amount) for amount in frame["usd"]])
    tips = [
        text_tip("model", "Model"),
        text_tip("part", "Part"),
        text_tip("cost", "Known"),
        number_tip("unknown", "Unknown costs"),
    ]
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
        .properties(height=chart_height(frame["model"].nunique(), legend=True))
    )
    return chart
