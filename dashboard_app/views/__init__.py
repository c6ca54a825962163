"""The pages of the dashboard: live status, history and search.
May use every other room of dashboard_app.
Never computes, draws or reads: it asks, and is shorter than a screen.
Owned and closed by dashboard_app.main, which puts them into the navigation.
Tests in tests/dashboard_app.
"""
