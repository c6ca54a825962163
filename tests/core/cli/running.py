"""Commands as a person and as a script run them: in this process, or in a process of their own.

Starting a process and importing what calls models takes longer than most commands: a test starts one where signals,
file descriptors or the interpreter's end are what it is about.
"""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, chdir, contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import structlog

from core.cli.commands import main
from tests.house.tree import ROOT

QUICK: Mapping[str, Any] = {"seed": 7, "target_latency_ms": 1, "judge_latency_ms": 1, "chunk_chars": 200}
Result = tuple[int, str, str]
"""The exit code, stdout, stderr."""


def variables_of(folder: Path, script: Mapping[str, Any], variables: Mapping[str, str]) -> dict[str, str]:
    told = {"SIMULATED_SCRIPT": json.dumps(script), "COLUMNS": "120", "TELEMETRY_DIR": str(folder / "telemetry")}
    return told | dict(variables)


async def start(
    folder: Path, *words: str, script: Mapping[str, Any] = QUICK, **variables: str
) -> asyncio.subprocess.Process:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **variables_of(folder, script, variables)}
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "core", *words, cwd=folder, env=environment, stdin=pipe, stdout=pipe, stderr=pipe
    )


async def run_process(folder: Path, *words: str, stdin: bytes = b"", **how: Any) -> Result:
    """In a process of its own. No way of using it may end in a trace."""
    process = await start(folder, *words, **how)
    out, err = await asyncio.wait_for(process.communicate(stdin), 40)
    assert b"Traceback" not in err, err.decode()
    assert process.returncode is not None
    encoding = how.get("PYTHONIOENCODING", "utf-8")
    return process.returncode, out.decode(encoding), err.decode(encoding)


async def run(
    folder: Path, *words: str, stdin: bytes = b"", script: Mapping[str, Any] = QUICK, **variables: str
) -> Result:
    """In a thread of this process, which has the command's folder, variables, streams and logs meanwhile."""
    with ExitStack() as stack:
        stack.enter_context(chdir(folder))
        stack.enter_context(patch.dict(os.environ, variables_of(folder, script, variables)))
        stack.enter_context(patch("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin))))
        files = [stack.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8", newline="")) for _ in range(2)]
        for name, file in zip(("stdout", "stderr"), files, strict=True):
            stack.enter_context(patch(f"sys.{name}", file))
        stack.enter_context(process_kept())
        code = await asyncio.to_thread(_exit_code, words)
        for file in files:
            file.seek(0)
        out, err = (file.read() for file in files)
    assert "Traceback" not in err, err
    return code, out, err


def _exit_code(words: tuple[str, ...]) -> int:
    try:
        return main(words)
    except SystemExit as ended:  # argparse
        return int(ended.code or 0)


@contextmanager
def process_kept() -> Iterator[None]:
    """What a command changes for its whole process (logs, signals, garbage collection) is as before afterwards."""
    import core.cli.execute  # noqa: F401 - imported here as by the command: with --help nobody waits for it

    root, httpx = logging.getLogger(), logging.getLogger("httpx")
    handlers, level, httpx_level = root.handlers[:], root.level, httpx.level
    root.handlers.clear()  # else the command closes them
    was_configured, config = structlog.is_configured(), structlog.get_config()
    with ExitStack() as stack:
        # A cached logger would outlive this configuration.
        uncached = partial(_configure_uncached, structlog.configure)
        stack.enter_context(patch("core.logs.structlog.configure", uncached))
        stack.enter_context(patch("core.cli.execute.collect_rarely"))
        for module in ("check", "hunt", "judges"):  # only a main thread handles signals
            stack.enter_context(patch(f"core.cli.{module}.stop_on_signals"))
        try:
            yield
        finally:
            root.handlers[:] = handlers
            root.setLevel(level)
            httpx.setLevel(httpx_level)
            structlog.reset_defaults()
    if was_configured:
        structlog.configure(**config)


def _configure_uncached(configure: Any, **options: Any) -> None:
    configure(**options | {"cache_logger_on_first_use": False})
