"""The model client: the OpenAI dialect, a class per provider (the table: core/settings/provider_table.py), HTTP.
May use core.budget, core.throttle, core.domain, core.settings, core.clock, core.supervise, core.errors; clients.
Never knows a task, a judge, a run or a session's contents; never decides an outcome.
Owned and closed by core.runtime, which provides the HTTP client and the throttle.
Tests in tests/core/providers.
"""
