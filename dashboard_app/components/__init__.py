"""What several pages share: page layout, filters, figures, charts, tables, notices, break rates.
May use streamlit, altair, core.telemetry, core.errors, dashboard_app.queries, .alarms; page.py dashboard_app.data.
Never reads the API, never converts times to the viewer's zone: axes are UTC.
Owned and closed by the page that calls it.
Tests in tests/dashboard_app.
"""
