"""The charts: axes, legends and marks that are readable in both themes and without colours.
May use altair, pandas, dashboard_app.palette, dashboard_app.words.
Never computes or queries numbers; never converts times to the viewer's zone: axes are UTC.
Owned and closed by nobody: functions from a frame to a chart.
Tests in tests/dashboard_app.
"""
