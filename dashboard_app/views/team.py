"""Team: what waits for whom, tasks by state and age, deliveries, accepted breaks and review agreement by trainer."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median

import altair as alt
import pandas as pd
import streamlit as st

from core.domain.task_state import NEXT_STEPS, UNKNOWN, WAITING_STEPS, ListedState, TaskState, Waiting, listed_state
from core.library.records import AGE_DAYS, DeliveredTask, OpenTasks, TeamOverview, WaitingTask
from core.telemetry.reader import TelemetryReader
from dashboard_app import data
from dashboard_app.components import columns, page
from dashboard_app.components.charts import (
    HEIGHT,
    LEGEND,
    Drawing,
    cell_texts,
    gaps,
    number_tip,
    shades,
    text_tip,
    whole_axis,
)
from dashboard_app.components.figures import Number, draw_numbers, figure, is_dark, nothing
from dashboard_app.components.tables import table
from dashboard_app.format import NOT_KNOWN, count, interval, percent, plain, span, usd
from dashboard_app.palette import BLUES, BLUES_DARK_THEME, PEOPLE
from dashboard_app.rates import Rate
from dashboard_app.team_overview import MAX_TASKS, NoTeam

ABOUT = "What waits for whom, what was delivered, and what reviews say, by trainer."
PERIODS = {"7d": 7, "30d": 30, "90d": 90}
DEFAULT_PERIOD = "30d"
SHOWN_WAITING = 200
MAX_BARS = 31
OTHERS = "others"
AGES = (
    f"under {AGE_DAYS[0]}",
    *(f"{first} to {last}" for first, last in pairwise(AGE_DAYS)),
    f"{AGE_DAYS[-1]}+",
)
"""In days."""
WITHOUT_SIGN_IN = "(no sign-in)"
ASKED = "Second reviews, tasks that they were given, and reviews to reveal or to settle; also of delivered tasks."
STATES = {state.value: state.value.replace("_", " ") for state in NEXT_STEPS}
UNKNOWN_STEP = "open the task (another release wrote its state)"
DAY_S = 24 * 3600

_REVIEWS = "(SELECT DISTINCT ON (session, hunt_id) * FROM reviews WHERE ts >= $since ORDER BY ts DESC)"
"""The last review of each hunt: a settled difference is recorded as another review."""
_PAIRS = f"""reviewed AS (
        SELECT trainer, TRY_CAST(judge_json::VARCHAR::JSON AS MAP(VARCHAR, VARCHAR)) AS judge,
            unnest(map_entries(TRY_CAST(human_json::VARCHAR::JSON AS MAP(VARCHAR, VARCHAR)))) AS entry
        FROM {_REVIEWS})"""  # noqa: S608 - constant SQL


@dataclass(frozen=True)
class ReviewCounts:
    """One trainer's reviews that were revealed in the period."""

    accepted: int = 0
    """Reviewed hunts that the person judged to be breaks, without those drawn at random."""
    reviewed: int = 0
    """Reviewed hunts, without those drawn at random."""
    agreed: int = 0
    pairs: int = 0
    """Criteria with PASS or FAIL by both the person and the judge, also of hunts drawn at random."""


def show() -> None:
    page.show_log("Team", ABOUT, _show, needs_hunts=False)


def _show(reader: TelemetryReader) -> None:
    days = PERIODS[_period()]
    now = datetime.now(UTC)
    reviews = review_counts(reader, now - timedelta(days=days))
    try:
        team = data.team(timedelta(days=days))
    except NoTeam as error:
        st.warning(
            f"**The library cannot be read.** {plain(error.message)} {plain(error.hint)}", icon=":material/error:"
        )
        _draw_trainers(by_trainer(TeamOverview((), (), ()), reviews))
        return
    _draw_numbers(team, reviews, days)
    _draw_waiting(team, now)
    left, right = st.columns(2)
    with left:
        _draw_ages(team.open_tasks)
    with right:
        _draw_deliveries(team.delivered, now, days)
    _draw_trainers(by_trainer(team, reviews))


def _period() -> str:
    chosen = st.segmented_control(
        "Deliveries and reviews of the last",
        list(PERIODS),
        default=DEFAULT_PERIOD,
        required=True,
        key="team-period",
        bind="query-params",
        help="What waits is always shown as of now.",
    )
    return chosen or DEFAULT_PERIOD


