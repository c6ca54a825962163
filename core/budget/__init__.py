"""Daily budgets per person and per account, held over all processes: reserve before a call, settle after it.
May use core.status, core.domain, core.redis, core.settings, core.clock, core.errors.
Never calls a provider and never guesses a price: a call of unknown cost counts as 0, and is counted as unknown.
Owned and closed by core.runtime.
Tests in tests/core/budget.
"""
