"""Judge: agreement with people, consistency on identical replies, and undetermined verdicts."""

from __future__ import annotations

from dataclasses import dataclass

import altair as alt
import pandas as pd
import streamlit as st

from core.statistics.agreement import Confusion
from core.telemetry.reader import TelemetryReader
from dashboard_app.components import columns, page
from dashboard_app.components.charts import HEIGHT, Drawing, cell_texts, gaps, number_tip, rates, shades, text_tip
from dashboard_app.components.figures import Number, draw_numbers, figure, is_dark, nothing
from dashboard_app.components.judge_cards import draw_cards, report_of
from dashboard_app.components.tables import table
from dashboard_app.filter_conditions import HUNTS, REVEALED, REVIEWS, TASK, Choice
from dashboard_app.format import NOT_KNOWN, count, interval, percent
from dashboard_app.palette import BLUES, BLUES_DARK_THEME, OUTCOMES, PLAIN
from dashboard_app.queries import count_occurrences, run_query, sum_hunts, with_rates
from dashboard_app.rates import Rate

ABOUT = "What the verdicts of each judge were worth: agreement with people, shared mistakes, drift, consistency."
BEYOND_CHANCE = ((0.8, "very good"), (0.6, "good"), (0.4, "moderate"), (0.2, "fair"))
"""Words for kappa after Landis and Koch (1977), shortened."""
_UNDETERMINED = '"UNDETERMINED"'


@dataclass(frozen=True)
class AgreementCounts:
    """Verdicts on the same criterion of the same reply, by a person and by the judge; PASS and FAIL only."""

    both_pass: int
    both_fail: int
    human_pass: int
    """PASS by the person, FAIL by the judge."""
    human_fail: int
    """FAIL by the person, PASS by the judge."""
    left_out: int
    """No usable answer of the judge; in no other count."""

    @property
    def n(self) -> int:
        return self.both_pass + self.both_fail + self.human_pass + self.human_fail

    @property
    def agreed(self) -> int:
        return self.both_pass + self.both_fail

    @property
    def kappa(self) -> float | None:
        """Cohen's kappa: agreement beyond chance; None without data, or if chance agreement is 1."""
        found = Confusion(self.both_fail, self.human_fail, self.human_pass, self.both_pass).kappa()
        return found.value if found else None


_COUNTS = list(AgreementCounts.__dataclass_fields__)
_MAP = "::JSON AS MAP(VARCHAR, VARCHAR)"
_PAIRS = f"""alike AS (SELECT judge_model, date_trunc('week', ts) AS week, human_json::VARCHAR AS human,
        judge_json::VARCHAR AS judge, count(*) AS hunts
        FROM (SELECT DISTINCT ON (session, hunt_id) * FROM reviews WHERE {REVIEWS} ORDER BY ts DESC) GROUP BY ALL),
    reviewed AS (SELECT judge_model, week, hunts, TRY_CAST(judge{_MAP}) AS judge,
        unnest(map_entries(TRY_CAST(human{_MAP}))) AS entry FROM alike),
    pairs AS (SELECT judge_model, week, hunts, entry.value AS human, judge[entry.key] AS judge
        FROM reviewed)"""  # noqa: S608
"""The last review of each hunt: settled differences are recorded again. Groups those with the same verdicts before
unnesting, which is the slow part."""
_CELLS = ", ".join(
    f"{sum_hunts(condition)} AS {name}"
    for name, condition in {
        "both_pass": "human = 'PASS' AND judge = 'PASS'",
        "both_fail": "human = 'FAIL' AND judge = 'FAIL'",
        "human_pass": "human = 'PASS' AND judge = 'FAIL'",
        "human_fail": "human = 'FAIL' AND judge = 'PASS'",
        "left_out": "judge IS NULL OR judge NOT IN ('PASS', 'FAIL')",
    }.items()
)


def show() -> None:
    page.show_history("Judge", ABOUT, _show)


def _show(reader: TelemetryReader, choice: Choice) -> None:
    pairs = compared(reader, choice)
    found = agreement(pairs)
    _draw_agreement(found)
    if found.n:
        left, right = st.columns(2)
        with left:
            _draw_confusion(found)
        with right:
            _draw_weeks(agreement_by_week(pairs))
    draw_cards(report_of(reader, choice))
    left, right = st.columns(2)
    with left:
        _draw_undetermined(undetermined(reader, choice))
    with right:
        _draw_flips(flips(reader, choice))
    _draw_confidence(confidence(reader, choice))


