"""Criteria of one task: difficulty and joint failures. IDs such as C1 are never compared across tasks."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pandas as pd

from core.telemetry.reader import TelemetryReader
from dashboard_app.choice import HUNTS, TASK, Choice
from dashboard_app.frames.queries import run_query, sum_hunts, with_rates

MIN_HUNTS = 5
"""With fewer judged hunts, rates by criterion would reveal single verdicts of blind sessions."""
MAX_TASKS = 200


@dataclass(frozen=True)
class JudgedTask:
    task: str
    notebook: str
    judged: int


def tasks(reader: TelemetryReader, choice: Choice) -> list[JudgedTask]:
    """Tasks with enough judged hunts, most hunts first. Each version of a task counts separately."""
    sql = f"""SELECT {TASK} AS task, any_value(notebook) AS notebook, count(*) AS judged FROM hunts
              WHERE {HUNTS} AND verdicts_json::VARCHAR <> '{{}}' GROUP BY 1 HAVING judged >= {MIN_HUNTS}
              ORDER BY judged DESC, 1 LIMIT {MAX_TASKS}"""  # noqa: S608
    rows = run_query(reader, choice, sql)
    return [JudgedTask(str(t), str(n), int(j)) for t, n, j in rows.itertuples(index=False)]


def difficulty(reader: TelemetryReader, choice: Choice, task: str) -> pd.DataFrame:
    """criterion, text, failed, judged (PASS or FAIL), undetermined, share that failed, low, high; hardest first."""
    sql = f"""WITH {_VERDICTS}
              SELECT criterion, {sum_hunts("verdict = 'FAIL'")} AS failed,
                     {sum_hunts("verdict IN ('PASS', 'FAIL')")} AS judged,
                     {sum_hunts("verdict = 'UNDETERMINED'")} AS undetermined
              FROM verdicts GROUP BY 1 ORDER BY 1"""  # noqa: S608
    frame = with_rates(run_query(reader, choice, sql, task=task), "failed", "judged")
    texts = criterion_texts(reader, task)
    frame.insert(1, "text", [texts.get(criterion, "") for criterion in frame["criterion"]])
    return frame


def together(reader: TelemetryReader, choice: Choice, task: str) -> pd.DataFrame:
    """first, second, both, failed, share: of the hunts that failed `first`, the share that also failed `second`."""
    sql = f"""WITH {_VERDICTS}, failed AS (SELECT text, hunts, criterion FROM verdicts WHERE verdict = 'FAIL'),
              each AS (SELECT criterion, sum(hunts)::BIGINT AS failed FROM failed GROUP BY 1)
              SELECT a.criterion AS first, b.criterion AS second, sum(a.hunts)::BIGINT AS both,
                     any_value(each.failed) AS failed, sum(a.hunts) / any_value(each.failed) AS share
              FROM failed a JOIN failed b USING (text) JOIN each ON each.criterion = a.criterion
              WHERE a.criterion <> b.criterion GROUP BY 1, 2 ORDER BY 1, 2"""  # noqa: S608
    return run_query(reader, choice, sql, task=task)


def criterion_texts(reader: TelemetryReader, task: str) -> dict[str, str]:
    """The beginning of each criterion's text, from the newest run of that task; empty for logs of older versions."""
    sql = """SELECT criterion_texts_json::VARCHAR AS texts FROM runs
             WHERE task = ? AND criterion_texts_json IS NOT NULL ORDER BY ts DESC LIMIT 1"""
    found = reader.query(sql, [task])["texts"]
    texts = json.loads(found[0]) if len(found) else {}
    return {str(criterion): str(text) for criterion, text in texts.items()}


_VERDICTS = f"""alike AS (SELECT verdicts_json::VARCHAR AS text, count(*) AS hunts FROM hunts
        WHERE {HUNTS} AND {TASK} = $task GROUP BY 1),
    judged AS (SELECT text, hunts, unnest(map_entries(TRY_CAST(text::JSON AS MAP(VARCHAR, VARCHAR)))) AS entry
        FROM alike),
    verdicts AS (SELECT text, hunts, entry.key AS criterion, entry.value AS verdict FROM judged)"""  # noqa: S608
"""Groups hunts with the same verdicts before unnesting, which is the slow part."""
