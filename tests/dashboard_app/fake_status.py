"""A fake API on loopback: serves `GET /api/admin/status` with a configurable body, over real HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

STATUS: dict[str, Any] = {
    "instance": "api-1",
    "version": "0.1.0",
    "revision": "9f2c1ab",
    "uptime_s": 11_520.0,
    "health": {"status": "healthy", "reason": ""},
    "sessions": {"backend": "redis", "count": 42},
    "redis": {"configured": True, "connected": True},
    "providers": [
        {
            "name": "openai",
            "account": "openai",
            "limit": 8,
            "in_flight": 6,
            "queued": 14,
            "requests": 5312,
            "errors": 21,
            "rate_limited": 9,
            "retries": 17,
            "latency_p50_ms": 912.0,
            "latency_p95_ms": 2440.0,
            "usable": True,
            "why_not": "",
            "simulated": False,
        },
        {
            "name": "openrouter",
            "account": "openrouter",
            "limit": 6,
            "in_flight": 6,
            "queued": 31,
            "requests": 1240,
            "errors": 66,
            "rate_limited": 41,
            "retries": 58,
            "latency_p50_ms": 8120.0,
            "latency_p95_ms": 31900.0,
            "usable": True,
            "why_not": "",
            "simulated": False,
        },
        {
            "name": "fireworks",
            "account": "fireworks",
            "limit": 4,
            "in_flight": 0,
            "queued": 0,
            "requests": 0,
            "errors": 0,
            "rate_limited": 0,
            "retries": 0,
            "latency_p50_ms": None,
            "latency_p95_ms": None,
            "usable": False,
            "why_not": "no key: set FIREWORKS_API_KEY",
            "simulated": False,
        },
        {
            "name": "simulated",
            "account": "simulated",
            "limit": 8,
            "in_flight": 2,
            "queued": 0,
            "requests": 388,
            "errors": 3,
            "rate_limited": 0,
            "retries": 3,
            "latency_p50_ms": 401.0,
            "latency_p95_ms": 560.0,
            "usable": True,
            "why_not": "",
            "simulated": True,
        },
    ],
    "runs": {"active": 5, "queued": 1, "started": 212, "finished": 206},
    "hunts": {"active": 24, "done": 1630, "broke": 402, "held": 1130, "undetermined": 21, "error": 66, "cancelled": 11},
    "event_streams": {"open": 37, "limit": 2000},
    "telemetry": {"queued": 3, "written": 9120, "dropped": 0, "failed": 0},
    "bugs": 0,
}


class StandIn:
    """The response body; tests may change it at run time."""

    def __init__(self) -> None:
        self.status = 200
        self.body: Any = STATUS
        self.asked = 0
        self.url = ""


@contextmanager
def api_stand_in(port: int = 0) -> Iterator[StandIn]:
    told = StandIn()

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.asked += 1
            known = self.path == "/api/admin/status"
            body = told.body if isinstance(told.body, bytes) else json.dumps(told.body).encode()
            self.send_response(told.status if known else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            """Silenced."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Answer)
    told.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, name="API stand-in", daemon=True)
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
