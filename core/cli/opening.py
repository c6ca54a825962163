"""Opens a notebook as a session and applies the confirmed criteria and the pass rule."""

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


def how_to_confirm(session: Session) -> str:
    """A hint for unconfirmed criteria; "" if there are none."""
    if not session.proposed_criteria:
        return ""
    return f"`check` shows the {len(session.proposed_criteria)} recovered criteria; {CONFIRM} accepts them."
