"""Live: current state, as reported by the API. Polls the API, also while it does not respond."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import altair as alt
import pandas as pd
import streamlit as st

from core.status import AdminStatus, BudgetState, ProviderStatus
from dashboard_app import access, data
from dashboard_app.api_status import StatusUnavailable
from dashboard_app.components import columns, notices, page
from dashboard_app.components.charts import Drawing, colours, number_tip, text_tip, whole_axis
from dashboard_app.components.figures import Number, draw_numbers
from dashboard_app.configuration import settings
from dashboard_app.format import NOT_KNOWN, count, plain, span, usd
from dashboard_app.palette import IN_FLIGHT, LIMIT, QUEUED
from dashboard_app.recent_samples import Recent

ROW_PX = 35
MAX_CHARTS = 4
LIBRARY_BEHIND_S = 30.0
"""A library that is further behind is shown; changes are written every two seconds."""
PROCESS_COLUMNS = {"instance", "version", "hunts", "event_streams", "last_seen"}
IN_FLIGHT_PX, WAITING_PX = 210, 170


def show() -> None:
    page.heading("Live", "Current state, as reported by the API.")
    # Not a decorator: the interval is a setting.
    access.refresh_while_allowed(_show_now, settings().server.dashboard_refresh_s)


def _show_now() -> None:
    answer = data.api_status()
    if isinstance(answer, StatusUnavailable):
        _draw_unavailable(answer)
    else:
        _show_status(answer)


def _show_status(status: AdminStatus) -> None:
    recent: Recent = st.session_state.setdefault("recent", Recent())
    recent.add(datetime.now(UTC), status)
    alarms = data.alarms_if_readable()
    notices.alarms(alarms, quiet=True)
    _draw_state(status, len(notices.raised_alarms(alarms)))
    _draw_several(recent.instances)
    _draw_key_figures(status)
    st.subheader("Providers", anchor=False)
    _draw_providers(status.providers)
    _draw_budgets(status.budgets)
    _draw_recent(recent)
    _draw_processes(status)


def provider_rows(providers: Sequence[ProviderStatus]) -> pd.DataFrame:
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


def _draw_unavailable(answer: StatusUnavailable) -> None:
    st.error(f"**The API is not answering.** {plain(answer.what)}", icon=":material/cloud_off:")
    st.markdown(plain(answer.hint))
    st.caption("The history pages read the telemetry log and stay usable without the API.")


def _draw_state(status: AdminStatus, alarms: int = 0) -> None:
    """`alarms`: number of raised alarms. With any, the status is not green, even if the API is healthy."""
    reason = plain(status.health.reason)
    if status.health.status == "healthy" and alarms:
        st.info(f"**The API is healthy** and accepts work; {count(alarms, 'alarm')} raised.", icon=":material/info:")
    elif status.health.status == "healthy":
        st.success("**Healthy.** The API accepts work.", icon=":material/check_circle:")
    elif status.health.status == "degraded":
        st.warning(f"**Degraded.** {reason or 'The API gives no reason.'}", icon=":material/warning:")
    else:
        st.error(f"**{plain(status.health.status)}.** {reason or 'The API gives no reason.'}", icon=":material/error:")
    st.caption(plain(_who(status)))
    _draw_concerns(status)


def _who(status: AdminStatus) -> str:
    revision = f" ({status.revision})" if status.revision else ""
    redis = ""
    if status.redis.configured:
        redis = ", Redis connected" if status.redis.connected else ", Redis not connected"
    return f"{status.instance}, version {status.version}{revision}, up {span(status.uptime_s)}{redis}"


def _draw_concerns(status: AdminStatus) -> None:
    telemetry, redis = status.telemetry, status.redis
    if redis.sessions_away:
        st.warning(
            f"{count(redis.sessions_away, 'session')} in memory and in the journal "
            f"({redis.journal_bytes / 1e6:.1f} MB), not yet in Redis. They move there when Redis is available again.",
            icon=":material/database_off:",
        )
    library = status.library
    if library.behind_s >= LIBRARY_BEHIND_S:
        st.warning(
            f"The library is {span(library.behind_s)} behind: {count(library.waiting, 'session')} in memory, "
            f"{library.journal_bytes / 1e6:.1f} MB in the journal. {plain(library.reason)}",
            icon=":material/database_off:",
        )
    if library.rejected:
        st.warning(
            f"The library's database rejected changes of {count(library.rejected, 'session')}. Report it with the "
            "API's log.",
            icon=":material/bug_report:",
        )
    for conflict in status.limit_conflicts:
        limits = ", ".join(f"{name} {limit}" for name, limit in sorted(conflict.limits.items()))
        st.warning(
            f"Processes on one Redis have different concurrency limits for {plain(conflict.account)}: {plain(limits)}. "
            "The smallest one applies to all while its process uses the account. Configure the same limit everywhere.",
            icon=":material/rule:",
        )
    if status.bugs:
        st.warning(
            f"{count(status.bugs, 'internal error')} since start. The API's log has the stack traces.",
            icon=":material/bug_report:",
        )
    if telemetry.dropped:
        st.warning(
            f"{count(telemetry.dropped, 'telemetry record')} dropped and missing from the history. "
            "The disk of TELEMETRY_DIR is too slow.",
            icon=":material/history_toggle_off:",
        )
    if telemetry.failed:
        st.warning(
            f"Writing the telemetry log failed {count(telemetry.failed, 'time')}. "
            "Check the free space and permissions of TELEMETRY_DIR.",
            icon=":material/hard_drive:",
        )


def _draw_several(instances: list[str]) -> None:
    """Behind a load balancer, each response may come from another process and describes only that one."""
    if len(instances) > 1:
        st.caption(f"{len(instances)} instances responded; the numbers are those of the latest response.")


def _draw_key_figures(status: AdminStatus) -> None:
    hunts, telemetry, streams = status.hunts, status.telemetry, status.event_streams
    draw_numbers(
        (
            Number("Sessions", f"{status.sessions.count:,}", f"in {plain(status.sessions.backend)}"),
            Number(
                "Active runs", f"{status.runs.active:,}", f"{status.runs.finished:,} finished", "Finished since start."
            ),
            Number(
                "Hunts in flight", f"{hunts.active:,}", f"{hunts.done:,} done", f"{hunts.error:,} errors since start."
            ),
            Number("Breaks", f"{hunts.broke:,}", f"{hunts.held:,} held", "Since start."),
            Number("Event streams", f"{streams.open:,}", f"of {streams.limit:,}", "Open hunting pages."),
            Number(
                "Telemetry",
                f"{telemetry.written:,}",
                f"{telemetry.dropped:,} dropped",
                f"Records written since start; {telemetry.queued:,} queued. "
                "Dropped records are missing from the history.",
            ),
        )
    )


def _draw_providers(providers: Sequence[ProviderStatus]) -> None:
    if not providers:
        st.info("The API reports no providers.")
        return
    whole = st.column_config.NumberColumn
    shown = provider_rows(providers)
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
                "Rate limited", width=95, help="Calls that the provider's rate limit rejected.", format="localized"
            ),
            "retries": whole("Retries", width=70, format="localized"),
            "p50_s": whole("p50", width=75, help="Median latency.", format="%.2f s"),
            "p95_s": whole("p95", width=75, help="95% of the calls were faster.", format="%.2f s"),
            "state": st.column_config.TextColumn("State", help="Usable, or the reason why not.", width=300),
        },
    )
    if changes := [f"{name} {moved}" for name, moved in zip(shown["provider"], shown["limit"], strict=True) if moved]:
        st.caption(plain(f"Limits below the configured ones: {'; '.join(changes)}."))


def budget_rows(budgets: Sequence[BudgetState]) -> pd.DataFrame:
    """One row per budget, the fullest first."""
    return pd.DataFrame(
        [
            {
                "whose": f"account {state.name}" if state.kind == "account" else state.name or "everybody (no sign-in)",
                "fill": min(100.0, 100 * (state.spent_usd + state.reserved_usd) / state.limit_usd),
                "spent": usd(state.spent_usd),
                "in_flight": usd(state.reserved_usd),
                "left": usd(state.left_usd),
                "limit": usd(state.limit_usd),
                "unknown": state.unknown_calls,
            }
            for state in sorted(budgets, key=lambda state: (state.left_usd / state.limit_usd, state.name))
        ]
    )


def _draw_budgets(budgets: Sequence[BudgetState]) -> None:
    if not budgets:
        return
    st.subheader("Budgets today", anchor=False)
    text = st.column_config.TextColumn
    st.dataframe(
        budget_rows(budgets),
        hide_index=True,
        column_config={
            "whose": text("Budget of", pinned=True),
            "fill": st.column_config.ProgressColumn("Used", min_value=0, max_value=100, format="%.0f%%"),
            "spent": text("Spent"),
            "in_flight": text("In flight", help="Expected cost of the calls in flight."),
            "left": text("Left"),
            "limit": text("A day"),
            "unknown": st.column_config.NumberColumn(
                "Unknown", help="Calls of unknown price, which count as 0.", format="localized"
            ),
        },
    )
    own = "" if all(state.shared for state in budgets) else " Redis is not in use: the numbers are of one process."
    st.caption(f"From 00:00 to 24:00 UTC.{own}")


def _draw_recent(samples: Recent) -> None:
    """A chart for each of the busiest providers, in two columns."""
    st.subheader("Calls in the last minutes", anchor=False)
    sides = st.columns(2)
    for place, provider in enumerate(samples.providers[:MAX_CHARTS]):
        with sides[place % 2]:
            st.markdown(f"**{plain(provider)}**")
            frame = samples.frame(provider)
            at = f"at {provider} over the last ten minutes"
            st.altair_chart(_chart_in_flight(frame), alt=f"Calls in flight against the limit {at}.")
            if frame["calls"][frame["what"] == "queued"].any():
                st.altair_chart(_chart_queued(frame), alt=f"Queued calls {at}.")
            else:
                st.caption("No queued calls.")
    st.caption("Since you opened this page, up to ten minutes.")


def _draw_processes(status: AdminStatus) -> None:
    if len(status.instances) < 2:
        return
    st.subheader("Processes", anchor=False)
    st.dataframe(
        pd.DataFrame([instance.model_dump(include=PROCESS_COLUMNS) for instance in status.instances]),
        hide_index=True,
        placeholder="n/a",
        column_config={
            "instance": columns.text("Process"),
            "version": columns.text("Version"),
            "hunts": columns.whole("Hunts in flight"),
            "event_streams": columns.whole("Event streams"),
            "last_seen": columns.moment("Last seen"),
        },
    )


def _chart_in_flight(frame: pd.DataFrame) -> Drawing:
    """Calls in flight against the account's limit; dashes distinguish the lines without colours."""
    return _chart_calls(frame, {"in flight": (IN_FLIGHT, [1, 0]), "limit": (LIMIT, [2, 2])}, IN_FLIGHT_PX)