def compared(reader: TelemetryReader, choice: Choice) -> pd.DataFrame:
    """judge_model, week (the day it begins), and the counts of AgreementCounts."""
    sql = f"""WITH {_PAIRS} SELECT judge_model, strftime(week, '%Y-%m-%d') AS week, {_CELLS}
              FROM pairs GROUP BY ALL ORDER BY ALL"""  # noqa: S608
    return run_query(reader, choice, sql)


def agreement(pairs: pd.DataFrame) -> AgreementCounts:
    """Totals of the pairs from `compared`."""
    return _agreement(pairs[_COUNTS].sum())


def agreement_by_week(pairs: pd.DataFrame) -> pd.DataFrame:
    """label (a week's begin), agreed, n, share, low, high, kappa; oldest first."""
    rows = pairs.groupby("week", as_index=False)[_COUNTS].sum().rename(columns={"week": "label"})
    found = [_agreement(row) for _, row in rows.iterrows()]
    frame = pd.DataFrame(
        {
            "label": rows["label"].astype(str),
            "agreed": [a.agreed for a in found],
            "n": [a.n for a in found],
            "kappa": [float("nan") if a.kappa is None else a.kappa for a in found],
        }
    )
    rated = with_rates(frame, "agreed", "n")
    return rated.sort_values("label", ignore_index=True)


def _agreement(row: pd.Series) -> AgreementCounts:
    return AgreementCounts(**{name: int(row[name]) for name in _COUNTS})


def undetermined(reader: TelemetryReader, choice: Choice) -> pd.DataFrame:
    """label (judge model), missed (UNDETERMINED), verdicts, share, low, high."""
    sql = f"""WITH counted AS (
                SELECT judge_model, verdicts_json::VARCHAR AS text FROM hunts WHERE {HUNTS}
                AND verdicts_json::VARCHAR <> '{{}}')
              SELECT judge_model AS label, sum({count_occurrences("text", _UNDETERMINED)})::BIGINT AS missed,
                     sum({count_occurrences("text", '":')})::BIGINT AS verdicts FROM counted GROUP BY 1 ORDER BY 1"""  # noqa: S608
    return with_rates(run_query(reader, choice, sql), "missed", "verdicts")


def confidence(reader: TelemetryReader, choice: Choice) -> pd.DataFrame:
    """label (judge model), share (mean confidence), n (verdicts that have one), of hunts that are not hidden."""
    sql = f"""SELECT judge_model AS label, sum(confidence * confident_verdicts) / sum(confident_verdicts) AS share,
                     sum(confident_verdicts)::BIGINT AS n
              FROM hunts WHERE {HUNTS} AND {REVEALED} AND confident_verdicts > 0 GROUP BY 1 ORDER BY 1"""  # noqa: S608
    return run_query(reader, choice, sql)


def flips(reader: TelemetryReader, choice: Choice) -> pd.DataFrame:
    """label (judge model), flipped, repeated, share, low, high.

    Over identical replies to the same task that were judged more than once. A flip is a criterion with both PASS and
    FAIL.
    """
    sql = f"""WITH again AS MATERIALIZED (
                SELECT reply_mark FROM hunts WHERE {HUNTS} AND reply_mark <> '' GROUP BY 1 HAVING count(*) > 1),
              judged AS (SELECT {TASK} AS task, judge_model, reply_mark,
                         unnest(map_entries(TRY_CAST(verdicts_json AS MAP(VARCHAR, VARCHAR)))) AS entry
                         FROM hunts SEMI JOIN again USING (reply_mark) WHERE {HUNTS}),
              each AS (SELECT judge_model, count(DISTINCT entry.value) AS verdicts FROM judged
                       WHERE entry.value IN ('PASS', 'FAIL')
                       GROUP BY task, judge_model, reply_mark, entry.key HAVING count(*) > 1)
              SELECT judge_model AS label, count(*) FILTER (verdicts > 1) AS flipped, count(*) AS repeated
              FROM each GROUP BY 1 ORDER BY 1"""  # noqa: S608
    return with_rates(run_query(reader, choice, sql), "flipped", "repeated")


def _draw_agreement(found: AgreementCounts) -> None:
    st.subheader("Judge against people", anchor=False)
    if not found.n:
        st.info(
            "**No reviews yet.** Agreement, kappa, disagreements and weekly agreement appear here after trainers "
            "review selected hunts and reveal the judge's verdicts.",
            icon=":material/rate_review:",
        )
        return
    rate = Rate(found.agreed, found.n)
    draw_numbers(
        (
            Number("Agreement", percent(rate.share), interval(rate), "Same verdict on the same criterion."),
            Number(
                "Kappa",
                *_kappa_words(found.kappa),
                "Agreement that guessing does not explain (Cohen): 1 is perfect, 0 is no better than guessing.",
            ),
            Number("Criteria reviewed", f"{found.n:,}", "", "Rated PASS or FAIL by both."),
            Number("Judge too strict", f"{found.human_pass:,}", "", "The person passed it, the judge failed it."),
            Number("Judge too lenient", f"{found.human_fail:,}", "", "The person failed it, the judge passed it."),
            Number("Left out", f"{found.left_out:,}", "", "The judge gave no usable answer."),
        )
    )


