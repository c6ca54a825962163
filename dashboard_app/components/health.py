"""The top of the live page: health, the responding process, and errors."""

from __future__ import annotations

import streamlit as st

from core.status import AdminStatus
from dashboard_app.live import Silence
from dashboard_app.words import count, plain, span


def state(status: AdminStatus, alarms: int = 0) -> None:
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
    _concerns(status)


def silence(answer: Silence) -> None:
    st.error(f"**The API is not answering.** {plain(answer.what)}", icon=":material/cloud_off:")
    st.markdown(plain(answer.hint))
    st.caption("The history pages read the telemetry log and stay usable without the API.")


def several(instances: list[str]) -> None:
    """Behind a load balancer, each response may come from another process and describes only that one."""
    if len(instances) > 1:
        st.caption(f"{len(instances)} instances responded; the numbers are those of the latest response.")


def _who(status: AdminStatus) -> str:
    revision = f" ({status.revision})" if status.revision else ""
    redis = ""
    if status.redis.configured:
        redis = ", Redis connected" if status.redis.connected else ", Redis not connected"
    return f"{status.instance}, version {status.version}{revision}, up {span(status.uptime_s)}{redis}"


def _concerns(status: AdminStatus) -> None:
    telemetry, redis = status.telemetry, status.redis
    if redis.sessions_away:
        st.warning(
            f"{count(redis.sessions_away, 'session')} in memory and in the journal "
            f"({redis.journal_bytes / 1e6:.1f} MB), not yet in Redis. They move there when Redis is available again.",
            icon=":material/database_off:",
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
