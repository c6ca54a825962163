"""Second opinions: asks other judges about the verdicts in question of a judged reply, after its first outcome is
saved."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from core.clock import Clock
from core.domain.chat import Message
from core.domain.confirmation import SecondOpinion, confirmation
from core.domain.hunt import Hunt
from core.domain.parameters import Target
from core.domain.run import Counts, Run
from core.domain.verdict import CriterionVerdict
from core.hunting.hunts.blind_judging import hold_outcome
from core.hunting.hunts.hunter import HuntState, Save, hunt_bytes
from core.hunting.hunts.verdict_batch import GatheredSaves, verdict_bytes
from core.judge.concurrent import run_all
from core.judge.judge import Judge
from core.judge.prompt import prompt_hash
from core.providers.base import CallContext


def with_opinions(
    hunt: Hunt, run: Run, judges: Iterable[Target], asked: tuple[str, ...], now: datetime, key: str = ""
) -> Hunt:
    """Return the hunt with an open second opinion of each judge on the criteria `asked`. `key`: of the request."""
    new = tuple(
        SecondOpinion(
            judge_model=judge.model,
            judge_parameters=judge.parameters,
            asked_at=now,
            asked=asked,
            prompt_hash=prompt_hash(run.task),
            key=key,
        )
        for judge in judges
    )
    return hunt.model_copy(update={"opinions": (*hunt.opinions, *new)})


def extra_calls(asked: int, judges: int, criteria: int, *, sealed: bool) -> int:
    """Return how many calls second opinions on one reply count as. While verdicts are sealed, as if every criterion
    were asked about: otherwise the replies that still fit a limit would reveal how many criteria each one failed."""
    return judges * (criteria if sealed else asked)


def calls_left(run: Run, counts: Counts, *, sealed: bool) -> int:
    """Return how many more calls the run's limit allows."""
    made = counts.opinions_asked * len(run.task.criteria) if sealed else counts.votes_asked
    return run.confirm.max_extra_calls - made


@dataclass(frozen=True)
class SecondOpinions:
    judge: Judge
    clock: Clock

    async def ask(
        self,
        hunt: Hunt,
        run: Run,
        context: CallContext,
        *,
        save: Save,
        history: tuple[Message, ...] = (),
        outcome_step_s: float = 0.0,
    ) -> Hunt:
        """Complete the hunt's open second opinions, all at once, and return it with its confirmation. Known votes are
        kept; each new one is saved when it arrives.

        `outcome_step_s`: in a blind session the confirmation is published at 1, 2, 4, 8, … times this many seconds
        after the first question, since the number of questions depends on the verdicts.
        """
        began_s, state = self.clock.monotonic(), HuntState(hunt, save)
        places = [place for place, opinion in enumerate(hunt.opinions) if opinion.outcome is None]

        async def save_votes() -> None:
            await state.become()

        async with GatheredSaves(save_votes, hunt_bytes(hunt)) as saves:

            def ask(place: int) -> Awaitable[None]:
                return self._ask(state, saves, place, run, context, history)

            judges = {f"second opinion {place}": partial(ask, place) for place in places}
            await run_all(judges, len(judges))
        if outcome_step_s:
            await hold_outcome(self.clock, began_s, outcome_step_s)
        rule = run.task.pass_rule
        opinions = tuple(
            opinion.model_copy(update={"outcome": opinion.outcome or opinion.outcome_for(hunt.verdicts, rule)})
            for opinion in state.hunt.opinions
        )
        await state.become(opinions=opinions, confirmation=confirmation(hunt.outcome, opinions))
        return state.hunt

    async def _ask(
        self,
        state: HuntState,
        saves: GatheredSaves,
        place: int,
        run: Run,
        context: CallContext,
        history: tuple[Message, ...],
    ) -> None:
        """Ask one judge about the criteria that it has not voted on."""
        opinion, reply = state.hunt.opinions[place], state.hunt.reply
        if reply is None or not opinion.missing:
            return
        votes = {vote.criterion_id: vote for vote in opinion.verdicts}

        async def keep(vote: CriterionVerdict) -> None:
            votes[vote.criterion_id] = vote
            known = tuple(votes[criterion] for criterion in opinion.asked if criterion in votes)
            opinions = list(state.hunt.opinions)
            opinions[place] = opinion.model_copy(update={"verdicts": known})
            state.hunt = state.hunt.model_copy(update={"opinions": tuple(opinions)})
            await saves.add(verdict_bytes(vote))

        asked = tuple(c for c in run.task.criteria if c.id in opinion.missing)
        await self.judge.grade_all(
            run.task.model_copy(update={"criteria": asked}),
            reply.text,
            opinion.judge_model,
            lambda: context,
            on_verdict=keep,
            parameters=opinion.judge_parameters,
            history=history,
        )
