"""What people and accounts may spend a day."""

from __future__ import annotations

from dataclasses import dataclass

from core.settings.rows import setting


@dataclass(frozen=True)
class BudgetSettings:
    """Daily budgets (UTC), held over all processes that share Redis."""

    per_user_usd: float = setting(
        0.0,
        "BUDGET_PER_USER_USD",
        "USD a day",
        "What each person may spend a day; 0: no budget.",
        minimum=0,
        maximum=10**6,
    )
    per_account_usd: float = setting(
        0.0,
        "BUDGET_PER_ACCOUNT_USD",
        "USD a day",
        "What may be spent a day at each account (provider); 0: no budget.",
        minimum=0,
        maximum=10**6,
    )
