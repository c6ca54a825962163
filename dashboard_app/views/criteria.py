"""Criteria of one task: difficulty and joint failures. IDs such as C1 are never compared across tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt
import pandas as pd
import streamlit as st

from core.telemetry.reader import TelemetryReader
from dashboard_app.components import columns, page
from dashboard_app.components.charts import CELL_PX, Drawing, cell_texts, gaps, number_tip, rates, shades, text_tip
from dashboard_app.components.figures import figure, is_dark, nothing
from dashboard_app.components.tables import table
from dashboard_app.filter_conditions import HUNTS, RATED, REVEALED, TASK, Choice
from dashboard_app.format import count
from dashboard_app.palette import OUTCOMES
from dashboard_app.queries import criterion_texts, run_query, sum_hunts, with_rates

ABOUT = "Within one task only: C3 of one task is unrelated to C3 of another."
MIN_HUNTS = 5
"""With fewer judged hunts, rates by criterion would reveal single verdicts of blind sessions."""
MAX_TASKS = 200


@dataclass(frozen=True)
class JudgedTask:
    task: str
    notebook: str
    judged: int


REDS, REDS_DARK_THEME = ("#f6dcdf", "#b02a40"), ("#33191e", "#c23b54")
"""The lowest value is closest to the background in both themes; white text is readable on all dark shades."""
MANY_COLUMNS = 10
"""With more columns, their labels are vertical to avoid overlaps."""
_VERDICTS = f"""alike AS (SELECT verdicts_json::VARCHAR AS text, count(*) AS hunts FROM hunts
        WHERE {HUNTS} AND {RATED} AND {TASK} = $task GROUP BY 1),
    judged AS (SELECT text, hunts, unnest(map_entries(TRY_CAST(text::JSON AS MAP(VARCHAR, VARCHAR)))) AS entry
        FROM alike),
    verdicts AS (SELECT text, hunts, entry.key AS criterion, entry.value AS verdict FROM judged)"""  # noqa: S608
"""Groups hunts with the same verdicts before unnesting, which is the slow part."""


def show() -> None:
    page.show_history("Criteria", ABOUT, _show)


def _show(reader: TelemetryReader, choice: Choice) -> None:
    tasks = judged_tasks(reader, choice)
    if not tasks:
        _draw_too_few_judged(MIN_HUNTS)
        return
    task = _choose(tasks)
    hard = difficulty(reader, choice, task.task)
    left, right = st.columns([3, 2])
    with left:
        _draw_difficulty(hard)
    with right:
        _draw_together(together(reader, choice, task.task))
    _draw_texts(hard)


def judged_tasks(reader: TelemetryReader, choice: Choice) -> list[JudgedTask]:
    """Tasks with enough judged hunts, most hunts first. Each version of a task counts separately."""
    sql = f"""SELECT {TASK} AS task, any_value(notebook) AS notebook, count(*) AS judged FROM hunts
              WHERE {HUNTS} AND {RATED} AND verdicts_json::VARCHAR <> '{{}}' GROUP BY 1 HAVING judged >= {MIN_HUNTS}
              ORDER BY judged DESC, 1 LIMIT {MAX_TASKS}"""  # noqa: S608
    rows = run_query(reader, choice, sql)
    return [JudgedTask(str(t), str(n), int(j)) for t, n, j in rows.itertuples(index=False)]


def difficulty(reader: TelemetryReader, choice: Choice, task: str) -> pd.DataFrame:
    """criterion, text, failed, judged (PASS or FAIL), undetermined, share that failed, low, high, asked (votes of other
    judges on FAILs, where verdicts may be shown), overturned (votes PASS among them); hardest first."""
    sql = f"""WITH {_VERDICTS}
              SELECT criterion, {sum_hunts("verdict = 'FAIL'")} AS failed,
                     {sum_hunts("verdict IN ('PASS', 'FAIL')")} AS judged,
                     {sum_hunts("verdict = 'UNDETERMINED'")} AS undetermined
              FROM verdicts GROUP BY 1 ORDER BY 1"""  # noqa: S608
    frame = with_rates(run_query(reader, choice, sql, task=task), "failed", "judged")
    frame = frame.merge(_overturned(reader, choice, task), how="left", on="criterion").fillna(
        {"asked": 0, "overturned": 0}
    )
    texts = criterion_texts(reader, task)
    frame.insert(1, "text", [texts.get(criterion, "") for criterion in frame["criterion"]])
    return frame


def _overturned(reader: TelemetryReader, choice: Choice, task: str) -> pd.DataFrame:
    """criterion, asked, overturned."""
    sql = f"""WITH voted AS (SELECT verdicts, unnest(map_values(votes)) AS votes FROM hunts
                  WHERE {HUNTS} AND {TASK} = $task AND {REVEALED} AND votes IS NOT NULL),
              each AS (SELECT verdicts, unnest(map_entries(votes)) AS vote FROM voted)
              SELECT vote.key AS criterion, count(*) AS asked, count(*) FILTER (vote.value = 'PASS') AS overturned
              FROM each WHERE verdicts[vote.key] = 'FAIL' GROUP BY 1"""  # noqa: S608
    return run_query(reader, choice, sql, task=task)


def together(reader: TelemetryReader, choice: Choice, task: str) -> pd.DataFrame:
    """first, second, both, failed, share: of the hunts that failed `first`, the share that also failed `second`."""
    sql = f"""WITH {_VERDICTS}, failed AS (SELECT text, hunts, criterion FROM verdicts WHERE verdict = 'FAIL'),
              each AS (SELECT criterion, sum(hunts)::BIGINT AS failed FROM failed GROUP BY 1)
              SELECT a.criterion AS first, b.criterion AS second, sum(a.hunts)::BIGINT AS both,
                     any_value(each.failed) AS failed, sum(a.hunts) / any_value(each.failed) AS share
              FROM failed a JOIN failed b USING (text) JOIN each ON each.criterion = a.criterion
              WHERE a.criterion <> b.criterion GROUP BY 1, 2 ORDER BY 1, 2"""  # noqa: S608
    return run_query(reader, choice, sql, task=task)


def _draw_too_few_judged(minimum: int) -> None:
    st.info(
        f"**No task has {minimum} judged hunts in this selection.** Choose a longer period or another task. "
        "With fewer, rates mean little and could reveal verdicts of blind sessions.",
        icon=":material/rule:",
    )


def _choose(tasks: Sequence[JudgedTask]) -> JudgedTask:
    """The selected task; in the URL as `of`."""
    names = {f"{task.notebook} · {task.task[:6]}": task for task in tasks}
    chosen = st.selectbox(
        "Criteria of",
        list(names),
        key="of",
        bind="query-params",
        width=420,
        help="The code after the name identifies the version of the task's text. Each version is counted separately.",
    )
    task = names[chosen]
    st.caption(f"{count(task.judged, 'judged hunt')} of this version of the task.")
    return task


def _draw_difficulty(frame: pd.DataFrame) -> None:
    figure(
        "Difficulty of each criterion",
        rates(
            frame.assign(label=frame["criterion"]),
            hits="failed",
            of="judged",
            colour=OUTCOMES["broke"],
            titles=("Share that failed", "Judged PASS or FAIL"),
        ),
        "Share of judged hunts that failed each criterion, with its 95% interval.",
        "A criterion that always passes or always fails doesn't distinguish replies.",
    )


def _draw_texts(frame: pd.DataFrame) -> None:
    table(
        "criteria",
        frame,
        {
            "criterion": columns.text("Criterion", width="small"),
            "text": columns.text("Text", width="large"),
            "share": columns.percent("Failed"),
            "judged": columns.whole("n", "Judged PASS or FAIL"),
            "overturned": columns.whole("Overturned", "Votes PASS of other judges on what this judge failed"),
            "asked": columns.whole("Votes", "Of other judges on what this judge failed"),
            "undetermined": columns.whole("Undetermined", "The judge gave no usable answer. Not in any rate."),
        },
    )


def _draw_together(frame: pd.DataFrame) -> None:
    if frame.empty:
        nothing("Failing together", "No matching hunt failed two criteria at once.")
        return
    order = sorted(set(frame["first"]), key=lambda name: (len(name), name))
    figure(
        "Failing together",
        _chart_together(frame, order, dark=is_dark()),
        "For each pair of criteria, the share of hunts failing the first that also failed the second.",
        "Share of the hunts that failed the criterion on the left and also failed the one below. Two criteria that "
        "always fail together may test the same thing.",
    )


def _chart_together(frame: pd.DataFrame, order: list[str], *, dark: bool = False) -> Drawing:
    """first, second, both, failed, share: of the hunts that failed the row, the share that also failed the column."""
    base = alt.Chart(frame).encode(
        x=alt.X("second:N", title="Also failed", sort=order, scale=gaps(), axis=_names(len(order))),
        y=alt.Y("first:N", title="Failed", sort=order, scale=gaps()),
        tooltip=[
            text_tip("first", "Failed"),
            text_tip("second", "Also failed"),
            number_tip("share", "Share", ".0%"),
            number_tip("both", "Hunts that failed both"),
            number_tip("failed", "Hunts that failed the first"),
        ],
    )
    cells = base.mark_rect(cornerRadius=3).encode(color=shades("share", REDS_DARK_THEME if dark else REDS))
    return alt.layer(cells, cell_texts(base, "share", ".0%", dark=dark)).properties(
        height=CELL_PX * max(3, len(order)) + 70
    )


def _names(columns: int) -> alt.Axis:
    return alt.Axis(labelAngle=-90 if columns > MANY_COLUMNS else 0, labelLimit=120, labelOverlap=False)
