"""The widgets of the views: filters, numbers, tables, notices.
May use streamlit, dashboard_app.frames, dashboard_app.charts, dashboard_app.live; page.py dashboard_app.data.
Never reads the log or the API itself: its data comes as arguments (page.py, the layout of every view, reads the log).
Owned and closed by the view that calls it.
Tests in tests/dashboard_app.
"""
