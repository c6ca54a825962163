"""What second opinions buy: runs with confirming judges, against a truth that the simulated provider plants.

Each criterion of a reply truly passes with a given chance; three judges err in a tenth of their verdicts, in a shared
part of the same places. Both confirming judges are asked in one run: what the first of them alone would have confirmed
is read from its own outcome.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.domain.criteria import Criterion
from core.domain.hunt import Hunt
from core.domain.run import MAX_HUNTS, RUN_ENDED
from core.domain.task import PassRule, Task
from core.domain.verdict import Outcome, Verdict, decide
from core.eventlog.base import START
from core.hunting.orders import ConfirmRequest, JudgeChoice, OpenOrder, RunOrder
from core.runtime import Runtime, open_runtime
from core.simulator.judge import decide_truthfully
from core.simulator.prompts import JudgeRequest
from core.simulator.script import Script, read_script
from tests.benchmarks.reference import measure
from tests.settings import make_settings

ERROR = 0.1
SHARES = (0.25, 0.5, 0.8)
"""Chance that another judge errs where one did."""
HUNTS = 2_000
"""Of each row: some 16,000 calls, a minute on a quiet machine."""
WRITER, FIRST, OTHERS = "simulated/hasty", "simulated/judge", ("simulated/strict", "simulated/fallible")
PAIRS, WORKLOADS = 3, ((200, 6, 8), (200, 12, 4))
"""Hunts, target limit, judge limit. In the second workload the judges' account is the bottleneck."""
FIRST_VERDICTS = (
    "| with and without second opinions, in turn | all first verdicts: with, over without | whole run: "
    "with, over without | confirmed, contested |"
)
HEADER = (
    "| task, chance that a criterion truly passes | shared errors | breaks | false among breaks | among those confirmed "
    "by one other judge · by two | true breaks lost: one · two | extra calls per first call: one · two |"
)


@dataclass(frozen=True)
class TaskKind:
    criteria: int
    rule: PassRule
    passes: float
    """Chance that a criterion truly passes."""

    def task(self) -> Task:
        criteria = tuple(Criterion(id=f"C{n}", text=f"Explains point {n} well.") for n in range(1, self.criteria + 1))
        return Task(
            prompt="Explain the tides of Saturn.", response="They rise.", criteria=criteria, pass_rule=self.rule
        )

    def script(self, shared: float, seed: int) -> str:
        fails = {f"C{n}": 1 - self.passes for n in range(1, self.criteria + 1)}
        judge = {"judge_flip": ERROR, "judge_shared": shared}
        quick = {"target_latency_ms": 0, "judge_latency_ms": 0, "judge_form": "plain", "break_rates": fails}
        judges = {name.removeprefix("simulated/"): judge for name in (FIRST, *OTHERS)}
        return json.dumps({"seed": seed, **quick, "models": judges})


KINDS = (
    TaskKind(5, PassRule.ALL, 0.95), TaskKind(5, PassRule.ALL, 0.85), TaskKind(5, PassRule.ALL, 0.7),
    TaskKind(6, PassRule.MAJORITY, 0.8), TaskKind(6, PassRule.MAJORITY, 0.6),
)  # fmt: skip


@dataclass(frozen=True)
class MeasuredOpinions:
    kind: TaskKind
    shared: float
    breaks: int
    false: float
    """Share of false ones among the breaks."""
    false_confirmed: tuple[float, float]
    """Among the breaks that one other judge confirms, and that two confirm."""
    lost: tuple[float, float]
    """Share of the true breaks that are contested."""
    extra_calls: tuple[float, float]
    """For each call of the first judge."""

    def row(self) -> str:
        kind = self.kind
        pairs = (f"{one:.3f} · {two:.3f}" for one, two in (self.false_confirmed, self.lost, self.extra_calls))
        return (
            f"| {kind.criteria} criteria, {kind.rule.value}, {kind.passes:g} | {self.shared:g} | {self.breaks:,} "
            f"| {self.false:.3f} | {' | '.join(pairs)} |"
        )


