"""The judge: undetermined verdicts, different verdicts on identical replies, agreement with people."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from core.telemetry.reader import TelemetryReader
from dashboard_app.choice import CALLS, HUNTS, TASK, Choice
from dashboard_app.frames.queries import run_query, sum_hunts, with_rates

_UNDETERMINED = '"UNDETERMINED"'
_OF_REVIEWS = CALLS + " AND ($notebook IS NULL OR notebook = $notebook)"


@dataclass(frozen=True)
class Agreement:
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
        if not self.n:
            return None
        human = (self.both_pass + self.human_pass) / self.n
        judge = (self.both_pass + self.human_fail) / self.n
        chance = human * judge + (1 - human) * (1 - judge)
        return None if chance == 1 else (self.agreed / self.n - chance) / (1 - chance)


def undetermined(reader: TelemetryReader, choice: Choice) -> pd.DataFrame:
    """label (judge model), missed (UNDETERMINED), verdicts, share, low, high."""
    sql = f"""WITH counted AS (
                SELECT judge_model, verdicts_json::VARCHAR AS text FROM hunts WHERE {HUNTS}
                AND verdicts_json::VARCHAR <> '{{}}')
              SELECT judge_model AS label, sum({times("text", _UNDETERMINED)})::BIGINT AS missed,
                     sum({times("text", '":')})::BIGINT AS verdicts FROM counted GROUP BY 1 ORDER BY 1"""  # noqa: S608
    return with_rates(run_query(reader, choice, sql), "missed", "verdicts")


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


def compared(reader: TelemetryReader, choice: Choice) -> pd.DataFrame:
    """judge_model, week (the day it begins), and the counts of an Agreement."""
    sql = f"""WITH {_PAIRS} SELECT judge_model, strftime(week, '%Y-%m-%d') AS week, {_CELLS}
              FROM pairs GROUP BY ALL ORDER BY ALL"""  # noqa: S608
    return run_query(reader, choice, sql)


def agreement(pairs: pd.DataFrame) -> Agreement:
    """Totals of the pairs from `compared`."""
    return _agreement(pairs[_COUNTS].sum())


def agreement_by(pairs: pd.DataFrame, group: str) -> pd.DataFrame:
    """label, agreed, n, share, low, high, kappa; `group`: "judge_model", or "week" (oldest first)."""
    rows = pairs.groupby(group, as_index=False)[_COUNTS].sum().rename(columns={group: "label"})
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


def _agreement(row: pd.Series) -> Agreement:
    return Agreement(**{name: int(row[name]) for name in _COUNTS})


def times(text: str, word: str) -> str:
    """SQL for the number of times that `word` occurs in `text`."""
    return f"(length({text}) - length(replace({text}, '{word}', ''))) // {len(word)}"


_COUNTS = list(Agreement.__dataclass_fields__)
_MAP = "::JSON AS MAP(VARCHAR, VARCHAR)"
_PAIRS = f"""alike AS (SELECT judge_model, date_trunc('week', ts) AS week, human_json::VARCHAR AS human,
        judge_json::VARCHAR AS judge, count(*) AS hunts FROM reviews WHERE {_OF_REVIEWS} GROUP BY ALL),
    reviewed AS (SELECT judge_model, week, hunts, TRY_CAST(judge{_MAP}) AS judge,
        unnest(map_entries(TRY_CAST(human{_MAP}))) AS entry FROM alike),
    pairs AS (SELECT judge_model, week, hunts, entry.value AS human, judge[entry.key] AS judge
        FROM reviewed)"""  # noqa: S608
"""Groups reviews with the same verdicts before unnesting, which is the slow part."""
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
