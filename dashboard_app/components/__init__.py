"""Here lives the set of pieces that views are put together from: filters, numbers, tables, words.
May use streamlit, dashboard_app.frames, dashboard_app.charts, dashboard_app.live; page.py dashboard_app.data.
Never reads the log or the API itself: what it shows is handed in (page.py, every view's frame, asks for the log).
Owned and closed by the view that calls it.
Tests in tests/dashboard_app.
"""
