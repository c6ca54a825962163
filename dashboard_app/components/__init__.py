"""Here lives the set of pieces that views are put together from: filters, numbers, tables, words.
May use streamlit, dashboard_app.frames, dashboard_app.charts, dashboard_app.live.
Never reads the log or the API itself: what it shows is handed in.
Owned and closed by the view that calls it.
Tests in tests/dashboard_app.
"""
