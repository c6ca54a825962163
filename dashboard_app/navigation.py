"""The navigation and its access check. Runs once per viewer and page view (main.py)."""

from __future__ import annotations

import streamlit as st

from core.errors import BadSettings
from dashboard_app import access
from dashboard_app.components import notices
from dashboard_app.views import (
    activity,
    alarms,
    breaks,
    costs,
    criteria,
    find,
    hunt,
    judge,
    live,
    overview,
    providers,
    sessions,
    team,
)

# Streamlit leaves a third of the first screen empty. No docstring here: Streamlit would show it on every page.
STYLES = """<style>
    .stMainBlockContainer { padding-top: 2.5rem; padding-bottom: 3rem; }
    @media (min-width: 800px) { .stMainBlockContainer { padding-left: 3rem; padding-right: 3rem; } }
    [data-testid="stMetricValue"] { font-weight: 600; }
    /* Streamlit's own CSV download does not escape formulas in hostile replies; the button below the table does. */
    [data-testid="stElementToolbarButton"]:has([aria-label="Download as CSV"]) { display: none; }
</style>"""

SIDEBAR_PX = 216
"""Leaves space for the filters and the widest tables at a width of 1280 pixels."""


def pages() -> dict[str, list[st.Page]]:
    """The pages by section; Live is the default."""
    return {
        "Now": [
            st.Page(live.show, title="Live", icon=":material/monitor_heart:", default=True),
            st.Page(alarms.show, title="Alarms", icon=":material/notifications:", url_path="alarms"),
            st.Page(live.show, title="Live", url_path="live", visibility="hidden"),
        ],
        "History": [
            st.Page(overview.show, title="Overview", icon=":material/dashboard:", url_path="overview"),
            st.Page(breaks.show, title="Breaks", icon=":material/heart_broken:", url_path="breaks"),
            st.Page(criteria.show, title="Criteria", icon=":material/rule:", url_path="criteria"),
            st.Page(judge.show, title="Judge", icon=":material/gavel:", url_path="judge"),
            st.Page(costs.show, title="Costs", icon=":material/payments:", url_path="costs"),
            st.Page(providers.show, title="Providers", icon=":material/dns:", url_path="providers"),
            st.Page(team.show, title="Team", icon=":material/groups:", url_path="team"),
            st.Page(activity.show, title="Activity", icon=":material/calendar_month:", url_path="activity"),
        ],
        "Look up": [
            st.Page(find.show, title="Find", icon=":material/search:", url_path="find"),
            st.Page(sessions.show, title="Sessions", icon=":material/history:", url_path="sessions"),
            st.Page(hunt.show, title="Hunt", icon=":material/target:", url_path="hunt", visibility="hidden"),
        ],
    }


def main() -> None:
    st.set_page_config(
        page_title="Model Hunter dashboard", page_icon="🎯", layout="wide", initial_sidebar_state=SIDEBAR_PX
    )
    st.html(STYLES)
    page = st.navigation(pages())
    try:
        allowed = access.is_allowed()
    except BadSettings as error:
        notices.bad_settings(error)
        return
    if allowed:
        page.run()
