"""A whole `python -m api` on a free port, with the simulated provider, and what a test arranges there over HTTP."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx

from tests.house.loopback_only import find_free_port
from tests.house.tree import ROOT

ENDED = {"completed", "cancelled", "failed"}
STOP_WITHIN_S = 15
SCRIPT: Mapping[str, Any] = {
    "seed": 5, "target_latency_ms": 20, "judge_latency_ms": 5, "latency_spread": 0, "chunk_chars": 400,
    "models": {"thinker": {"target_latency_ms": 300, "judge_latency_ms": 10}, "flaky": {"server_error": 1.0}},
}  # fmt: skip
"""hasty and careful answer at once, thinker keeps a run going for seconds, flaky never answers."""
SETTINGS = {
    "SIMULATED_CONCURRENCY": "16",
    "BLIND_OUTCOME_STEP": "0.1",
    "MAX_CALL_ATTEMPTS": "2",
    "RETRY_WAIT": "1.5",
    "MAX_SAME_FAILURES": "6",
    "DRAIN_TIMEOUT": "1",
}


class Product:
    """The server's process. `restart` comes back on the same port; in memory mode it knows nothing then."""

    def __init__(self, folder: Path, script: Mapping[str, Any] = SCRIPT, **variables: str) -> None:
        self.port = find_free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = folder / "server.log"
        self._variables = {
            **SETTINGS, "API_PORT": str(self.port), "TELEMETRY_DIR": str(folder / "telemetry"),
            "SIMULATED_SCRIPT": json.dumps(script), "PYTHONPATH": str(ROOT), **variables,
        }  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None
        transport = httpx.HTTPTransport(retries=8)  # waits for a server that is starting
        self.http = httpx.Client(base_url=self.url, transport=transport, trust_env=False, timeout=30)

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "api"], cwd=ROOT, env={**os.environ, **self._variables}, stdout=log, stderr=log
            )
        self.http.get("/api/health").raise_for_status()

    def kill(self) -> None:
        """As when the machine goes away: no farewell to anybody."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def send(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def _end(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)
        self._process.wait(STOP_WITHIN_S)

    def restart(self) -> None:
        self.kill()
        self.start()

    def close(self) -> None:
        self.http.close()
        if self._process is not None and self._process.poll() is None:
            self.kill()

    # -- what a test arranges

    def open_example(self, name: str = "word-budget") -> str:
        return self.open({"example": name})

    def open(self, source: Mapping[str, Any]) -> str:
        return str(self._answer("POST", "/api/sessions", json=dict(source))["session_id"])

    def session(self, sid: str) -> dict[str, Any]:
        return self._answer("GET", f"/api/sessions/{sid}")

    def hunts(self, sid: str) -> list[dict[str, Any]]:
        return list(self._answer("GET", f"/api/sessions/{sid}/hunts?limit=1000")["hunts"])

    def begin_run(self, sid: str, hunts: int, *models: str, **order: Any) -> str:
        body = {"models": list(models) or ["simulated/hasty"], "hunts": hunts, **order}
        return str(self._answer("POST", f"/api/sessions/{sid}/runs", json=body)["run_id"])

    def run(self, sid: str, hunts: int, *models: str, **order: Any) -> str:
        """A run from its start to its end; its id."""
        rid = self.begin_run(sid, hunts, *models, **order)
        self.wait_for_end(sid)
        return rid

    def active_runs(self, sid: str) -> list[str]:
        return [run["run_id"] for run in self.session(sid)["runs"] if run["status"] not in ENDED]

    def cancel(self, sid: str, rid: str) -> None:
        self._answer("POST", f"/api/sessions/{sid}/runs/{rid}/cancel")

    def wait_for_end(self, sid: str) -> None:
        """Returns when the session has no active run, according to its event stream."""
        with self.http.stream("GET", f"/api/sessions/{sid}/events?after=0-0") as events:
            for line in events.iter_lines():
                ended = (
                    line.startswith("data:") and '"status":"' in line and any(f'"status":"{e}"' in line for e in ENDED)
                )
                if ended and not self.active_runs(sid):
                    return

    def check(self, sid: str) -> None:
        """The reference check from its start to its end."""
        self._answer("POST", f"/api/sessions/{sid}/reference-check", json={})
        self.wait_until(sid, lambda: self.session(sid)["check"]["finished_at"])

    def wait_for_selection(self, sid: str, hunt_ids: list[str]) -> None:
        """Returns when the server has chosen these, in this order: the page shows a choice before that."""
        self.wait_until(sid, lambda: self.session(sid)["selection"]["hunt_ids"] == hunt_ids)

    def wait_for_hunts(self, sid: str, minimum: int) -> None:
        """Returns when so many hunts of the session have begun."""
        self.wait_until(sid, lambda: len(self.hunts(sid)) >= minimum)

    def wait_until(self, sid: str, holds: Callable[[], Any]) -> None:
        """Returns when it holds, looked at with every event of the session."""
        with self.http.stream("GET", f"/api/sessions/{sid}/events?after=0-0") as events:
            for line in events.iter_lines():
                if line.startswith("data:") and holds():
                    return

    def _answer(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        response = self.http.request(method, path, **options)
        assert response.is_success, f"{method} {path}: {response.status_code} {response.text}"
        return dict(response.json())
