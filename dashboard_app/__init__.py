"""The dashboard: live status from the API, history from the telemetry log, tasks from the library.
May use streamlit, altair, pandas, httpx, core.telemetry, core.library (to read), core.domain, core.status, foundation.
Never reads history from the API, never hunts, writes nothing but its cache of the log.
Owned and closed by Streamlit's server process; the log's reader is one for all viewers (data.py).
Tests in tests/dashboard_app.
"""