def review_counts(reader: TelemetryReader, since: datetime) -> dict[str, ReviewCounts]:
    """By trainer ("" without a name), the last review of each hunt. Reviews are in the log from the reveal on."""
    params = {"since": since.replace(tzinfo=None)}
    hunts = f"""SELECT trainer, count(*) FILTER (human_outcome = 'broke'), count(*) FROM {_REVIEWS}
        WHERE NOT coalesce(audit, false) GROUP BY 1"""  # noqa: S608 - constant SQL
    pairs = f"""WITH {_PAIRS} SELECT trainer, count(*) FILTER (entry.value = judge[entry.key]), count(*) FROM reviewed
        WHERE entry.value IN ('PASS', 'FAIL') AND judge[entry.key] IN ('PASS', 'FAIL') GROUP BY 1"""  # noqa: S608
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for place, sql in ((0, hunts), (2, pairs)):
        for trainer, some, every in reader.rows(sql, params):
            found[trainer or ""][place : place + 2] = [some, every]
    return {trainer: ReviewCounts(*numbers) for trainer, numbers in found.items()}


def waiting_frame(waiting: Sequence[WaitingTask], now: datetime) -> pd.DataFrame:
    """person, step, state, task, days, since (UTC): those that wait for longest first."""
    rows = [
        (
            _person(one.person),
            WAITING_STEPS[Waiting(one.kind)] if one.kind else _step(one.state),
            one.state.replace("_", " "),
            one.name,
            (now - _at(one.since_ms)).total_seconds() / DAY_S,
            _at(one.since_ms),
        )
        for one in waiting
    ]
    return pd.DataFrame(rows, columns=["person", "step", "state", "task", "days", "since"])


def people_frame(team: TeamOverview) -> pd.DataFrame:
    """person, tasks, one column for each state, asked (by others, also about their tasks), oldest (UTC); those with
    most tasks first."""
    states = states_of(team.open_tasks)
    people: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(states, 0))
    asked = Counter(one.person for one in team.waiting if one.kind)
    oldest: dict[str, int] = {}
    for one in team.open_tasks:
        people[one.person][one.state] += one.tasks
        oldest[one.person] = min(one.oldest_ms, oldest.get(one.person, one.oldest_ms))
    for other in team.waiting:
        oldest[other.person] = min(other.since_ms, oldest.get(other.person, other.since_ms))
    rows = [
        (_person(name), sum(people[name].values()), *people[name].values(), asked[name], _at(since_ms))
        for name, since_ms in oldest.items()
    ]
    frame = pd.DataFrame(rows, columns=["person", "tasks", *states, "asked", "oldest"])
    return frame.sort_values(["tasks", "asked", "person"], ascending=[False, False, True], ignore_index=True)


def states_of(open_tasks: Sequence[OpenTasks]) -> dict[str, str]:
    """The states with their words; "unknown" only if a task is in one that this release does not know."""
    return STATES | ({UNKNOWN: UNKNOWN} if any(one.state == UNKNOWN for one in open_tasks) else {})


def _step(state: ListedState) -> str:
    return UNKNOWN_STEP if state == UNKNOWN else NEXT_STEPS[state]


def ages_frame(open_tasks: Sequence[OpenTasks]) -> pd.DataFrame:
    """state, age, tasks: a row for each state and age."""
    found: dict[tuple[str, int], int] = defaultdict(int)
    for one in open_tasks:
        found[one.state, one.age] += one.tasks
    return pd.DataFrame(
        [
            (words, age, found[state, place])
            for state, words in states_of(open_tasks).items()
            for place, age in enumerate(AGES)
        ],
        columns=["state", "age", "tasks"],
    )


