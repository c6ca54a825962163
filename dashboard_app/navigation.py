"""The navigation: which pages there are, and who may see them. Runs anew for everybody who looks (main.py)."""

from __future__ import annotations

import streamlit as st

from core.errors import BadSettings
from dashboard_app import access
from dashboard_app.components import emptiness
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
)

# Streamlit leaves a third of the first screen empty. No docstring here: it would stand on every page.
TIGHTER = """<style>
    .stMainBlockContainer { padding-top: 2.5rem; padding-bottom: 3rem; }
    @media (min-width: 800px) { .stMainBlockContainer { padding-left: 3rem; padding-right: 3rem; } }
    [data-testid="stMetricValue"] { font-weight: 600; }
    /* A table's own download would hand hostile replies to a spreadsheet as formulas; ours below it does not. */
    [data-testid="stElementToolbarButton"]:has([aria-label="Download as CSV"]) { display: none; }
</style>"""

SIDEBAR_PX = 216
"""The filters and the widest tables fit beside it in a window of 1280."""


def pages() -> dict[str, list[st.Page]]:
    """The navigation. Who opens the dashboard sees what happens now."""
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
    st.html(TIGHTER)
    page = st.navigation(pages())
    try:
        let_in = access.may_look()
    except BadSettings as error:
        emptiness.bad_settings(error)
        return
    if let_in:
        page.run()
