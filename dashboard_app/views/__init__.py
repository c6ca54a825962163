"""The pages of the dashboard, one module each. `show` is the page; below it, the module queries, computes, draws.
May use every other package of dashboard_app, but no other page; what several pages share is in queries and components.
Never counts an unknown cost as 0 or an undecided hunt in a rate.
Owned and closed by dashboard_app.navigation, which lists them.
Tests in tests/dashboard_app/views.
"""
