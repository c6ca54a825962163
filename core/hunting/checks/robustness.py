"""The robustness report: judges replies with attacks in them (hostile twins), beside the unchanged replies.

Verdicts are stored as letters, so that a report of thousands of verdicts stays a small part of its session.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import chain, zip_longest

from core.clock import Clock, not_before
from core.domain.checks import JudgedTwin, ReportStatus, RobustnessReport
from core.domain.hunt import Hunt
from core.domain.parameters import Target
from core.domain.session import Session
from core.domain.verdict import CriterionVerdict, Outcome, Verdict
from core.errors import BadInput, Conflict, NotFound, Superseded, Unavailable
from core.hunting.checks.reference_check import begun_after
from core.hunting.checks.settle import settle
from core.hunting.dispatch.base import Job, JobKind, PartClaims
from core.hunting.hunts.hunter import BeforeCall
from core.hunting.hunts.verdict_batch import SMALL_BYTES, GatheredSaves
from core.hunting.orders import RobustnessRequest
from core.hunting.records import WriteRecord, session_mark
from core.hunting.run_plan import FailureStreak
from core.hunting.views.events import session_event
from core.judge.concurrent import run_all
from core.judge.judge import Judge, OnVerdict
from core.judge.robustness import LETTERS, OPEN, UNCHANGED, Attack, Family, attack_list, twin
from core.providers.base import CallContext
from core.sessions.base import SessionStore
from core.telemetry.records import SessionRecord

TWINS_AT_ONCE = 4
"""Twins whose criteria wait for the judge at the same time."""
LETTER_BYTES = 40
"""Approximate growth of the report per verdict, with its cost."""
STOPPED = "The report was stopped."
MAX_VERDICTS = 10_000
"""Of one report: each is a judge call."""


@dataclass(frozen=True)
class ReportPlan:
    """What a report judges."""

    hunts: tuple[Hunt, ...]
    attacks: tuple[Attack, ...]
    criteria: int

    @property
    def calls(self) -> int:
        """Judge calls, at most: verdicts of the same judge on the unchanged replies are used again."""
        return len(self.hunts) * (len(self.attacks) + 1) * self.criteria


def plan(session: Session, hunts: Iterable[Hunt], order: RobustnessRequest) -> ReportPlan:
    """Choose replies and attacks. Raises BadInput if there is no decided hunt, or too much to judge, and Conflict
    while verdicts are sealed: a twin's verdict says what its reply's is."""
    if session.sealed:
        raise Conflict(
            "Replies are not judged with attacks while the judge's verdicts are sealed.",
            hint="Reveal the verdicts first.",
            code="sealed",
        )
    usable = [hunt for hunt in hunts if hunt.decided and hunt.turn == session.turn and hunt.reply is not None]
    chosen = _named(usable, order.hunt_ids) if order.hunt_ids else _mixed(usable)[: order.replies]
    if not chosen:
        raise BadInput("There is no decided hunt of this turn.", hint="Hunt first.", code="no_replies")
    built_in = attack_list()
    attacks = tuple(one for one in built_in.edits if one.family is Family.BENIGN or _wanted(one, order.families))
    made = ReportPlan(tuple(chosen), attacks, len(session.task.criteria))
    if made.calls > MAX_VERDICTS:
        raise BadInput(
            f"This report needs {made.calls:,} verdicts; at most {MAX_VERDICTS:,} are allowed.",
            hint="Choose fewer replies or families.",
            code="too_many_verdicts",
        )
    return made


def _wanted(attack: Attack, families: Sequence[Family]) -> bool:
    return not families or attack.family in families


def _named(usable: Sequence[Hunt], hunt_ids: Sequence[str]) -> list[Hunt]:
    known = {hunt.hunt_id: hunt for hunt in usable}
    if unknown := [one for one in hunt_ids if one not in known]:
        raise BadInput(
            f"{', '.join(unknown)} cannot be judged with attacks: not a decided hunt of this turn.",
            hint="Name hunts that broke or held.",
            details={"unknown": unknown},
        )
    return [known[one] for one in dict.fromkeys(hunt_ids)]


def _mixed(usable: Sequence[Hunt]) -> list[Hunt]:
    """Breaks and held hunts in turn, by number: an attack can only raise what fails, and lower what passes."""
    broke = [hunt for hunt in usable if hunt.outcome is Outcome.BROKE]
    held = [hunt for hunt in usable if hunt.outcome is Outcome.HELD]
    return [hunt for hunt in chain.from_iterable(zip_longest(broke, held)) if hunt is not None]


def begun(session: Session, made: ReportPlan, judge: Target, now: datetime, idempotency_key: str = "") -> Session:
    """Return the session with a started report. It is unchanged if a report is running, or if the same idempotency key
    started the existing one. The verdicts of a report that did not finish are used again."""
    before = session.robustness
    repeated = idempotency_key != "" and before.idempotency_key == idempotency_key
    if before.status is ReportStatus.RUNNING or repeated:
        return session
    names = (UNCHANGED, *(attack.id for attack in made.attacks))
    twins = tuple(
        JudgedTwin(hunt_id=hunt.hunt_id, attack=name, verdicts=OPEN * made.criteria)
        for hunt in made.hunts
        for name in names
    )
    made_before = before.status is ReportStatus.ERROR and _alike(before, session, judge)
    report = RobustnessReport(
        status=ReportStatus.RUNNING,
        task_hash=session.task.content_hash(),
        judge_model=judge.model,
        judge_parameters=judge.parameters,
        attacks_version=attack_list().version,
        twins=_with_known(session, made.hunts, judge, twins, before.twins if made_before else ()),
        started_at=begun_after(now, before.started_at),
        idempotency_key=idempotency_key,
    )
    return session.model_copy(update={"robustness": report})


def _alike(before: RobustnessReport, session: Session, judge: Target) -> bool:
    """Whether verdicts of the report before are verdicts of a report by this judge."""
    same_judge = (before.judge_model, before.judge_parameters) == (judge.model, judge.parameters)
    return same_judge and not before.stale_for(session.task) and before.attacks_version == attack_list().version


def _with_known(
    session: Session,
    hunts: Sequence[Hunt],
    judge: Target,
    twins: tuple[JudgedTwin, ...],
    before: Iterable[JudgedTwin],
) -> tuple[JudgedTwin, ...]:
    """The twins with the verdicts that this judge has already given: on the unchanged replies, and on twins of a
    report that did not finish."""
    letters = {(hunt.hunt_id, UNCHANGED): _known_letters(session, hunt, judge) for hunt in hunts}
    letters |= {(one.hunt_id, one.attack): one.verdicts.replace(LETTERS[Verdict.UNDETERMINED], OPEN) for one in before}
    known = (letters.get((one.hunt_id, one.attack), "") for one in twins)
    return tuple(
        one.model_copy(update={"verdicts": found}) if len(found) == len(one.verdicts) else one
        for one, found in zip(twins, known, strict=True)
    )


def _known_letters(session: Session, hunt: Hunt, judge: Target) -> str:
    run = session.run(hunt.run_id)
    if run.task.content_hash() != session.task.content_hash() or run.judge_of(hunt).target != judge.target:
        return ""
    by_id = {verdict.criterion_id: LETTERS.get(verdict.verdict, OPEN) for verdict in hunt.verdicts}
    known = "".join(by_id.get(criterion.id, OPEN) for criterion in session.task.criteria)
    return known.replace(LETTERS[Verdict.UNDETERMINED], OPEN)


def stopped(session: Session, now: datetime) -> Session:
    """Return the session with its running report stopped; itself if none is running."""
    report = session.robustness
    if report.status is not ReportStatus.RUNNING:
        return session
    news = {"status": ReportStatus.ERROR, "error": STOPPED, "finished_at": not_before(now, report.started_at)}
    return session.model_copy(update={"robustness": report.model_copy(update=news)})


def job_key(session: Session) -> str:
    """Return the dispatcher key of the session's current report."""
    begun_at = session.robustness.started_at
    return f"robustness:{session_mark(session.session_id)}:{begun_at.timestamp() if begun_at else 0:.6f}"


