"""The simulated provider as an OpenAI-compatible HTTP server, with a look behind the curtain under `/sim/`.

`POST …/chat/completions`, `GET …/models` · `GET /sim/counters`, `POST /sim/reset`, `POST /sim/script`
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from core.errors import BadSettings
from core.simulator.characters import ABOUT, CHARACTERS
from core.simulator.conversation import CallCounter, read_conversation
from core.simulator.plan import plan_call
from core.simulator.script import Script, model_id, read_script
from core.simulator.serving.asked import Asked, read_asked
from core.simulator.serving.bodies import JSON_TYPE, encoded, error_body
from core.simulator.serving.counters import Counters, account_of
from core.simulator.serving.http1 import Answer, Connection, Request
from core.simulator.serving.stage import Stage

BACKLOG = 1_024


class SimulatedServer:
    """What the server knows between calls: its script, what it counted, and how often it was asked the same."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.port = 0
        """The port that it listens on, once it does."""
        self.reset()

    def reset(self) -> None:
        """All counters at zero, and every conversation new. Calls in flight end in the counters they began in."""
        self.counters = Counters()
        self.calls = CallCounter()

    async def handle(self, request: Request, answer: Answer) -> None:
        """Answers one request."""
        if request.path.endswith("/chat/completions"):
            if request.method == "POST":
                await self._complete(request, answer)
            else:
                _refuse(answer, 405, "Only POST is answered here.", "method_not_allowed")
        elif request.path.endswith("/models") and request.method == "GET":
            _send(answer, {"object": "list", "data": _models()})
        elif request.path.startswith("/sim/"):
            self._show(request, answer)
        else:
            _refuse(answer, 404, f"There is nothing at {request.path[:200]}.", "not_found")

    async def _complete(self, request: Request, answer: Answer) -> None:
        key = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        try:
            asked = read_asked(request.body)
        except (ValueError, RecursionError) as error:
            with self.counters.call("unknown", "unknown", account_of(key)) as ticket:
                ticket.end("bad_request")
            _refuse(answer, 400, f"This is no chat completion request: {error}."[:400], "invalid_request_error")
            return
        await self._play(asked, key, answer)

    async def _play(self, asked: Asked, key: str, answer: Answer) -> None:
        conversation = read_conversation(asked.model, asked.messages)
        with self.counters.call(conversation.purpose, conversation.model, account_of(key)) as ticket:
            role = self.script.role_of(asked.model)
            if key in role.bad_keys:
                ticket.end("unauthorized")
                _refuse(answer, 401, "Simulated: incorrect API key.", "invalid_api_key")
                return
            if model_id(asked.model) in role.unknown_models:
                ticket.end("unknown_model")
                _refuse(answer, 404, "Simulated: there is no such model.", "model_not_found")
                return
            nth = self.calls.next(conversation.key)
            plan = plan_call(self.script, conversation, nth, asked.chars)
            await Stage(plan, asked.model, asked.stream, asked.wants_usage, answer, ticket).play()

    def _show(self, request: Request, answer: Answer) -> None:
        match request.method, request.path:
            case "GET", "/sim/counters":
                _send(answer, {"simulated": True, **self.counters.as_json(), "conversations": self.calls.counts()})
            case "POST", "/sim/reset":
                self.reset()
                _send(answer, {"simulated": True})
            case "POST", "/sim/script":
                self._replace_script(request, answer)
            case _:
                _refuse(answer, 404, "Under /sim/ are counters (GET), reset and script (POST).", "not_found")

    def _replace_script(self, request: Request, answer: Answer) -> None:
        try:
            self.script = read_script(request.body.decode("utf-8", "replace"))
        except BadSettings as bad:
            _refuse(answer, 400, bad.message, bad.code)
        else:
            _send(answer, {"simulated": True})


def _models() -> list[dict[str, Any]]:
    return [
        {"id": name, "object": "model", "owned_by": "simulated", "description": ABOUT[name], "simulated": True}
        for name in CHARACTERS
    ]


def _send(answer: Answer, body: dict[str, Any]) -> None:
    answer.whole(200, encoded(body), JSON_TYPE)


def _refuse(answer: Answer, status: int, words: str, code: str) -> None:
    answer.whole(status, encoded(error_body(words, kind="invalid_request_error", code=code)), JSON_TYPE)


@asynccontextmanager
async def open_server(script: Script, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[SimulatedServer]:
    """The server, listening; port 0 takes any free one, see `port`. Closing ends every call in flight at once.

    Raises OSError when it cannot listen there.
    """
    simulated = SimulatedServer(script)
    connections: set[Connection] = set()
    loop = asyncio.get_running_loop()
    listener = await loop.create_server(lambda: Connection(simulated.handle, connections), host, port, backlog=BACKLOG)
    simulated.port = listener.sockets[0].getsockname()[1]
    try:
        yield simulated
    finally:
        listener.close()
        open_now = list(connections)
        for connection in open_now:
            connection.close()
        for connection in open_now:
            await connection.finished()
