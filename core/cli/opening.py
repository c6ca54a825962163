"""A notebook becomes a session; criteria that were only understood become its own when the caller confirms them."""

from __future__ import annotations

from typing import Any

from core.cli.options import CONFIRM
from core.cli.sources import Source
from core.domain.session import Session
from core.domain.task import PassRule
from core.hunting.orders import EditOrder, OpenOrder, SettingsOrder
from core.runtime import Runtime


async def open_source(
    runtime: Runtime,
    source: Source,
    *,
    confirm: bool,
    pass_rule: PassRule | None = None,
    judge_cut_replies: bool = False,
) -> Session:
    """The session of a notebook. Confirming is the edit that the page's "Yes, these are the criteria" sends; a
    `pass_rule` replaces what the prose says, and answers the question that an unclear one raises.

    Raises BadInput `settings_fixed` when cut replies are to be judged and the notebook brings hunts made without.
    """
    session = await runtime.workbench.open_notebook(
        source.raw, source.name, OpenOrder(judge_cut_replies=judge_cut_replies)
    )
    if judge_cut_replies and not session.judge_cut_replies:  # an export of ours brings its own setting back
        options = SettingsOrder(version=session.version, judge_cut_replies=True)
        session = await runtime.desk.change_settings(session.session_id, options)
    changes: dict[str, Any] = {"pass_rule": pass_rule} if pass_rule else {}
    if confirm and session.proposed_criteria:
        changes["criteria"] = session.proposed_criteria
    if not changes:
        return session
    return await runtime.workbench.edit_task(session.session_id, EditOrder(version=session.version, **changes))


def how_to_confirm(session: Session) -> str:
    """What to do about criteria that wait for a word; "" when none do."""
    if not session.proposed_criteria:
        return ""
    return f"`check` shows the {len(session.proposed_criteria)} criteria that were understood; {CONFIRM} takes them."
