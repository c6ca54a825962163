"""Costs: totals, over time, by model, per hunt and per break."""

from __future__ import annotations

from datetime import datetime

import pandas as pd
import streamlit as st

from dashboard_app.charts import over_time as along
from dashboard_app.charts import ranking
from dashboard_app.components import columns, tables
from dashboard_app.components.figures import figure, nothing
from dashboard_app.components.numbers import Number, row
from dashboard_app.words import NOT_KNOWN, count, model_label, plain, usd

AVERAGES = "Over hunts of paid models whose costs are all known. Hunts without a reply have no known cost."
MAX_NAMED = 4


def totals(by_model: pd.DataFrame) -> None:
    target, judge, known = (_sum(by_model[name]) for name in ("target_usd", "judge_usd", "known_usd"))
    paid = by_model[~by_model["free"]]
    hunts, breaks = (int(paid[name].sum()) for name in ("priced_hunts", "priced_breaks"))
    row(
        (
            Number("Known cost", usd(known), "", "Targets plus judges."),
            Number("Targets", usd(target)),
            Number("Judges", usd(judge)),
            Number("Cost per break", _each(paid, breaks), count(breaks, "priced break"), AVERAGES),
            Number("Cost per hunt", _each(paid, hunts), count(hunts, "priced hunt"), AVERAGES),
            Number(
                "Unknown costs", f"{int(by_model['unknown'].sum()):,}", "", "Replies or judgings without a known price."
            ),
        )
    )
    if left_out := _left_out(by_model, paid):
        st.caption(f"Not in the averages: {left_out}.")


def _left_out(by_model: pd.DataFrame, paid: pd.DataFrame) -> str:
    """Hunts excluded from the averages, with their models: "12 hunts of free or simulated models (a, b)"."""
    free = by_model[by_model["free"]]
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


def over_time(frame: pd.DataFrame, period: tuple[datetime, datetime]) -> None:
    if not frame["usd"].gt(0).any():
        nothing("Over time", "No known costs above 0.")
        return
    figure("Over time", along.costs(frame, period), "Known cost over time, target and judge separately.")


def by_model(frame: pd.DataFrame) -> None:
    if not frame["usd"].gt(0).any():
        nothing("By model", "No known costs above 0.")
        return
    figure("By model", ranking.costs(frame), "Known cost of each model's hunts, target and judge separately.")


def table(frame: pd.DataFrame) -> None:
    st.subheader("Cost per hunt and per break", anchor=False)
    tables.table(
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


def _each(paid: pd.DataFrame, n: int) -> str:
    return usd(float(paid["priced_usd"].sum()) / n) if n else NOT_KNOWN


def _sum(amounts: pd.Series) -> float | None:
    return float(amounts.sum()) if amounts.notna().any() else None
