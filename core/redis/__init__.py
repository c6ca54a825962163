"""The connection to Redis: clients, deadlines and errors, health, keys, Lua scripts.
May use core.clock, core.errors, core.settings.
Never interprets the stored data.
Owned and closed by core.runtime.
Tests in tests/core/redis.
"""