def truly_broke(script: Script, task: Task, hunt: Hunt) -> bool:
    """The planted truth about a reply."""
    assert hunt.reply is not None
    behavior = script.behavior_of(FIRST)
    questions = (JudgeRequest(c.id, c.text, hunt.reply.text, reference="another") for c in task.criteria)
    passed = (decide_truthfully(behavior, question).passed for question in questions)
    return decide((Verdict.PASS if one else Verdict.FAIL for one in passed), task.pass_rule) is Outcome.BROKE


async def conduct(kind: TaskKind, shared: float, hunts: int, seed: int) -> list[Hunt]:
    """The hunts of such runs with second opinions of two judges on breaks, by the product in this process."""
    with tempfile.TemporaryDirectory() as folder:
        settings = make_settings(
            providers__simulated_script=kind.script(shared, seed),
            providers__simulated_concurrency=64,
            telemetry__directory=folder,
            redis__journal_dir=f"{folder}/journal",
        )
        async with open_runtime(settings) as runtime:
            sizes = [min(MAX_HUNTS, hunts - start) for start in range(0, hunts, MAX_HUNTS)]
            return [hunt for size in sizes for hunt in await _run(runtime, kind.task(), size)]


async def _run(runtime: Runtime, task: Task, hunts: int) -> Sequence[Hunt]:
    sid = (await runtime.service.open_task(task, OpenOrder())).session_id
    confirm = ConfirmRequest(
        policy="breaks",
        judges=tuple(JudgeChoice(model=name) for name in OTHERS),
        max_extra_calls=2 * hunts * len(task.criteria),
    )
    order = RunOrder(models=(WRITER,), hunts=hunts, judge_model=FIRST, confirm=confirm)
    run = await runtime.service.start_run(sid, order)
    async for _ in runtime.events.watch(sid, START):
        if (await runtime.store.read(sid)).run(run.run_id).status in RUN_ENDED:
            break
    return (await runtime.store.hunts(sid, limit=hunts)).hunts


def summarize(kind: TaskKind, shared: float, seed: int, hunts: Sequence[Hunt]) -> MeasuredOpinions:
    script, task = read_script(kind.script(shared, seed)), kind.task()
    breaks = [hunt for hunt in hunts if hunt.outcome is Outcome.BROKE]
    true = {hunt.hunt_id for hunt in breaks if truly_broke(script, task, hunt)}
    kept = [[hunt.hunt_id for hunt in breaks if _confirmed(hunt, judges)] for judges in (1, 2)]
    extra = [sum(len(opinion.asked) for hunt in breaks for opinion in hunt.opinions[:judges]) for judges in (1, 2)]
    first_calls = sum(len(hunt.verdicts) for hunt in hunts)
    return MeasuredOpinions(
        kind,
        shared,
        len(breaks),
        1 - len(true) / len(breaks),
        _pair(1 - len(true.intersection(ids)) / len(ids) for ids in kept),
        _pair(1 - len(true.intersection(ids)) / len(true) for ids in kept),
        _pair(calls / first_calls for calls in extra),
    )


def _confirmed(hunt: Hunt, judges: int) -> bool:
    """Whether the first `judges` of OTHERS confirm the break."""
    found = {opinion.judge_model: opinion.outcome for opinion in hunt.opinions}
    return all(found.get(name) is hunt.outcome for name in OTHERS[:judges])


def _pair(values: Iterator[float]) -> tuple[float, float]:
    one, two = values
    return one, two


async def measure_opinions(kind: TaskKind, shared: float, hunts: int, seed: int = 1) -> MeasuredOpinions:
    return summarize(kind, shared, seed, await conduct(kind, shared, hunts, seed))


async def measure_all() -> list[MeasuredOpinions]:
    return [await measure_opinions(kind, shared, HUNTS) for kind in KINDS for shared in SHARES]


async def measure_first_verdicts(address: str) -> list[str]:
    """Rows: how much later the first verdicts are when breaks get second opinions on the account of the first judge."""
    rows = []
    for hunts, *limits in WORKLOADS * PAIRS:
        without = await measure(address, hunts, *limits)
        confirmed = await measure(address, hunts, *limits, confirmed=True)
        rows.append(
            f"| {hunts} hunts at {limits[0]} and {limits[1]} "
            f"| {confirmed.first_verdicts_s / without.first_verdicts_s:.3f} "
            f"| {confirmed.took_s / without.took_s:.3f} | {confirmed.counts.confirmed}, {confirmed.counts.contested} |"
        )
    return rows
