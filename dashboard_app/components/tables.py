"""Tables with downloads: CSV for spreadsheets, Parquet for programs."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import streamlit as st

from dashboard_app.format import NOT_KNOWN, count

ROW_PX, ROWS_SHOWN = 35, 14
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
Whole = Callable[[], pd.DataFrame]


def table(
    name: str,
    frame: pd.DataFrame,
    columns: Mapping[str, Any],
    *,
    whole: Whole | None = None,
    rows: int = ROWS_SHOWN,
) -> None:
    """Show `columns` in their order. `whole` makes the downloaded frame if it has more rows or columns."""
    st.dataframe(
        frame[list(columns)].round({name: 3 for name, column in columns.items() if _is_share(column)}),
        hide_index=True,
        placeholder=NOT_KNOWN,
        height=ROW_PX * (min(len(frame), rows) + 1) + 2,
        column_config=dict(columns),
    )
    downloads(name, whole or (lambda: frame), count(len(frame), "row") if whole is None else "all results")


def _is_share(column: Any) -> bool:
    """Shares are rounded for display; files keep full precision."""
    return bool(column["type_config"].get("format") == "percent")


def downloads(name: str, whole: Whole, what: str) -> None:
    """Download buttons. A file is made on click."""
    with st.container(horizontal=True, gap="small"):
        for kind, suffix, mime, make in (
            ("CSV", "csv", "text/csv", as_csv),
            ("Parquet", "parquet", "application/vnd.apache.parquet", as_parquet),
        ):
            st.download_button(
                kind,
                lambda make=make: make(whole()),  # type: ignore[misc]  # mypy cannot type a default in a lambda
                f"{name}.{suffix}",
                mime,
                key=f"{name}-{suffix}",
                help=f"Download {what} as {kind}.",
                icon=":material/download:",
                on_click="ignore",
                type="tertiary",
            )


def as_csv(frame: pd.DataFrame) -> bytes:
    """UTF-8 with a byte order mark, for spreadsheets. Formulas are escaped, since replies are hostile text."""
    safe = frame.copy()
    for column in frame.select_dtypes(include=["object", "string"]).columns:
        safe[column] = frame[column].map(_no_formula)
    return safe.to_csv(index=False).encode("utf-8-sig")


def as_parquet(frame: pd.DataFrame) -> bytes:
    file = io.BytesIO()
    frame.to_parquet(file, index=False)
    return file.getvalue()


def _no_formula(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
