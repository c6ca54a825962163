"""Overview: alarms, key figures and break rates. It does not need the API."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import altair as alt
import pandas as pd
import streamlit as st

from core.domain.verdict import Outcome
from core.telemetry.reader import TelemetryReader
from dashboard_app import data
from dashboard_app.components import notices, page
from dashboard_app.components.break_rates import (
    ADAPTIVE,
    CONFIRMED,
    CONTESTED,
    break_rates,
    draw_break_rates,
    draw_opinions,
)
from dashboard_app.components.charts import (
    HEIGHT,
    Drawing,
    bar_width,
    colours,
    number_tip,
    text_tip,
    time_axis,
    whole_axis,
    with_when,
)
from dashboard_app.components.corrected_rates import corrected_rates, draw_corrected_rates
from dashboard_app.components.figures import Number, draw_numbers, figure
from dashboard_app.filter_conditions import HUNTS, RATED, Choice
from dashboard_app.format import NOT_KNOWN, interval, latency, percent, usd
from dashboard_app.palette import OUTCOMES
from dashboard_app.queries import FIXED, UNPRICED, in_utc, number, period_shown, run_query, step
from dashboard_app.rates import Rate


@dataclass(frozen=True)
class HuntTotals:
    """Totals of the matching hunts."""

    hunts: int
    by_outcome: dict[str, int]
    simulated: int
    median_latency_ms: float | None
    target_usd: float | None
    """Known costs; None if none are known."""
    judge_usd: float | None
    unknown_costs: int
    """Replies, and judgings of a reply, with unknown cost."""
    sessions: int = 0
    fixed: bool = False
    """They are the hunts of one run of fixed size that ended by itself."""
    confirmed: int = 0
    contested: int = 0
    """Breaks by what second opinions make of them."""
    adaptive: dict[str, int] = field(default_factory=dict)
    """Hunts of adaptive runs that no rate counts, by outcome."""

    @property
    def rate(self) -> Rate:
        broke, held = (
            self.by_outcome.get(outcome, 0) - self.adaptive.get(outcome, 0) for outcome in (Outcome.BROKE, Outcome.HELD)
        )
        return Rate(broke, broke + held, self.fixed)

    @property
    def broke(self) -> int:
        return self.by_outcome.get(Outcome.BROKE, 0)

    @property
    def decided(self) -> int:
        return self.broke + self.by_outcome.get(Outcome.HELD, 0)

    @property
    def errors(self) -> int:
        return self.by_outcome.get(Outcome.ERROR, 0)

    @property
    def known_usd(self) -> float | None:
        known = [cost for cost in (self.target_usd, self.judge_usd) if cost is not None]
        return sum(known) if known else None


def show() -> None:
    page.show_history("Overview", "Key figures, compared with the previous period.", _show)


def _show(reader: TelemetryReader, choice: Choice) -> None:
    notices.alarms(data.all_alarms(reader), quiet=True)
    before = totals(reader, choice.before) if choice.before else None
    _draw_key_figures(totals(reader, choice), before)
    _draw_why_not_compared(choice)
    hunts = outcomes_over_time(reader, choice, step(reader, choice))
    figure(
        "Hunts and breaks over time",
        _chart_outcomes(hunts, period_shown(choice, hunts)),
        "Hunts over time, stacked by outcome: broke, held, undetermined, error, cancelled.",
    )
    models = break_rates(reader, choice, "model")
    left, right = st.columns(2)
    with left:
        draw_break_rates("Break rate by model", models)
    with right:
        draw_break_rates("Break rate by domain", break_rates(reader, choice, "domain"))
    upstreams = break_rates(reader, choice, "upstream")
    if len(upstreams):
        draw_break_rates("Break rate by upstream", upstreams)
    draw_opinions(models)
    draw_corrected_rates(corrected_rates(reader, choice))


def totals(reader: TelemetryReader, choice: Choice) -> HuntTotals:
    row = run_query(
        reader,
        choice,
        f"""SELECT count(*) AS hunts, count(*) FILTER (simulated) AS simulated, median(latency_ms) AS median_latency_ms,
            sum(cost_usd) AS target_usd, sum(judge_cost_usd) AS judge_usd, count(DISTINCT session) AS sessions,
            coalesce(sum({UNPRICED}), 0)::BIGINT AS unknown_costs, coalesce({FIXED}, false) AS fixed,
            count(*) FILTER ({CONFIRMED}) AS confirmed, count(*) FILTER ({CONTESTED}) AS contested
            FROM hunts WHERE {HUNTS}""",  # noqa: S608 - constant SQL; filter values are parameters
    ).iloc[0]
    sql = f"""SELECT outcome, count(*) AS n, count(*) FILTER (NOT {RATED}) AS adaptive
              FROM hunts WHERE {HUNTS} GROUP BY outcome"""  # noqa: S608
    outcomes = run_query(reader, choice, sql)
    return HuntTotals(
        hunts=int(row["hunts"]),
        by_outcome={str(outcome): int(n) for outcome, n in zip(outcomes["outcome"], outcomes["n"], strict=True)},
        simulated=int(row["simulated"]),
        median_latency_ms=number(row["median_latency_ms"]),
        target_usd=number(row["target_usd"]),
        judge_usd=number(row["judge_usd"]),
        unknown_costs=int(row["unknown_costs"]),
        sessions=int(row["sessions"]),
        fixed=bool(row["fixed"]),
        confirmed=int(row["confirmed"]),
        contested=int(row["contested"]),
        adaptive={str(name): int(n) for name, n in zip(outcomes["outcome"], outcomes["adaptive"], strict=True) if n},
    )


def outcomes_over_time(reader: TelemetryReader, choice: Choice, width: timedelta) -> pd.DataFrame:
    """begin, end (UTC), outcome, hunts."""
    sql = f"""SELECT time_bucket($width, ts) AS begin, outcome, count(*) AS hunts
              FROM hunts WHERE {HUNTS} GROUP BY ALL ORDER BY begin, outcome"""  # noqa: S608
    frame = in_utc(run_query(reader, choice, sql, width=width), "begin")
    frame.insert(1, "end", frame["begin"] + width)
    return frame


def _draw_key_figures(totals: HuntTotals, before: HuntTotals | None) -> None:
    """Key figures of the matching hunts; `before`: the previous period, None without a comparison."""
    rate = totals.rate
    undecided = totals.hunts - totals.decided
    was = before if before and before.hunts else None
    draw_numbers(
        (
            Number(
                "Break rate",
                percent(rate.share),
                _rate_note(rate, was),
                f"Breaks over decided hunts (broke + held), with the 95% interval ({rate.method or NOT_KNOWN})."
                + (f" {ADAPTIVE}" if any(totals.adaptive.values()) else "")
                + (_before(percent(was.rate.share)) if was else ""),
            ),
            Number(
                "Breaks",
                f"{totals.broke:,}",
                _breaks_note(totals),
                "Hunts whose reply fails the pass rule. Confirmed: every other judge that was asked agrees."
                + (_before(f"{was.broke:,}") if was else ""),
            ),
            Number(
                "Hunts",
                f"{totals.hunts:,}",
                _change(totals.hunts, was.hunts) if was else f"{undecided:,} not decided",
                f"Errors and cancelled hunts included; {undecided:,} not decided."
                + (_before(f"{was.hunts:,}") if was else ""),
            ),
            Number(
                "Errors",
                f"{totals.errors:,}",
                f"{percent(totals.errors / totals.hunts)} of hunts" if totals.hunts else "",
                "Hunts without a usable reply. Never counted as breaks." + (_before(f"{was.errors:,}") if was else ""),
            ),
            Number(
                "Cost",
                _cost(totals),
                _unknown(totals.unknown_costs),
                "Known costs of targets and judges, and the number of unknown costs. Reference checks are not included."
                + (_before(_cost(was)) if was else ""),
            ),
            Number(
                "Median latency",
                latency(totals.median_latency_ms),
                _change(totals.median_latency_ms, was.median_latency_ms) if was else "",
                "Until the end of the target's reply." + (_before(latency(was.median_latency_ms)) if was else ""),
            ),
        )
    )


def _draw_why_not_compared(choice: Choice) -> None:
    """Explains a missing comparison with the previous period."""
    if choice.log_is_younger and choice.log_begin is not None:
        st.caption(
            f"Not compared with the previous period: the log begins on {choice.log_begin:%-d %b %Y, %H:%M} UTC, "
            "after that period began."
        )


def _breaks_note(totals: HuntTotals) -> str:
    decided = f"of {totals.decided:,} decided"
    if not totals.confirmed + totals.contested:
        return decided
    return f"{decided}; {totals.confirmed:,} confirmed, {totals.contested:,} contested"


def _rate_note(rate: Rate, was: HuntTotals | None) -> str:
    if was is None or was.rate.share is None:
        return interval(rate)
    return f"{interval(rate)}; previously {percent(was.rate.share)}"


def _change(now: float | None, before: float | None) -> str:
    """ "+12% vs. previous period"; empty when there is nothing to compare."""
    return f"{now / before - 1:+.0%} vs. previous period" if now is not None and before else ""


def _before(value: str) -> str:
    return f" Previous period: {value}."


def _cost(totals: HuntTotals) -> str:
    if totals.known_usd is None:
        return "unknown" if totals.unknown_costs else NOT_KNOWN
    return usd(totals.known_usd)


def _unknown(costs: int) -> str:
    return f"+ {costs:,} unknown" if costs else ""


def _chart_outcomes(frame: pd.DataFrame, period: tuple[datetime, datetime]) -> Drawing:
    shown = [outcome for outcome in OUTCOMES if outcome in set(frame["outcome"])]
    rank = {outcome: place for place, outcome in enumerate(OUTCOMES)}
    drawn = with_when(frame).assign(rank=frame["outcome"].map(rank))
    chart: alt.Chart = (
        alt.Chart(drawn)
        .mark_bar()
        .encode(
            x=time_axis("begin", period),
            x2="end",
            y=alt.Y("hunts:Q", axis=whole_axis(f"Hunts per {bar_width(frame)}", labelFlush=False)),
            color=colours("outcome", shown, [OUTCOMES[outcome] for outcome in shown]),
            order=alt.Order("rank:Q"),
            tooltip=[text_tip("when", "Time (UTC)"), text_tip("outcome", "Outcome"), number_tip("hunts", "Hunts")],
        )
        .properties(height=HEIGHT)
    )
    return chart
