"""The computations of the pages: from the log's tables and the filters to numbers and small frames.
May use core.telemetry's reader, core.domain, core.settings, dashboard_app.choice, dashboard_app.rates, pandas.
Never draws or chooses; never counts an unknown cost as 0 or an undecided hunt in a rate.
Owned and closed by nobody: functions of a reader that dashboard_app.data owns.
Tests in tests/dashboard_app.
"""
