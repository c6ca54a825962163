"""Criteria within one task: how hard each is, which fail together. Never compared across tasks by their bare ids."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pandas as pd

from core.telemetry.reader import TelemetryReader
from dashboard_app.choice import HUNTS, TASK, Choice
from dashboard_app.frames.asking import ask, count_alike, with_rates

LEAST_HUNTS = 5
"""Of a blind session no single verdict may be told: with fewer judged hunts a table of criteria would tell it."""
MAX_TASKS = 200


@dataclass(frozen=True)
class TaskSeen:
    task: str
    notebook: str
    judged: int


def tasks(reader: TelemetryReader, choice: Choice) -> list[TaskSeen]:
    """Tasks with enough judged hunts, most first. A task whose text was edited is another one."""
    sql = f"""SELECT {TASK} AS task, any_value(notebook) AS notebook, count(*) AS judged FROM hunts
              WHERE {HUNTS} AND verdicts_json::VARCHAR <> '{{}}' GROUP BY 1 HAVING judged >= {LEAST_HUNTS}
              ORDER BY judged DESC, 1 LIMIT {MAX_TASKS}"""  # noqa: S608
    rows = ask(reader, choice, sql)
    return [TaskSeen(str(t), str(n), int(j)) for t, n, j in rows.itertuples(index=False)]


def difficulty(reader: TelemetryReader, choice: Choice, task: str) -> pd.DataFrame:
    """criterion, text, failed, judged (PASS or FAIL), undetermined, share that failed, low, high; hardest first."""
    sql = f"""WITH {_VERDICTS}
              SELECT criterion, {count_alike("verdict = 'FAIL'")} AS failed,
                     {count_alike("verdict IN ('PASS', 'FAIL')")} AS judged,
                     {count_alike("verdict = 'UNDETERMINED'")} AS undetermined
              FROM verdicts GROUP BY 1 ORDER BY 1"""  # noqa: S608
    frame = with_rates(ask(reader, choice, sql, task=task), "failed", "judged")
    texts = criterion_texts(reader, task)
    frame.insert(1, "text", [texts.get(criterion, "") for criterion in frame["criterion"]])
    return frame


def together(reader: TelemetryReader, choice: Choice, task: str) -> pd.DataFrame:
    """first, second, both, failed, share: of the hunts in which `first` failed, how many failed `second` too."""
    sql = f"""WITH {_VERDICTS}, failed AS (SELECT text, hunts, criterion FROM verdicts WHERE verdict = 'FAIL'),
              each AS (SELECT criterion, sum(hunts)::BIGINT AS failed FROM failed GROUP BY 1)
              SELECT a.criterion AS first, b.criterion AS second, sum(a.hunts)::BIGINT AS both,
                     any_value(each.failed) AS failed, sum(a.hunts) / any_value(each.failed) AS share
              FROM failed a JOIN failed b USING (text) JOIN each ON each.criterion = a.criterion
              WHERE a.criterion <> b.criterion GROUP BY 1, 2 ORDER BY 1, 2"""  # noqa: S608
    return ask(reader, choice, sql, task=task)


def criterion_texts(reader: TelemetryReader, task: str) -> dict[str, str]:
    """The beginning of each criterion's text, from the newest run of that task; empty for logs from before."""
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
"""Hunts with the same verdicts are one row: unfolding them is what takes time."""
