"""What the commands on notebooks share: they check the models, open each notebook as a session with the confirmed
criteria and the pass rule, and wait for its end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from core.cli.input_files import Source
from core.cli.options import CONFIRM
from core.cli.output import say
from core.cli.report import report_error
from core.domain.confirmation import NO_CONFIRM, ConfirmPolicy
from core.domain.ids import is_simulated
from core.domain.parameters import Target
from core.domain.session import Session
from core.domain.task import PassRule
from core.errors import HunterError
from core.eventlog.base import START
from core.hunting.orders import EditOrder, JudgeChoice, OpenOrder, SettingsOrder
from core.hunting.runs.start import refuse_confirming_judge
from core.runtime import Runtime


async def open_source(
    runtime: Runtime,
    source: Source,
    *,
    confirm: bool,
    pass_rule: PassRule | None = None,
    judge_cut_replies: bool = False,
) -> Session:
    """Opens a session for the notebook. `confirm` makes the same edit as the page's "Yes, these are the criteria";
    `pass_rule` overrides the rule in the prose.

    Raises BadInput `settings_fixed` if `judge_cut_replies` differs from the setting of hunts in the notebook.
    """
    session = await runtime.service.open_notebook(
        source.raw, source.name, OpenOrder(judge_cut_replies=judge_cut_replies)
    )
    if judge_cut_replies and not session.judge_cut_replies:  # our exports restore their own setting
        options = SettingsOrder(version=session.version, judge_cut_replies=True)
        session = await runtime.reviews.change_settings(session.session_id, options)
    changes: dict[str, Any] = {"pass_rule": pass_rule} if pass_rule else {}
    if confirm and session.proposed_criteria:
        changes["criteria"] = session.proposed_criteria
    if not changes:
        return session
    return await runtime.service.edit_task(session.session_id, EditOrder(version=session.version, **changes))


async def check_models(
    runtime: Runtime, targets: Sequence[Target], judge: JudgeChoice, confirm: ConfirmPolicy = NO_CONFIRM
) -> None:
    """Checks the models and their parameters once, not for each notebook, and prints doubts about them. Raises
    BadInput."""
    await runtime.catalog.lists.load()
    chosen, notes = runtime.service.models.check(targets, judge, confirm)
    refuse_confirming_judge(chosen, confirm, blind=False)
    for warning in runtime.service.models.warnings(one.model for one in (*targets, chosen, *confirm.judges)):
        say(f"Warning: {warning.message}")
    for note in notes:
        say(f"Note: {note}")


async def wait_until(runtime: Runtime, sid: str, ended: Callable[[Session], bool]) -> Session:
    """The session, once `ended` says so of it."""
    async for _events in runtime.events.watch(sid, START):
        session = await runtime.store.read(sid)
        if ended(session):
            return session
    return await runtime.store.read(sid)


async def process_each(sources: Iterable[Source], process: Callable[[Source], Awaitable[int]], *, as_json: bool) -> int:
    """The highest exit code that `process` returns; 2 for a notebook with an error, which is reported."""
    worst = 0
    for source in sources:
        try:
            worst = max(worst, await process(source))
        except HunterError as error:  # the other notebooks are still processed
            report_error(source.name, error, as_json=as_json)
            worst = 2
    return worst


def judged_by(judge_model: str) -> str:
    return f"judged by {judge_model}{' (simulated)' if is_simulated(judge_model) else ''}"


def how_to_confirm(session: Session) -> str:
    """A hint for unconfirmed criteria; "" if there are none."""
    if not session.proposed_criteria:
        return ""
    return f"`check` shows the {len(session.proposed_criteria)} recovered criteria; {CONFIRM} accepts them."
