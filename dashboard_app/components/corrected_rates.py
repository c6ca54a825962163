"""Break rates corrected for what the judge gets wrong, by judge and model, pooled over tasks.

PPV and NPV are those of one judge model with its parameters, one judge prompt and one pass rule: only hunts of the same
three are counted together. Logs of older versions name neither prompt nor rule, so their hunts are left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from core.review.corrected_rates import RateRow, rate_row
from core.statistics.corrected_rate import Evidence
from core.telemetry.reader import TelemetryReader
from dashboard_app.components import columns
from dashboard_app.components.tables import table
from dashboard_app.filter_conditions import HUNTS, RATED, TARGET, Choice
from dashboard_app.format import count, plain
from dashboard_app.queries import run_query

TITLE = "Corrected break rate"
COUNTS = ("broke", "held", "reviewed_breaks", "true_breaks", "audited_held", "true_held")
JUDGE = ("judge_model", "judge_parameters", "judge_prompt", "pass_rule")
_REVIEWED = "human IN ('broke', 'held')"


@dataclass(frozen=True)
class JudgeRates:
    """The rates of one judge as it was asked."""

    judge_model: str
    judge_parameters: str
    judge_prompt: str
    pass_rule: str
    tasks: int
    rows: tuple[RateRow, ...]
    """All models together, then each, where there are several."""

    @property
    def title(self) -> str:
        parameters = f" · {self.judge_parameters}" if self.judge_parameters else ""
        return f"{self.judge_model}{parameters}, judge prompt {self.judge_prompt}, pass rule {self.pass_rule}"


def corrected_rates(reader: TelemetryReader, choice: Choice) -> list[JudgeRates]:
    """The judges with reviewed hunts, most hunts first. A review counts for the period of its hunt, with the outcome
    that was reviewed; of several reviews of a hunt the last one counts."""
    sql = f"""WITH said AS (
                SELECT hunt_id, arg_max(human_outcome, ts) AS human, bool_or(coalesce(audit, false)) AS audit,
                       arg_max(judge_outcome, ts) AS reviewed_outcome,
                       {", ".join(f"arg_max({name}, ts) AS reviewed_{name}" for name in JUDGE)}
                FROM reviews WHERE human_outcome IN ('broke', 'held') GROUP BY 1),
              judged AS (
                SELECT hunt_id, {TARGET} AS label, task, {RATED} AS rated, human, coalesce(audit, false) AS audit,
                       coalesce(reviewed_outcome, outcome) AS outcome,
                       {", ".join(f"coalesce(reviewed_{name}, {name}) AS {name}" for name in JUDGE)}
                FROM hunts LEFT JOIN said USING (hunt_id) WHERE {HUNTS} AND round = 0)
              SELECT {", ".join(JUDGE)}, label, list(DISTINCT task) AS tasks,
                     count(*) FILTER (outcome = 'broke' AND rated) AS broke,
                     count(*) FILTER (outcome = 'held' AND rated) AS held, count(*) FILTER (NOT rated) AS adaptive,
                     count(*) FILTER (outcome = 'broke' AND {_REVIEWED}) AS reviewed_breaks,
                     count(*) FILTER (outcome = 'broke' AND human = 'broke') AS true_breaks,
                     count(*) FILTER (outcome = 'held' AND audit AND {_REVIEWED}) AS audited_held,
                     count(*) FILTER (outcome = 'held' AND audit AND human = 'held') AS true_held
              FROM judged WHERE outcome IN ('broke', 'held') AND judge_prompt <> '' AND pass_rule <> ''
              GROUP BY ALL ORDER BY label"""  # noqa: S608 - constant SQL; filter values are parameters
    frame = run_query(reader, choice, sql)
    found = [_judge_rates(rows) for _, rows in frame.groupby(list(JUDGE), sort=True)]
    reviewed = [one for one in found if one.rows[0].reviewed_breaks + one.rows[0].audited_held]
    return sorted(reviewed, key=lambda one: -one.rows[0].broke - one.rows[0].held)


def _judge_rates(frame: pd.DataFrame) -> JudgeRates:
    """Of the rows of one judge."""
    model, parameters, prompt, rule = (str(frame[name].iloc[0]) for name in JUDGE)
    uniform = bool(frame["adaptive"].sum())
    models = [rate_row(str(row["label"]), _evidence(row), uniform=uniform) for _, row in frame.iterrows()]
    all_models = rate_row("", _evidence(frame[list(COUNTS)].sum()), uniform=uniform)
    tasks = len({task for some in frame["tasks"] for task in some})
    rows = (all_models, *(models if len(models) > 1 else ()))
    return JudgeRates(model, parameters, prompt, rule, tasks, rows)


def _evidence(counts: pd.Series) -> Evidence:
    return Evidence(**{name: int(counts[name]) for name in COUNTS})


def draw_corrected_rates(found: list[JudgeRates]) -> None:
    st.subheader(TITLE, anchor=False)
    if not found:
        st.info(
            "**No reviews yet.** Corrected rates appear here after trainers review breaks and held hunts that were "
            "drawn at random, and reveal the judge's verdicts.",
            icon=":material/balance:",
        )
        return
    for judge in found:
        st.markdown(f"**{plain(judge.title)}**")
        st.markdown("  \n".join(plain(sentence) for sentence in judge.rows[0].sentences))
        st.caption(
            f"From {count(judge.tasks, 'task')} with the same judge, judge prompt and pass rule."
            + (" It is right only if the judge is wrong equally often on each of them." if judge.tasks > 1 else "")
        )
    with st.expander("As a table", icon=":material/table:"):
        table(
            "corrected-break-rates",
            as_frame(found),
            {
                "judge": columns.text("Judge"),
                "model": columns.text("Model"),
                "judged": columns.percent("Judged rate", "Breaks by the judge over decided hunts"),
                "ppv": columns.percent("True breaks", "Share of the judge's breaks that people call breaks, too (PPV)"),
                "npv": columns.percent("True held", "Share of the judge's held hunts that people call held, too (NPV)"),
                "corrected": columns.percent("Corrected rate"),
                "low": columns.percent("from", "The true rate is probably in this range (95% interval)"),
                "high": columns.percent("to", "The true rate is probably in this range (95% interval)"),
                "reviewed_breaks": columns.whole("Breaks reviewed"),
                "audited_held": columns.whole("Held audited", "Held hunts drawn at random and reviewed"),
                "decided": columns.whole("n", "Decided hunts: broke + held"),
                "words": columns.text("Corrected, in words"),
            },
        )


def as_frame(found: list[JudgeRates]) -> pd.DataFrame:
    """A row for each judge and model."""
    return pd.DataFrame(
        [
            {
                "judge": judge.title,
                "model": row.label or "all models",
                "judged": row.judged.rate if row.judged else None,
                "ppv": row.ppv.rate if row.ppv else None,
                "npv": row.npv.rate if row.npv else None,
                "corrected": row.corrected.rate if row.corrected else None,
                "low": row.corrected.low if row.corrected else None,
                "high": row.corrected.high if row.corrected else None,
                "reviewed_breaks": row.reviewed_breaks,
                "audited_held": row.audited_held,
                "decided": row.broke + row.held,
                "words": row.sentences[-1],
            }
            for judge in found
            for row in judge.rows
        ]
    )
