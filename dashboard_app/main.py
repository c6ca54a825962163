"""Starts the dashboard: `streamlit run dashboard_app/main.py`.

Streamlit's server imports this file once for `app`, and runs it as a script for every viewer.
"""

from __future__ import annotations

import sys
from pathlib import Path

# Streamlit puts this file's folder on the path, not the repository's root.
if (ROOT := str(Path(__file__).resolve().parent.parent)) not in sys.path:
    sys.path.insert(0, ROOT)

import streamlit as st

if __name__ == "__main__":
    from dashboard_app import navigation

    navigation.main()
else:
    from starlette.middleware import Middleware

    from dashboard_app.allowed_requests import RequestFilter
    from dashboard_app.sign_in import SignIn

    base = st.get_option("server.baseUrlPath") or ""
    app = st.App(Path(__file__), middleware=[Middleware(SignIn, base=base), Middleware(RequestFilter, base=base)])
