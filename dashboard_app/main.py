"""Starts the dashboard: `streamlit run dashboard_app/main.py`. The navigation, and nothing else."""

from __future__ import annotations

import sys
from pathlib import Path

# Streamlit puts this file's folder on the path, not the repository's root.
if (ROOT := str(Path(__file__).resolve().parent.parent)) not in sys.path:
    sys.path.insert(0, ROOT)

import streamlit as st

from core.errors import BadSettings
from dashboard_app import data
from dashboard_app.components import emptiness
from dashboard_app.views import history, live


def main() -> None:
    st.set_page_config(page_title="Model Hunter dashboard", page_icon="🎯", layout="wide")
    page = st.navigation(
        [
            st.Page(live.show, title="Live", icon=":material/monitor_heart:", default=True),
            st.Page(history.show, title="History", icon=":material/history:", url_path="history"),
        ],
        position="top",
    )
    try:
        data.settings()
    except BadSettings as error:
        emptiness.bad_settings(error)
        return
    page.run()


main()
