"""Here lives the dashboard: what happens now, asked of the API, and what happened, read from the telemetry log.
May use streamlit, altair, pandas, httpx, core.telemetry's reader, core.domain, core.access, core.settings.
Never asks the API for history, never hunts, writes nothing but what it keeps of the log; a view asks, frames computes.
Owned and closed by Streamlit's server process; the log's reader is one for all viewers (data.py).
Tests in tests/dashboard_app.
"""
