"""Here lives what the pages show, computed: from the log's tables and a choice to numbers and small frames.
May use core.telemetry's reader, core.domain, core.settings, dashboard_app.choice, dashboard_app.rates, pandas.
Never draws or chooses; never takes an unknown cost for 0 or counts what is undecided in a rate.
Owned and closed by nobody: functions of a reader that dashboard_app.data owns.
Tests in tests/dashboard_app.
"""
