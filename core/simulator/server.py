"""The simulated provider as an OpenAI-compatible HTTP server, with its counters and its script under `/sim/`.

`POST …/chat/completions`, `GET …/models` · `GET /sim/counters`, `POST /sim/reset`, `POST /sim/script`
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from core.errors import BadSettings
from core.simulator.call import CallCounter, plan_call, read_conversation
from core.simulator.counters import Counters, account_of
from core.simulator.dialect import encode, error_body, read_call
from core.simulator.http import Connection, Request, Response
from core.simulator.respond import JSON_TYPE, Responder
from core.simulator.script import DESCRIPTIONS, MODELS, Script, model_id, read_script

BACKLOG = 1_024
_MODELS = [
    {"id": name, "object": "model", "owned_by": "simulated", "description": DESCRIPTIONS[name], "simulated": True}
    for name in MODELS
]


class SimulatedServer:
    """What the server keeps between calls: its script, its counters, and the number of calls of each conversation."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.port = 0
        """The port that it listens on, once it does."""
        self.reset()

    def reset(self) -> None:
        """Set all counters to zero and forget every conversation. Calls in flight end in the counters they began in."""
        self.counters = Counters()
        self.calls = CallCounter()

    async def handle(self, request: Request, response: Response) -> None:
        match request.method, request.path:
            case "POST", path if path.endswith("/chat/completions"):
                await self._complete(request, response)
            case _, path if path.endswith("/chat/completions"):
                _refuse(response, 405, "Only POST is answered here.", "method_not_allowed")
            case "GET", path if path.endswith("/models"):
                _send(response, {"object": "list", "data": _MODELS})
            case "GET", "/sim/counters":
                conversations = self.calls.counts()
                _send(response, {"simulated": True, **self.counters.as_json(), "conversations": conversations})
            case "POST", "/sim/reset":
                self.reset()
                _send(response, {"simulated": True})
            case "POST", "/sim/script":
                self._replace_script(request, response)
            case _, path if path.startswith("/sim/"):
                _refuse(response, 404, "Under /sim/ are counters (GET), reset and script (POST).", "not_found")
            case _, path:
                _refuse(response, 404, f"There is nothing at {path[:200]}.", "not_found")

    async def _complete(self, request: Request, response: Response) -> None:
        key = request.authorization.removeprefix("Bearer ").strip()
        try:
            call = read_call(request.body)
        except (ValueError, RecursionError) as error:
            with self.counters.call("unknown", "unknown", account_of(key)) as open_call:
                open_call.end("bad_request")
            _refuse(response, 400, f"This is no chat completion request: {error}."[:400], "invalid_request_error")
            return
        conversation = read_conversation(call.model, call.messages)
        with self.counters.call(conversation.purpose, conversation.model, account_of(key)) as open_call:
            behavior = self.script.behavior_of(call.model)
            if key in behavior.bad_keys:
                open_call.end("unauthorized")
                _refuse(response, 401, "Simulated: incorrect API key.", "invalid_api_key")
            elif model_id(call.model) in behavior.unknown_models:
                open_call.end("unknown_model")
                _refuse(response, 404, "Simulated: there is no such model.", "model_not_found")
            else:
                nth = self.calls.next(conversation.key)
                plan = plan_call(self.script, conversation, nth, sum(len(message.content) for message in call.messages))
                await Responder(plan, call, response, open_call).respond()

    def _replace_script(self, request: Request, response: Response) -> None:
        try:
            self.script = read_script(request.body.decode("utf-8", "replace"))
        except BadSettings as error:
            _refuse(response, 400, error.message, error.code)
        else:
            _send(response, {"simulated": True})


def _send(response: Response, body: Mapping[str, Any]) -> None:
    response.send(200, encode(body), JSON_TYPE)


def _refuse(response: Response, status: int, message: str, code: str) -> None:
    response.send(status, encode(error_body(message, kind="invalid_request_error", code=code)), JSON_TYPE)


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
        await asyncio.gather(*(connection.close() for connection in connections))
