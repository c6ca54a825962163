"""Here lives who may come in: tokens, the passes made of them, callers, and which addresses count as inside.
May use the standard library and core.errors alone.
Never knows a request, a session or a clock; never keeps a token, only its hash; opens no connection.
Owned and closed by nobody: everything here is a value or a pure function.
Tests in tests/core/access.
"""
