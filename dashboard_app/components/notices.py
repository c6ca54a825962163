"""Messages for empty pages, simulated data, and problems with the log or the settings."""

from __future__ import annotations

import streamlit as st

from core.errors import BadSettings
from core.telemetry.reader import RefreshReport
from dashboard_app.words import count, plain


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


def too_few_judged(minimum: int) -> None:
    st.info(
        f"**No task has {minimum} judged hunts in this selection.** Choose a longer period or another task. "
        "With fewer, rates mean little and could reveal verdicts of blind sessions.",
        icon=":material/rule:",
    )


def no_such_hunt(hunt_id: str) -> None:
    if hunt_id:
        missing = f"**Hunt {plain(hunt_id)} not found.** The log of its day may have been deleted."
        st.info(missing, icon=":material/search_off:")
    else:
        st.info("**No hunt selected.** Open one from the Find page.", icon=":material/search:")


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
