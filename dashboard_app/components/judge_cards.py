"""Judge cards: what the verdicts of each judge were worth, and which judges share their mistakes."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.review.judge_cards import MIN_RATE_N, DriftTest, JudgeCard, JudgeReport, Pair, Share, judge_report
from core.statistics.intervals import ALPHA
from core.telemetry.judge_counts import count_verdicts
from core.telemetry.reader import TelemetryReader
from dashboard_app.components import columns
from dashboard_app.components.tables import table
from dashboard_app.filter_conditions import REVIEWS, Choice
from dashboard_app.format import latency, percent, plain, usd

UNKNOWN_PROMPT = "unknown"
INTERVALS = (
    "The sentences below say within which range a number probably settles (95% interval). Fewer than five verdicts are "
    "shown as counts."
)


def report_of(reader: TelemetryReader, choice: Choice) -> JudgeReport:
    params = {name: value for name, value in choice.params.items() if f"${name}" in REVIEWS}
    return judge_report(count_verdicts(reader, REVIEWS, params))


def draw_cards(report: JudgeReport) -> None:
    """One row per judge, its numbers in words, and pairs of judges. Nothing without a judge."""
    if not report.cards:
        return
    st.subheader("Judge cards", anchor=False)
    st.caption(f"A judge is a model with its prompt and its parameters. {INTERVALS}")
    table("judge-cards", cards_frame(report), _COLUMNS)
    for card in report.cards:
        with st.expander(plain(f"{name_of(card)} (prompt {card.prompt or UNKNOWN_PROMPT})")):
            st.markdown("\n".join(f"- {plain(sentence)}" for sentence in card.sentences))
    for pair in report.pairs:
        if pair.warning:
            st.warning(f"**{plain(' and '.join(pair.judges))}**: {plain(pair.warning)}", icon=":material/group:")
    if report.pairs:
        st.subheader("Two judges together", anchor=False)
        table("judge-pairs", pairs_frame(report), _PAIR_COLUMNS)


def cards_frame(report: JudgeReport) -> pd.DataFrame:
    return pd.DataFrame([_row(card) for card in report.cards], columns=list(_COLUMNS))


def pairs_frame(report: JudgeReport) -> pd.DataFrame:
    return pd.DataFrame([_pair_row(pair) for pair in report.pairs], columns=list(_PAIR_COLUMNS))


def name_of(card: JudgeCard) -> str:
    return f"{card.model} {card.parameters}".rstrip()


def _row(card: JudgeCard) -> dict[str, object]:
    return {
        "judge": name_of(card),
        "prompt": card.prompt or UNKNOWN_PROMPT,
        "reviewed": card.reviewed,
        "blind": card.reviewed_blind,
        "agreement": _rate(card.agreement),
        "sensitivity": _rate(card.sensitivity),
        "specificity": _rate(card.specificity),
        "kappa": card.kappa.value if card.kappa else None,
        "unusable": _rate(card.unusable),
        "flips": _rate(card.flips),
        "drift": _drift(card.drift),
        "cost": usd(card.usd_per_verdict),
        "latency": latency(card.ms_per_verdict),
    }


def _rate(share: Share | None) -> str | None:
    if share is None:
        return None
    return f"{share.hits} of {share.n}" if share.n < MIN_RATE_N else percent(share.share)


def _drift(drift: DriftTest | None) -> str:
    """A word that fits its column; the sentences have the numbers."""
    if drift is None:
        return ""
    return "changed" if drift.p_value < ALPHA else "no sign"


def _pair_row(pair: Pair) -> dict[str, object]:
    return {
        "first": pair.judges[0],
        "second": pair.judges[1],
        "votes": pair.effective_votes,
        "n": pair.n,
        "first_wrong": pair.wrong[0],
        "second_wrong": pair.wrong[1],
        "both_wrong": pair.both_wrong,
    }


_COLUMNS = {
    "judge": columns.text("Judge"),
    "prompt": columns.text("Prompt", "A hash of how the judge was asked."),
    "reviewed": columns.whole("Reviewed", "Verdicts on criteria that people reviewed."),
    "blind": columns.whole("Blind", "Of these, reviewed before the verdict was seen."),
    "agreement": columns.text("Agreement", "Share of its verdicts with which people agree."),
    "sensitivity": columns.text(
        "Sensitivity", "Of the criteria that people marked FAIL, the share that it marked FAIL, too."
    ),
    "specificity": columns.text(
        "Specificity", "Of the criteria that people marked PASS, the share that it marked PASS, too."
    ),
    "kappa": st.column_config.NumberColumn(
        "Kappa",
        help="Agreement that guessing does not explain: 1 is perfect, 0 is no better than guessing.",
        format="%.2f",
    ),
    "unusable": columns.text("Unusable", "Verdicts that were UNDETERMINED."),
    "flips": columns.text("Flips", "Of the criteria judged again on the same reply, those with both PASS and FAIL."),
    "drift": columns.text(
        "Drift",
        "Whether it agrees with people less or more often when it judges again. Changed: chance alone makes such a "
        "difference in less than 5% of cases.",
    ),
    "cost": columns.text("Cost/verdict"),
    "latency": columns.text("Latency", "Median."),
}
_PAIR_COLUMNS = {
    "first": columns.text("Judge"),
    "second": columns.text("Other judge"),
    "votes": st.column_config.NumberColumn(
        "Count like",
        help="How many judges the two are worth: 2 if their mistakes have nothing in common, 1 if they are the same.",
        format="%.2f",
    ),
    "n": columns.whole("Criteria", "Reviewed criteria that both judged."),
    "first_wrong": columns.whole("Judge wrong"),
    "second_wrong": columns.whole("Other wrong"),
    "both_wrong": columns.whole("Both wrong"),
}
