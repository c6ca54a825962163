"""The table of providers: use of each account, errors, latency and state."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.status import ProviderStatus
from dashboard_app.words import NOT_KNOWN, plain

ROW_PX = 35


def table(providers: Sequence[ProviderStatus]) -> None:
    if not providers:
        st.info("The API reports no providers.")
        return
    whole = st.column_config.NumberColumn
    shown = frame(providers)
    st.dataframe(
        shown.drop(columns="limit"),
        hide_index=True,
        placeholder=NOT_KNOWN,
        height=ROW_PX * (len(providers) + 1),
        column_config={
            "provider": st.column_config.TextColumn("Provider", pinned=True, width=110),
            "fill": st.column_config.ProgressColumn(
                "Load",
                width=105,
                min_value=0,
                max_value=100,
                format="%.0f%%",
                help="Calls in flight divided by the limit.",
            ),
            "in_flight": st.column_config.TextColumn(
                "In flight / limit", width=105, help="Concurrency limit of the account."
            ),
            "queued": whole("Queued", width=70, help="Calls waiting for the concurrency limit.", format="localized"),
            "requests": whole("Requests", width=85, help="HTTP calls since start.", format="localized"),
            "errors": whole("Errors", width=65, format="localized"),
            "rate_limited": whole(
                "Rate limited", width=95, help="Calls refused by the provider's rate limit.", format="localized"
            ),
            "retries": whole("Retries", width=70, format="localized"),
            "p50_s": whole("p50", width=75, help="Median latency.", format="%.2f s"),
            "p95_s": whole("p95", width=75, help="95% of the calls were faster.", format="%.2f s"),
            "state": st.column_config.TextColumn("State", help="Usable, or the reason why not.", width=170),
        },
    )
    if changes := [f"{name} {moved}" for name, moved in zip(shown["provider"], shown["limit"], strict=True) if moved]:
        st.caption(plain(f"Limits below the configured ones: {'; '.join(changes)}."))


def frame(providers: Sequence[ProviderStatus]) -> pd.DataFrame:
    """One row per provider; latencies in seconds, NaN before the first call."""
    return pd.DataFrame(
        [
            {
                "provider": provider.name
                + (" (simulated)" if provider.simulated and provider.name != "simulated" else ""),
                "fill": 100 * provider.in_flight / provider.limit if provider.limit else 0.0,
                "in_flight": f"{provider.in_flight} / {provider.limit}",
                "queued": provider.queued,
                "requests": provider.requests,
                "errors": provider.errors,
                "rate_limited": provider.rate_limited,
                "retries": provider.retries,
                "limit": _limit(provider),
                "p50_s": _seconds(provider.latency_p50_ms),
                "p95_s": _seconds(provider.latency_p95_ms),
                "state": "usable" if provider.usable else f"not usable: {provider.why_not or 'no reason given'}",
            }
            for provider in sorted(providers, key=lambda provider: (not provider.usable, provider.name))
        ]
    )


def _limit(provider: ProviderStatus) -> str:
    """ "4 of 8 at 12:03: rate limited"; empty if the API does not report it."""
    if not provider.ceiling or not (provider.limit_reason or provider.limit != provider.ceiling):
        return ""
    when = f" at {provider.limit_changed_at:%H:%M:%S}" if provider.limit_changed_at else ""
    reason = f": {provider.limit_reason}" if provider.limit_reason else ""
    return f"{provider.limit} of {provider.ceiling}{when}{reason}"


def _seconds(milliseconds: float | None) -> float:
    return float("nan") if milliseconds is None else milliseconds / 1000