def robustness_job(session: Session) -> Job:
    """`has_parameters`: processes of the release before do not know jobs of this kind."""
    return Job(JobKind.ROBUSTNESS, session.session_id, job_key(session), has_parameters=True)


Place = tuple[str, str, int]
"""A verdict of a report: hunt, attack, place of the criterion."""


def with_news(report: RobustnessReport, news: Mapping[Place, CriterionVerdict]) -> RobustnessReport:
    """Return the report with these verdicts, but for those that it has: a save is repeated if its answer was lost, and
    a process that was paused saves late."""
    there = {(one.hunt_id, one.attack): one.verdicts for one in report.twins}
    new = {place: v for place, v in news.items() if there.get(place[:2], "")[place[2] : place[2] + 1] == OPEN}
    letters: dict[tuple[str, str], dict[int, str]] = {}
    for (hunt_id, attack, at), verdict in new.items():
        letters.setdefault((hunt_id, attack), {})[at] = LETTERS[verdict.verdict]
    twins = (
        one.model_copy(update={"verdicts": _merged(one.verdicts, letters[one.hunt_id, one.attack])})
        if (one.hunt_id, one.attack) in letters
        else one
        for one in report.twins
    )
    costs = [verdict.cost_usd for verdict in new.values() if verdict.calls > 0]
    return report.model_copy(
        update={
            "twins": tuple(twins),
            "calls": report.calls + sum(verdict.calls for verdict in new.values()),
            "cost_usd": report.cost_usd + sum(cost or 0.0 for cost in costs),
            "unknown_costs": report.unknown_costs + costs.count(None),
        }
    )


def _merged(letters: str, news: Mapping[int, str]) -> str:
    return "".join(news.get(place, letter) for place, letter in enumerate(letters))


def _refuse_outdated(session: Session) -> None:
    """Raise BadInput if the running report is of another task or list of attacks."""
    report = session.robustness
    if report.task_hash != session.task.content_hash():
        raise BadInput("The task was changed before the report was finished.", hint="Start the report again.")
    if report.attacks_version != attack_list().version:
        raise BadInput("The report was begun with another list of attacks.", hint="Start the report again.")


