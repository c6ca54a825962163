"""The tables of a dump for analyses: one row for each session, one for each hunt, as Parquet.

DuckDB writes them; the rows of a sealed session have no verdicts, as in every view of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from errno import EIO
from pathlib import Path
from typing import Any

import orjson

from core.domain.hunt import Hunt
from core.domain.session import Session
from core.domain.task_state import task_state
from core.domain.verdict_redaction import redact_verdicts

SESSION_COLUMNS: Mapping[str, str] = {
    "session_id": "VARCHAR",
    "owner": "VARCHAR",
    "name": "VARCHAR",
    "state": "VARCHAR",
    "archived": "BOOLEAN",
    "sealed": "BOOLEAN",
    "created_at": "TIMESTAMPTZ",
    "changed_at": "TIMESTAMPTZ",
    "revealed_at": "TIMESTAMPTZ",
    "turns": "INTEGER",
    "criteria": "INTEGER",
    "runs": "INTEGER",
    "hunts": "INTEGER",
    "selected": "INTEGER",
    "reviews": "INTEGER",
    "prompt": "VARCHAR",
}
HUNT_COLUMNS: Mapping[str, str] = {
    "session_id": "VARCHAR",
    "owner": "VARCHAR",
    "hunt_id": "VARCHAR",
    "run_id": "VARCHAR",
    "number": "INTEGER",
    "turn": "INTEGER",
    "model": "VARCHAR",
    "judge_model": "VARCHAR",
    "simulated": "BOOLEAN",
    "outcome": "VARCHAR",
    "confirmation": "VARCHAR",
    "verdicts": "MAP(VARCHAR, VARCHAR)",
    "error": "VARCHAR",
    "cost_usd": "DOUBLE",
    "target_cost_usd": "DOUBLE",
    "started_at": "TIMESTAMPTZ",
    "finished_at": "TIMESTAMPTZ",
    "reply": "VARCHAR",
}


def session_row(session: Session, hunts: int, changed_ms: int, *, archived: bool) -> bytes:
    """One line of JSON."""
    return orjson.dumps(
        {
            "session_id": session.session_id,
            "owner": _text(session.owner),
            "name": _text(session.name),
            "state": task_state(session),
            "archived": archived,
            "sealed": session.sealed,
            "created_at": session.created_at,
            "changed_at": changed_ms,
            "revealed_at": session.revealed_at,
            "turns": session.turn,
            "criteria": len(session.task.criteria),
            "runs": len(session.runs),
            "hunts": hunts,
            "selected": len(session.selection.hunt_ids),
            "reviews": len(session.reviews),
            "prompt": _text(session.task.prompt),
        },
        option=orjson.OPT_APPEND_NEWLINE,
    )


def hunt_row(session: Session, hunt: Hunt) -> bytes:
    """One line of JSON."""
    seen = redact_verdicts(hunt) if session.sealed else hunt
    judges = {run.run_id: run.judge_model for run in session.runs} if not session.sealed else {}
    return orjson.dumps(
        {
            "session_id": session.session_id,
            "owner": _text(session.owner),
            "hunt_id": seen.hunt_id,
            "run_id": seen.run_id,
            "number": seen.number,
            "turn": seen.turn,
            "model": _text(seen.model),
            "judge_model": _text(seen.judge_model or judges.get(seen.run_id, "")),
            "simulated": seen.simulated,
            "outcome": seen.outcome,
            "confirmation": seen.confirmation or None,
            "verdicts": {verdict.criterion_id: verdict.verdict for verdict in seen.verdicts},
            "error": seen.error.code if seen.error else None,
            "cost_usd": seen.target_cost_usd if session.sealed else seen.cost_usd,
            "target_cost_usd": seen.target_cost_usd,
            "started_at": seen.started_at,
            "finished_at": seen.finished_at,
            "reply": None if seen.reply is None else _text(seen.reply.text),
        },
        option=orjson.OPT_APPEND_NEWLINE,
    )


MIN_OBJECT_BYTES = 4 * 1024 * 1024


def write_parquet(rows: Path, target: Path, columns: Mapping[str, str]) -> None:
    """Convert a file of rows. Raises OSError."""
    import duckdb  # 50 MiB, and only for this

    read = {name: "BIGINT" if name == "changed_at" else kind for name, kind in columns.items()}
    shown = ", ".join(
        "make_timestamptz(changed_at * 1000) AS changed_at" if name == "changed_at" else name for name in columns
    )
    config: dict[str, Any] = {"threads": 1, "autoinstall_known_extensions": False}
    with rows.open("rb") as file:
        longest = max(map(len, file), default=0)  # DuckDB allocates a multiple of it for each thread
    source = (
        "read_json($rows, format = 'newline_delimited', columns = $columns, "
        f"maximum_object_size = {max(MIN_OBJECT_BYTES, longest + 1)})"
    )
    found = f"SELECT {shown} FROM {_literal(source, rows, read)}"  # noqa: S608
    try:
        with duckdb.connect(config=config) as database:
            database.execute("SET TimeZone = 'UTC'")
            database.execute(  # few rows are in memory, because hunts have replies
                f"COPY ({found}) TO {_quoted(str(target))} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 8192)"
            )
    except duckdb.Error as error:
        raise OSError(EIO, str(error)) from error


def _literal(source: str, rows: Path, columns: Mapping[str, str]) -> str:
    """DuckDB takes no parameters in CREATE TABLE; the names are ours, the path is quoted."""
    struct = ", ".join(f"{name}: {_quoted(kind)}" for name, kind in columns.items())
    return source.replace("$rows", _quoted(str(rows))).replace("$columns", f"{{{struct}}}")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _text(text: str) -> str:
    """Without lone surrogates, which UTF-8 cannot encode."""
    return text.encode("utf-8", "replace").decode()
