"""Charts of each account's recent calls, and the table of API processes."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.status import AdminStatus
from dashboard_app.charts import over_time
from dashboard_app.components import columns
from dashboard_app.recent import Recent
from dashboard_app.words import plain

MAX_CHARTS = 4
COLUMNS = {"instance", "version", "hunts", "event_streams", "last_seen"}


def recent(samples: Recent) -> None:
    """A chart for each of the busiest providers, in two columns."""
    st.subheader("Calls in the last minutes", anchor=False)
    sides = st.columns(2)
    for place, provider in enumerate(samples.providers[:MAX_CHARTS]):
        with sides[place % 2]:
            st.markdown(f"**{plain(provider)}**")
            frame = samples.frame(provider)
            at = f"at {provider} over the last ten minutes"
            st.altair_chart(over_time.in_flight(frame), alt=f"Calls in flight against the limit {at}.")
            if frame["calls"][frame["what"] == "queued"].any():
                st.altair_chart(over_time.waiting(frame), alt=f"Queued calls {at}.")
            else:
                st.caption("No queued calls.")
    st.caption("Since you opened this page, up to ten minutes.")


def instances(status: AdminStatus) -> None:
    if len(status.instances) < 2:
        return
    st.subheader("Processes", anchor=False)
    st.dataframe(
        pd.DataFrame([instance.model_dump(include=COLUMNS) for instance in status.instances]),
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