@dataclass(frozen=True)
class RobustnessTester:
    store: SessionStore
    judge: Judge
    clock: Clock
    write_record: WriteRecord
    max_same_failures: int
    """A report ends with an error after so many failed judge calls in a row with one cause."""

    async def work(self, session_id: str, claims: PartClaims) -> None:
        """Judge the twins that have no verdicts yet, unless another process does."""
        await claims.work_alone(lambda whole: self._test(session_id, claims, whole))

    async def _test(self, session_id: str, claims: PartClaims, whole: int) -> None:
        try:
            session = await self.store.read(session_id)
        except NotFound:
            return
        if session.robustness.status is not ReportStatus.RUNNING:
            return
        judging = self._judge(session, lambda: claims.ensure(whole))
        end = partial(self._end, session_id, session.robustness.started_at)
        if await settle(judging, end, claims, "The report was stopped before it was finished."):
            self._record(session, (await self.store.read(session_id)).robustness)

    async def _judge(self, session: Session, before_call: BeforeCall) -> None:
        _refuse_outdated(session)
        report = session.robustness
        replies = await self._replies(session)
        failures, unsaved = FailureStreak(self.max_same_failures), dict[Place, CriterionVerdict]()

        async def save() -> None:
            news = dict(unsaved)
            now = await self._update(session.session_id, report.started_at, lambda now: with_news(now, news))
            for place in news:
                del unsaved[place]
            if now.started_at != report.started_at or now.status is not ReportStatus.RUNNING:
                raise Superseded("The report was stopped, or started again.")

        async def judge(one: JudgedTwin) -> None:
            async def keep(verdict: CriterionVerdict) -> None:
                unsaved[one.hunt_id, one.attack, places[verdict.criterion_id]] = verdict
                await saves.add(LETTER_BYTES)
                if failures.record(verdict.error or None):
                    raise Unavailable(f"The judge’s calls failed: {verdict.judge_text}", hint="Start the report again.")

            if not failures.stopped:
                await self._grade(session, one, replies[one.hunt_id], keep, before_call)

        places = {criterion.id: place for place, criterion in enumerate(session.task.criteria)}
        open_ = {
            f"twin {one.hunt_id} {one.attack}": partial(judge, one) for one in report.twins if OPEN in one.verdicts
        }
        async with GatheredSaves(save, SMALL_BYTES + session.rough_bytes) as saves:  # many small verdicts
            await run_all(open_, TWINS_AT_ONCE)
            await saves.flush()

    async def _replies(self, session: Session) -> dict[str, str]:
        """The text of each unchanged reply."""
        texts: dict[str, str] = {}
        for hunt_id in dict.fromkeys(one.hunt_id for one in session.robustness.twins):
            hunt = await self.store.hunt(session.session_id, hunt_id)
            texts[hunt_id] = hunt.reply.text if hunt.reply else ""
        return texts

    async def _grade(
        self,
        session: Session,
        one: JudgedTwin,
        reply: str,
        on_verdict: OnVerdict,
        before_call: BeforeCall,
    ) -> None:
        """Judge one twin on the criteria without a verdict."""
        report, criteria = session.robustness, session.task.criteria
        attack = next((a for a in attack_list().edits if a.id == one.attack), None)
        text = twin(reply, attack, [criterion.id for criterion in criteria]) if attack else reply
        wanted = tuple(c for c, letter in zip(criteria, one.verdicts, strict=True) if letter == OPEN)
        await self.judge.grade_all(
            session.task.model_copy(update={"criteria": wanted}),
            text,
            report.judge_model,
            lambda: CallContext(session=session.session_id, user=session.owner, on_slot=before_call),
            on_verdict=on_verdict,
            parameters=report.judge_parameters,
            history=session.history(session.turn),
        )

    async def _end(self, session_id: str, begun_at: object, error: str) -> None:
        def end(report: RobustnessReport) -> RobustnessReport:
            if report.status is not ReportStatus.RUNNING:
                return report  # a person stopped it
            at = not_before(self.clock.now(), report.started_at)
            status = ReportStatus.ERROR if error else ReportStatus.DONE
            return report.model_copy(update={"status": status, "error": error, "finished_at": at})

        await self._update(session_id, begun_at, end)

    async def _update(
        self, session_id: str, begun_at: object, change: Callable[[RobustnessReport], RobustnessReport]
    ) -> RobustnessReport:
        """Change our report, and return the session's. A report that was started later is left alone."""

        def update(session: Session) -> Session:
            if session.robustness.started_at != begun_at:
                return session
            return session.model_copy(update={"robustness": change(session.robustness)})

        changed = await self.store.change(session_id, update, events=lambda s: (session_event(s),))
        return changed.robustness

    def _record(self, session: Session, report: RobustnessReport) -> None:
        self.write_record(
            SessionRecord(
                session=session_mark(session.session_id),
                action="checked",
                notebook=session.name,
                criteria=len(session.task.criteria),
                detail=f"robustness {report.status.value}",
                trainer=session.owner,
            )
        )
