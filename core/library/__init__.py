"""The library: durable sessions in SQLite or PostgreSQL, for as long as the operator says.
May use core.domain, core.errors.
Never delays a hunt, and never interprets a session: records arrive encoded, with the columns that lists need.
Owned and closed by core.runtime; written by core/sessions/outbox.py, read for lists, and to reopen sessions.
Tests in tests/contracts/test_library.py and tests/core/library.
"""
