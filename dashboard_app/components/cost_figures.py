"""What hunting costs, in numbers, over time, by model and for a break."""

from __future__ import annotations

from datetime import datetime

import pandas as pd
import streamlit as st

from dashboard_app.charts import over_time as along
from dashboard_app.charts import ranking
from dashboard_app.components import columns, tables
from dashboard_app.components.figures import figure, nothing
from dashboard_app.components.numbers import Number, row
from dashboard_app.words import NOT_KNOWN, usd


def numbers_of(by_model: pd.DataFrame) -> None:
    target, judge, known = (_sum(by_model[name]) for name in ("target_usd", "judge_usd", "known_usd"))
    breaks, hunts, unknown = (int(by_model[name].sum()) for name in ("breaks", "hunts", "unknown"))
    row(
        (
            Number("Known cost", usd(known), "", "Targets and judges together."),
            Number("Targets", usd(target)),
            Number("Judges", usd(judge)),
            Number("For a break", _each(known, breaks), f"{breaks:,} breaks"),
            Number("For a hunt", _each(known, hunts), f"{hunts:,} hunts"),
            Number("Unknown costs", f"{unknown:,}", "", "Replies, or judgements of one, whose cost nobody knows."),
        )
    )


def over_time(frame: pd.DataFrame, period: tuple[datetime, datetime]) -> None:
    if not frame["usd"].gt(0).any():
        nothing("Over time", "No known cost above 0 here.")
        return
    figure("Over time", along.costs(frame, period), "Known cost over time, target and judge apart.")


def by_model(frame: pd.DataFrame) -> None:
    if not frame["usd"].gt(0).any():
        nothing("By model", "No known cost above 0 here.")
        return
    figure("By model", ranking.costs(frame), "Known cost of each model's hunts, target and judge apart.")


def table(frame: pd.DataFrame) -> None:
    st.subheader("What a hunt and a break cost", anchor=False)
    tables.table(
        "costs",
        frame,
        {
            "model": columns.text("Model", width="large"),
            "hunts": columns.whole("Hunts"),
            "breaks": columns.whole("Breaks"),
            "target_usd": columns.usd("Target"),
            "judge_usd": columns.usd("Judge"),
            "usd_a_hunt": columns.usd("For a hunt"),
            "usd_a_break": columns.usd("For a break", "n/a: no break, or nothing is known."),
            "unknown": columns.whole("Unknown", "Costs that nobody knows: the others are lower bounds then."),
        },
    )


def _each(known: float | None, n: int) -> str:
    return usd(known / n) if known is not None and n else NOT_KNOWN


def _sum(amounts: pd.Series) -> float | None:
    return float(amounts.sum()) if amounts.notna().any() else None
