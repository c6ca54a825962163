"""Messages: raised alarms, empty pages, simulated data, and problems with the log or the settings."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.errors import BadSettings
from core.telemetry.reader import RefreshReport
from dashboard_app.alarms import Alarm, State
from dashboard_app.format import count, plain


def raised_alarms(every: Sequence[Alarm]) -> list[Alarm]:
    return [alarm for alarm in every if alarm.state is State.RAISED]


def alarms(every: Sequence[Alarm], *, quiet: bool = False) -> None:
    """One box per raised alarm. Without any: a success message, or nothing with `quiet`."""
    raised = raised_alarms(every)
    for alarm in raised:
        st.error(
            f"**{alarm.name}: {alarm.found}.** Alarm at {alarm.limit}. {plain(alarm.advice)}",
            icon=":material/notification_important:",
        )
    if not raised and not quiet:
        fine = sum(alarm.state is State.OK for alarm in every)
        st.success(f"**No alarms.** {count(fine, 'rule')} OK.", icon=":material/check_circle:")


def nothing_yet(directory: str) -> None:
    st.info("**No hunts yet.** Outcomes, rates, latencies and costs appear here after the first hunts.", icon="🎯")
    st.markdown(
        "1. Open the hunting page and load a task, or one of the examples.\n"
        "2. Press Start. Without API keys, simulated models answer.\n"
        "3. Come back. This page updates automatically.\n\n"
        f"Hunts missing? The dashboard reads the log in `{directory.replace('`', '')}` (TELEMETRY_DIR). "
        "The API must write to the same folder."
    )


def nothing_chosen() -> None:
    st.info("**No hunts match.** Choose a longer period, or all models and tasks.", icon=":material/filter_alt_off:")


def simulated_hunts(simulated: int, hunts: int) -> None:
    """A warning, since results of simulated models say nothing about real ones."""
    if simulated and simulated == hunts:
        st.warning("**Simulated.** All of these hunts used simulated models.", icon=":material/science:")
    elif simulated:
        st.warning(
            f"**{simulated:,} of {hunts:,} hunts are simulated** and included in these numbers. "
            'Choose "real" above to exclude them.',
            icon=":material/science:",
        )


def still_reading(report: RefreshReport) -> None:
    """Says from which day on the numbers are complete."""
    day = report.complete_after
    st.info(
        f"**Older days are still being read**, about {report.waiting_bytes / 1e6:,.0f} MB left. The numbers are "
        f"complete after {day:%-d %b %Y} (UTC); earlier days are incomplete. The page updates automatically.",
        icon=":material/hourglass_top:",
    )


def log_state(report: RefreshReport) -> None:
    if report.unreadable:
        names = ", ".join(plain(name) for name in report.unreadable[:3])
        st.warning(f"{count(len(report.unreadable), 'log file')} cannot be read: {names}.", icon=":material/error:")
    if report.skipped_lines:
        st.caption(f"{count(report.skipped_lines, 'line')} of the log skipped: {_skipped(report)}.")


def _skipped(report: RefreshReport) -> str:
    """The number of skipped lines by reason."""
    reasons = (
        (report.skipped_lines - report.skipped_incomplete - report.skipped_unknown, "damaged or cut off"),
        (report.skipped_incomplete, "without fields that this version needs (written by an older version)"),
        (report.skipped_unknown, "written by a newer version"),
    )
    return ", ".join(f"{number:,} {why}" for number, why in reasons if number)


def unreadable_log(directory: str, error: OSError) -> None:
    st.error(f"**The telemetry log cannot be read.** {plain(str(error))}", icon=":material/error:")
    st.markdown(plain(f"Check the permissions of {directory} (TELEMETRY_DIR). This page retries automatically."))


def bad_settings(error: BadSettings) -> None:
    st.error(f"**Invalid setting.** {plain(error.message)}", icon=":material/settings:")
    st.markdown(plain(error.hint))
