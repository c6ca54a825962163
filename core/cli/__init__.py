"""The command line: hunt, check, demo, simulate, token, and what starts the servers.
May use core.runtime and core.hunting's orders and views, rich for what people read.
Never contains a rule of hunting; never imports api or dashboard_app.
Owned and closed by core.__main__, which runs one command and ends.
Tests in tests/core/cli.
"""
