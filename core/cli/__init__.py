"""The command line: hunt, check, models, demo, simulate, token, and what starts the servers.
May use every package of core, what core.runtime opens only through it; rich for what people read.
Never contains a rule of hunting; never imports api or dashboard_app.
Owned and closed by core.__main__, which runs one command and ends.
Tests in tests/core/cli.
"""
