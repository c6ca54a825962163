"""What is said when there is nothing to show, and what the log could not give."""

from __future__ import annotations

import streamlit as st

from core.errors import BadSettings
from core.telemetry.reader import RefreshReport
from dashboard_app.words import count, plain


def nothing_yet(directory: str) -> None:
    st.info("**No hunts yet.** Once there are some, their outcomes, rates, latencies and costs stand here.", icon="🎯")
    st.markdown(
        "1. Open the hunting page and load a task, or one of the examples.\n"
        "2. Press Start. Without any key the simulated models hunt.\n"
        "3. Come back: this page reads anew by itself.\n\n"
        f"Is there something missing? The log is read from `{directory.replace('`', '')}` (TELEMETRY_DIR): "
        "the API has to write to the same place."
    )


def nothing_chosen() -> None:
    st.info("**No hunts match.** Choose a longer period, or all models and tasks.", icon=":material/filter_alt_off:")


def too_few_judged(least: int) -> None:
    st.info(
        f"**No task has {least} judged hunts here.** Choose a longer period or another task; with fewer, criteria tell "
        "nothing, and in a blind session too much.",
        icon=":material/rule:",
    )


def no_such_hunt(hunt_id: str) -> None:
    if hunt_id:
        gone = f"**The log holds no hunt {plain(hunt_id)}.** Its day may have been removed."
        st.info(gone, icon=":material/search_off:")
    else:
        st.info("**No hunt chosen.** Look for one on the page Find and open it there.", icon=":material/search:")


def simulated_hunts(simulated: int, hunts: int) -> None:
    """Simulated models say nothing about real ones; nobody may mistake them."""
    if simulated and simulated == hunts:
        st.warning("**Simulated.** All of these hunts were made with simulated models.", icon=":material/science:")
    elif simulated:
        st.warning(
            f"**{simulated:,} of {hunts:,} hunts are simulated** and count in these numbers. "
            'Choose "real" above to leave them out.',
            icon=":material/science:",
        )


def still_reading(report: RefreshReport) -> None:
    """Numbers of a log that is not read to its end must not be taken for whole ones."""
    day = report.complete_after
    st.info(
        f"**Older days are still being read**, about {report.waiting_bytes / 1e6:,.0f} MB more. Everything after "
        f"{day:%-d %b %Y} (UTC) is in these numbers; earlier days are missing in part. The page follows by itself.",
        icon=":material/hourglass_top:",
    )


def log_state(report: RefreshReport) -> None:
    if report.unreadable:
        names = ", ".join(plain(name) for name in report.unreadable[:3])
        st.warning(f"{count(len(report.unreadable), 'log file')} cannot be read: {names}.", icon=":material/error:")
    if report.skipped_lines:
        st.caption(f"{count(report.skipped_lines, 'line')} of the log left out: {_skipped(report)}.")


def _skipped(report: RefreshReport) -> str:
    """Why lines were left out, each reason with its number."""
    reasons = (
        (report.skipped_lines - report.skipped_incomplete - report.skipped_unknown, "damaged or cut off"),
        (report.skipped_incomplete, "without fields that this version needs (written by an older version)"),
        (report.skipped_unknown, "written by a newer version"),
    )
    return ", ".join(f"{number:,} {why}" for number, why in reasons if number)


def unreadable_log(directory: str, error: OSError) -> None:
    st.error(f"**The telemetry log cannot be read.** {plain(str(error))}", icon=":material/error:")
    st.markdown(plain(f"Look at the rights of {directory} (TELEMETRY_DIR). This page tries again by itself."))


def bad_settings(error: BadSettings) -> None:
    st.error(f"**Invalid setting.** {plain(error.message)}", icon=":material/settings:")
    st.markdown(plain(error.hint))