def deliveries_frame(delivered: Sequence[DeliveredTask], now: datetime, days: int) -> pd.DataFrame:
    """day (the first one of the bar), trainer, tasks: a row for each bar and trainer, those with most tasks first;
    some trainers are "others". A bar is a day, or a week if the period is long."""
    step = 1 if days <= MAX_BARS else 7
    most = [name for name, _ in Counter(_person(one.owner) for one in delivered).most_common(len(PEOPLE) - 1)]
    counts: Counter[tuple[int, str]] = Counter()
    for one in delivered:
        name = _person(one.owner)
        counts[(now - _at(one.delivered_ms)).days // step, name if name in most else OTHERS] += 1
    names = [*most, *([OTHERS] if any(name == OTHERS for _, name in counts) else [])]
    rows = [
        ((now - timedelta(days=(back + 1) * step - 1)).strftime("%Y-%m-%d"), name, counts[back, name])
        for back in reversed(range(-(-days // step)))
        for name in names
    ]
    return pd.DataFrame(rows, columns=["day", "trainer", "tasks"])


def by_trainer(team: TeamOverview, reviews: dict[str, ReviewCounts]) -> pd.DataFrame:
    """trainer, open, delivered, days (median from creation to delivery), cost (known, of all), per_task, unpriced,
    accepted, reviewed, agreement, n; those with most deliveries first."""
    delivered: dict[str, list[DeliveredTask]] = defaultdict(list)
    for task in team.delivered:
        delivered[task.owner].append(task)
    opened: dict[str, int] = defaultdict(int)
    for one in team.open_tasks:
        opened[one.person] += one.tasks
    rows = [
        _trainer_row(name, opened[name], delivered[name], reviews.get(name, ReviewCounts()))
        for name in {*delivered, *opened, *reviews}
    ]
    frame = pd.DataFrame(rows, columns=list(_TRAINER_COLUMNS))
    return frame.sort_values(["delivered", "accepted", "trainer"], ascending=[False, False, True], ignore_index=True)


def cost_per_task(delivered: Sequence[DeliveredTask]) -> float | None:
    """Mean of the known costs. None: nothing was delivered, or no cost is known."""
    known = [one.cost_usd for one in delivered if one.cost_usd is not None]
    return sum(known) / len(delivered) if known else None


def _trainer_row(
    name: str, opened: int, delivered: Sequence[DeliveredTask], reviews: ReviewCounts
) -> tuple[object, ...]:
    taken = [(one.delivered_ms - one.created_ms) / 1000 / DAY_S for one in delivered]
    return (
        _person(name),
        opened,
        len(delivered),
        median(taken) if taken else None,
        cost_per_task(delivered),
        sum(one.unpriced for one in delivered),
        reviews.accepted,
        reviews.reviewed,
        reviews.agreed / reviews.pairs if reviews.pairs else None,
        reviews.pairs,
    )


_TRAINER_COLUMNS = {
    "trainer": columns.text("Trainer"),
    "open": columns.whole("Open tasks", "Neither delivered nor archived, as of now."),
    "delivered": columns.whole("Delivered", "Tasks exported after their reveal."),
    "days": st.column_config.NumberColumn("Days to deliver", help="Median from loading to delivery.", format="%.1f"),
    "per_task": columns.usd("Cost per delivered task", "Known costs of targets and judge. n/a: none is known."),
    "unpriced": columns.whole("Unknown costs", "Hunts of these tasks whose cost is unknown and counts as nothing."),
    "accepted": columns.whole("Accepted breaks", "Selected replies that the review confirms as breaks."),
    "reviewed": columns.whole("Reviewed", "Selected replies that were reviewed, without those drawn at random."),
    "agreement": columns.percent(
        "Agrees with the judge", "Criteria with the same verdict by the person and the judge."
    ),
    "n": columns.whole("Criteria", "PASS or FAIL by both."),
}


def _draw_numbers(team: TeamOverview, reviews: dict[str, ReviewCounts], days: int) -> None:
    to_review = sum(one.tasks for one in team.open_tasks if one.state == TaskState.TO_REVIEW)
    accepted, reviewed = (sum(getattr(one, name) for one in reviews.values()) for name in ("accepted", "reviewed"))
    agreed, pairs = (sum(getattr(one, name) for one in reviews.values()) for name in ("agreed", "pairs"))
    rate, unpriced = Rate(agreed, pairs), sum(one.unpriced for one in team.delivered)
    cost_note = f"+ {unpriced:,} hunts of unknown cost" if unpriced else ""
    draw_numbers(
        (
            Number(
                "Open tasks", f"{sum(one.tasks for one in team.open_tasks):,}", "now", "Not delivered, not archived."
            ),
            Number(
                "To review", f"{to_review:,}", "now", "Replies are selected, and the verdicts are not revealed yet."
            ),
            Number("Delivered", f"{len(team.delivered):,}", f"in {days} days", "Exported after the reveal."),
            Number("Accepted breaks", f"{accepted:,}", f"of {reviewed:,} reviewed", "Breaks that a person confirms."),
            Number(
                "Review agreement",
                percent(rate.share) if pairs else NOT_KNOWN,
                interval(rate),
                "Criteria on which the person and the judge agree.",
            ),
            Number(
                "Cost per delivered task",
                usd(cost_per_task(team.delivered)),
                cost_note,
                "Targets and judge, known costs.",
            ),
        )
    )


def _draw_waiting(team: TeamOverview, now: datetime) -> None:
    if not team.waiting:
        nothing("What waits for whom", "No task waits for anybody.")
        return
    st.subheader("What waits for whom", anchor=False)
    table(
        "people",
        people_frame(team),
        {
            "person": columns.text("Waits for"),
            "tasks": columns.whole("Open tasks", "Tasks of this person that are neither delivered nor archived."),
            **{
                state: columns.whole(words.capitalize(), _step(listed_state(state)))
                for state, words in states_of(team.open_tasks).items()
            },
            "asked": columns.whole("Asked", ASKED),
            "oldest": columns.moment("Waits since"),
        },
    )
    frame = waiting_frame(team.waiting, now)
    longest = frame.iloc[0]
    st.caption(
        f"Longest wait: {plain(str(longest['task']))}, {span(float(longest['days']) * DAY_S)}, for "
        f"{plain(str(longest['person']))} to {longest['step']}."
    )
    with st.expander(f"Tasks by how long they wait ({count(len(frame), 'step')}{_more(team.waiting)})"):
        table(
            "waiting",
            frame.head(SHOWN_WAITING),
            {
                "person": columns.text("Waits for"),
                "step": columns.text("To"),
                "task": columns.text("Task", width="large"),
                "days": st.column_config.NumberColumn("Days", format="%.1f"),
                "since": columns.moment("Since"),
            },
            whole=lambda: frame,
        )


def _more(tasks: Sequence[object]) -> str:
    return " or more" if len(tasks) == MAX_TASKS else ""


def _draw_ages(open_tasks: Sequence[OpenTasks]) -> None:
    if not open_tasks:
        nothing("Tasks by state and age", "No task is open.")
        return
    figure(
        "Tasks by state and age",
        _chart_ages(ages_frame(open_tasks), dark=is_dark()),
        "Number of open tasks by state and by the time since their last change.",
        "Age is the time since the last change.",
    )


def _draw_deliveries(delivered: Sequence[DeliveredTask], now: datetime, days: int) -> None:
    if not delivered:
        nothing("Deliveries", "No task was delivered in this period.")
        return
    step = "day" if days <= MAX_BARS else "week"
    figure(
        f"Deliveries by {step}",
        _chart_deliveries(deliveries_frame(delivered, now, days)),
        f"Delivered tasks by {step} and trainer.",
        f"{count(len(delivered), 'task')}{_more(delivered)}; {len(delivered) * 7 / days:.1f} a week.",
    )


def _draw_trainers(frame: pd.DataFrame) -> None:
    st.subheader("By trainer", anchor=False)
    if frame.empty:
        st.caption("No tasks and no reviews in this period.")
        return
    table("team", frame, _TRAINER_COLUMNS)


def _chart_ages(frame: pd.DataFrame, *, dark: bool) -> Drawing:
    """Shades and numbers show how many tasks there are."""
    drawn = frame.assign(part=frame["tasks"] / max(1, int(frame["tasks"].max())))
    base = alt.Chart(drawn).encode(
        x=alt.X("age:O", title="Age in days", sort=list(AGES), axis=alt.Axis(labelAngle=0), scale=gaps()),
        y=alt.Y("state:O", title=None, sort=[*STATES.values(), UNKNOWN], scale=gaps()),
        tooltip=[text_tip("state", "State"), text_tip("age", "Age in days"), number_tip("tasks", "Tasks")],
    )
    cells = base.mark_rect(cornerRadius=3).encode(color=shades("part", BLUES_DARK_THEME if dark else BLUES))
    return alt.layer(cells, cell_texts(base, "tasks", ",d", "part", dark=dark)).properties(height=HEIGHT)


def _chart_deliveries(frame: pd.DataFrame) -> Drawing:
    names = list(dict.fromkeys(frame["trainer"]))
    chart: alt.Chart = (
        alt.Chart(frame)
        .mark_bar()
        .encode(
            x=alt.X("day:O", title=None, axis=alt.Axis(labelAngle=0, labelOverlap=True)),
            y=alt.Y("tasks:Q", axis=whole_axis("Tasks")),
            color=alt.Color(
                "trainer:N", title=None, scale=alt.Scale(domain=names, range=list(PEOPLE[: len(names)])), legend=LEGEND
            ),
            tooltip=[text_tip("day", "From"), text_tip("trainer", "Trainer"), number_tip("tasks", "Delivered")],
        )
        .properties(height=HEIGHT)
    )
    return chart


def _person(name: str) -> str:
    return name or WITHOUT_SIGN_IN


def _at(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
