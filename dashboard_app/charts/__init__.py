"""Here lives how frames are drawn: axes, legends and marks that both themes and a reader without colours can read.
May use altair, pandas, dashboard_app.palette, dashboard_app.words.
Never computes a number or asks for one; never puts a time into the viewer's zone: axes are UTC.
Owned and closed by nobody: functions from a frame to a chart.
Tests in tests/dashboard_app.
"""
