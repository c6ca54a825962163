"""Column types of tables, so that every table formats the same kind of value alike."""

from __future__ import annotations

from typing import Any

import streamlit as st

config = st.column_config


def text(title: str, about: str = "", width: Any = None) -> Any:
    return config.TextColumn(title, help=about or None, width=width)


def whole(title: str, about: str = "") -> Any:
    return config.NumberColumn(title, help=about or None, format="localized")


def usd(title: str, about: str = "n/a: unknown.") -> Any:
    return config.NumberColumn(title, help=about, format="$%.4f")


def seconds(title: str, about: str = "") -> Any:
    return config.NumberColumn(title, help=about or None, format="%.2f s")


def percent(title: str, about: str = "") -> Any:
    """For a share between 0 and 1."""
    return config.NumberColumn(title, help=about or None, format="percent")


def moment(title: str) -> Any:
    return config.DatetimeColumn(f"{title} (UTC)", format="D MMM, HH:mm:ss", timezone="UTC")


def yes_no(title: str) -> Any:
    return config.CheckboxColumn(title)
