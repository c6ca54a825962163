"""An OpenAI-compatible provider in a thread of this process, that answers every call with what it is told to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class ScriptedAnswer:
    text: str = ""
    finish_reason: str = "stop"
    status: int = 200
    """Another one: the text is the error's message."""


Answer = Callable[[dict[str, Any]], str | ScriptedAnswer]
"""The reply (or its text) for the body of a request."""
CHUNK_CHARS = 50_000


@contextmanager
def scripted_provider(answer: Answer) -> Iterator[int]:
    """The port of a provider that streams `answer(body)`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one piece

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            reply = answer(body)
            reply = ScriptedAnswer(reply) if isinstance(reply, str) else reply
            whole = reply.status == 200
            told = _events(reply) if whole else json.dumps({"error": {"message": reply.text}}).encode()
            self.send_response(reply.status)
            self.send_header("Content-Type", "text/event-stream" if whole else "application/json")
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, *_words: object) -> None:
            """Tests print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="told provider")
    serving.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


def _events(reply: ScriptedAnswer) -> bytes:
    text = reply.text
    pieces = [text[at : at + CHUNK_CHARS] for at in range(0, len(text), CHUNK_CHARS)]
    chunks: list[dict[str, Any]] = [{"choices": [{"delta": {"content": piece}}]} for piece in pieces]
    chunks.append(
        {
            "choices": [{"delta": {}, "finish_reason": reply.finish_reason}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 9},
        }
    )
    lines = [f"data: {json.dumps(chunk)}\n\n" for chunk in chunks]
    return "".join([*lines, "data: [DONE]\n\n"]).encode()
