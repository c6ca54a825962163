"""Here lives the connection to Redis: clients, deadlines and errors, health, keys, Lua scripts.
May use core.clock, core.errors, core.settings.
Never knows what is stored.
Owned and closed by core.runtime.
Tests in tests/core/redis.
"""
