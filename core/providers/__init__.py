"""The model client: one OpenAI-compatible dialect, each provider's differences, HTTP.
May use core.throttle, core.domain, core.settings, core.errors, core.clock; httpx, pyreqwest.
Never knows a task, a judge, a run or a session's contents; never decides an outcome.
Owned and closed by core.runtime, which provides the HTTP client and the throttle.
Tests in tests/core/providers.
"""
