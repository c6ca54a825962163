"""The command line: hunts, checks, receipts, models, judges, tasks, the library, tokens, and starting the servers.
May use every package of core, what core.runtime opens only through it; rich for what people read.
Never contains a rule of hunting; never imports api or dashboard_app.
Owned and closed by core.__main__, which runs one command and ends.
Tests in tests/core/cli.
"""