def _chart_queued(frame: pd.DataFrame) -> Drawing:
    """Queued calls, on a separate axis, since there may be a hundred times as many."""
    return _chart_calls(frame, {"queued": (QUEUED, [1, 0])}, WAITING_PX)


def _chart_calls(frame: pd.DataFrame, shown: dict[str, tuple[str, list[int]]], height_px: int) -> Drawing:
    whats, dashes = list(shown), [dash for _, dash in shown.values()]
    chart: alt.Chart = (
        alt.Chart(frame[frame["what"].isin(whats)])
        .mark_line(interpolate="step-after", strokeWidth=2)
        .encode(
            x=alt.X("at:T", title=None, scale=alt.Scale(type="utc"), axis=alt.Axis(format="%H:%M:%S", tickCount=4)),
            y=alt.Y("calls:Q", axis=whole_axis("Calls", tickCount=4, labelFlush=False)),
            color=colours("what", whats, [colour for colour, _ in shown.values()]),
            strokeDash=alt.StrokeDash("what:N", scale=alt.Scale(domain=whats, range=dashes), legend=None),
            detail="instance:N",
            tooltip=[text_tip("instance", "Instance"), text_tip("what", "Calls"), number_tip("calls", "Number")],
        )
        .properties(height=height_px)
    )
    return chart