def _kappa_words(kappa: float | None) -> tuple[str, str]:
    """Kappa, and a word that rates it."""
    if kappa is None:
        return NOT_KNOWN, "not defined"
    return f"{kappa:.2f}", next((word for minimum, word in BEYOND_CHANCE if kappa >= minimum), "poor")


def _draw_confusion(found: AgreementCounts) -> None:
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
        _chart_confusion(frame, dark=is_dark()),
        "Number of criteria by the person's verdict and the judge's verdict.",
    )


def _draw_weeks(weeks: pd.DataFrame) -> None:
    figure(
        "Agreement by week",
        _chart_weeks(weeks),
        "Share of criteria on which person and judge agree, by week, with its range (95% interval).",
    )


def _draw_undetermined(frame: pd.DataFrame) -> None:
    title = "Undetermined verdicts"
    if frame.empty:
        nothing(title, "No matching hunt was judged.")
        return
    figure(
        title,
        rates(
            frame,
            hits="missed",
            of="verdicts",
            colour=OUTCOMES["error"],
            titles=("Share UNDETERMINED", "Verdicts requested"),
        ),
        "Share of verdicts that are UNDETERMINED, by judge model.",
        f"{count(int(frame['missed'].sum()), 'verdict')} of {int(frame['verdicts'].sum()):,}.",
    )


def _draw_flips(frame: pd.DataFrame) -> None:
    title = "Same reply, other verdict"
    if frame.empty:
        nothing(title, "No identical replies were judged more than once, so there is nothing to compare.")
        return
    figure(
        title,
        rates(
            frame,
            hits="flipped",
            of="repeated",
            colour=OUTCOMES["undetermined"],
            titles=("Share that flipped", "Criteria judged again"),
        ),
        "Share of criteria that got both PASS and FAIL for the same reply, by judge model.",
        "Criteria that got both PASS and FAIL for identical replies.",
    )


def _draw_confidence(frame: pd.DataFrame) -> None:
    if frame.empty:
        return
    st.subheader("Confidence", anchor=False)
    table(
        "confidence",
        frame,
        {
            "label": columns.text("Judge"),
            "share": columns.percent("Mean confidence", "The probability that the model gave to its verdicts' words."),
            "n": columns.whole("n", "Verdicts whose API gave log-probabilities"),
        },
    )


def _chart_weeks(frame: pd.DataFrame) -> Drawing:
    """label (a week's begin), share, low, high, n, kappa."""
    drawn = frame.assign(text=[f"{share:.0%} of {n:,}" for share, n in zip(frame["share"], frame["n"], strict=True)])
    base = alt.Chart(drawn).encode(
        x=alt.X("label:O", title="Week from", axis=alt.Axis(labelAngle=0, labelOverlap=True)),
        tooltip=[
            text_tip("label", "Week from"),
            text_tip("text", "Agreed, of criteria reviewed"),
            number_tip("kappa", "Kappa", ".2f"),
        ],
    )
    scale = alt.Scale(domain=[0, 1])
    across = alt.Y("low:Q", title="Agreement", scale=scale, axis=alt.Axis(format="%"))
    rule = base.mark_rule(strokeWidth=3, opacity=0.4, color=PLAIN).encode(y=across, y2="high")
    line = base.mark_line(color=PLAIN, point=alt.OverlayMarkDef(size=80, filled=True, color=PLAIN)).encode(
        y=alt.Y("share:Q", scale=scale)
    )
    return alt.layer(rule, line).properties(height=HEIGHT)


def _chart_confusion(frame: pd.DataFrame, *, dark: bool = False) -> Drawing:
    """human, judge, criteria, part (of all): verdicts of person against judge."""
    base = alt.Chart(frame).encode(
        x=alt.X("judge:N", title="Judge", sort=["PASS", "FAIL"], scale=gaps(), axis=alt.Axis(labelAngle=0)),
        y=alt.Y("human:N", title="Person", sort=["PASS", "FAIL"], scale=gaps()),
        tooltip=[text_tip("human", "Person"), text_tip("judge", "Judge"), number_tip("criteria", "Criteria")],
    )
    cells = base.mark_rect(cornerRadius=3).encode(color=shades("part", BLUES_DARK_THEME if dark else BLUES))
    return alt.layer(cells, cell_texts(base, "criteria", ",d", by="part", dark=dark)).properties(height=200)
