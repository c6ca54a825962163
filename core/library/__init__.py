"""The library: durable sessions in SQLite or PostgreSQL, for as long as the operator says.
May use core.domain, core.errors, core.settings.
Never on the way of a hunt, and never interprets a session: records arrive encoded, with the columns that lists need.
Owned and closed by core.runtime; written by the outbox (core/sessions/outbox.py), read when a session is reopened.
Tests in tests/contracts/test_library.py and tests/core/library.
"""
