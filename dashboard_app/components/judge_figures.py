"""The judge's agreement with people, its consistency, and undetermined verdicts."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard_app.charts import grids, over_time, ranking
from dashboard_app.components import columns
from dashboard_app.components.figures import figure, is_dark, nothing
from dashboard_app.components.numbers import Number, row
from dashboard_app.components.tables import table
from dashboard_app.frames.judge import Agreement
from dashboard_app.palette import OUTCOMES
from dashboard_app.rates import Rate
from dashboard_app.words import NOT_KNOWN, count, interval, percent

BEYOND_CHANCE = ((0.8, "very good"), (0.6, "good"), (0.4, "moderate"), (0.2, "fair"))
"""Words for kappa after Landis and Koch (1977), shortened."""


def agreement(found: Agreement) -> None:
    st.subheader("Judge against people", anchor=False)
    if not found.n:
        st.info(
            "**No reviews yet.** Agreement, kappa, disagreements and weekly agreement appear here after trainers "
            "review selected hunts and reveal the judge's verdicts.",
            icon=":material/rate_review:",
        )
        return
    rate = Rate(found.agreed, found.n)
    row(
        (
            Number("Agreement", percent(rate.share), interval(rate), "Same verdict on the same criterion."),
            Number("Kappa", *kappa_words(found.kappa), "Agreement beyond chance (Cohen)."),
            Number("Criteria reviewed", f"{found.n:,}", "", "Rated PASS or FAIL by both."),
            Number("Judge too strict", f"{found.human_pass:,}", "", "The person passed it, the judge failed it."),
            Number("Judge too lenient", f"{found.human_fail:,}", "", "The person failed it, the judge passed it."),
            Number("Left out", f"{found.left_out:,}", "", "The judge gave no usable answer."),
        )
    )


def kappa_words(kappa: float | None) -> tuple[str, str]:
    """Kappa, and a word that rates it."""
    if kappa is None:
        return NOT_KNOWN, "not defined"
    return f"{kappa:.2f}", next((word for minimum, word in BEYOND_CHANCE if kappa >= minimum), "poor")


def confusion(found: Agreement) -> None:
    cells = {
        ("PASS", "PASS"): found.both_pass,
        ("PASS", "FAIL"): found.human_pass,
        ("FAIL", "PASS"): found.human_fail,
        ("FAIL", "FAIL"): found.both_fail,
    }
    rows = [(*who, n, n / found.n) for who, n in cells.items()]
    frame = pd.DataFrame(rows, columns=["human", "judge", "criteria", "part"])
    figure(
        "Person against judge",
        grids.confusion(frame, dark=is_dark()),
        "Number of criteria by the person's verdict and the judge's verdict.",
    )


def drift(weeks: pd.DataFrame) -> None:
    figure(
        "Agreement by week",
        over_time.agreement(weeks),
        "Share of criteria on which person and judge agree, by week, with its 95% interval.",
    )


def by_judge(frame: pd.DataFrame) -> None:
    st.subheader("By judge model", anchor=False)
    table(
        "agreement",
        frame,
        {
            "label": columns.text("Judge"),
            "share": columns.percent("Agreement"),
            "low": columns.percent("from", "95% interval (Wilson)"),
            "high": columns.percent("to", "95% interval (Wilson)"),
            "kappa": st.column_config.NumberColumn("Kappa", format="%.2f"),
            "n": columns.whole("n", "Criteria judged by both"),
        },
    )


def undetermined(frame: pd.DataFrame) -> None:
    title = "Undetermined verdicts"
    if frame.empty:
        nothing(title, "No matching hunt was judged.")
        return
    figure(
        title,
        ranking.rates(
            frame,
            hits="missed",
            of="verdicts",
            colour=OUTCOMES["error"],
            titles=("Share UNDETERMINED", "Verdicts requested"),
        ),
        "Share of verdicts that are UNDETERMINED, by judge model.",
        f"{count(int(frame['missed'].sum()), 'verdict')} of {int(frame['verdicts'].sum()):,}.",
    )


def flips(frame: pd.DataFrame) -> None:
    title = "Same reply, other verdict"
    if frame.empty:
        nothing(title, "No identical replies were judged more than once, so there is nothing to compare.")
        return
    figure(
        title,
        ranking.rates(
            frame,
            hits="flipped",
            of="repeated",
            colour=OUTCOMES["undetermined"],
            titles=("Share that flipped", "Criteria judged again"),
        ),
        "Share of criteria that got both PASS and FAIL for the same reply, by judge model.",
        "Criteria that got both PASS and FAIL for identical replies.",
    )
