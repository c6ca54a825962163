"""Access control: tokens, sign-in cookies, callers, trusted proxies and address checks.
May use the standard library and core.errors alone.
Never knows a request, a session or a clock; never stores a token, only its hash; opens no connection.
Owned and closed by nobody: everything here is a value or a pure function.
Tests in tests/core/access.
"""
