"""The simulated provider as an OpenAI-compatible HTTP server, with its counters and its script under `/sim/`.

`POST …/chat/completions`, `GET …/models` · `GET /sim/counters`, `POST /sim/reset`, `POST /sim/script`
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from core.errors import BadSettings
from core.simulator.call import NO_UPSTREAM, Calls, read_conversation
from core.simulator.counters import Counters, account_of
from core.simulator.dialect import ChatCall, encode, error_body, model_list, read_call
from core.simulator.http import Connection, Request, Response
from core.simulator.options import refusal_of
from core.simulator.respond import JSON_TYPE, Responder
from core.simulator.script import Script, model_id, read_script

BACKLOG = 1_024
BAD_KEY = (401, "Simulated: incorrect API key.", "invalid_api_key")


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
        self.calls = Calls()

    async def handle(self, request: Request, response: Response) -> None:
        match request.method, request.path:
            case "POST", path if path.endswith("/chat/completions"):
                await self._complete(request, response)
            case _, path if path.endswith("/chat/completions"):
                _refuse(response, 405, "Only POST is answered here.", "method_not_allowed")
            case "GET", path if path.endswith("/models"):
                self._list_models(request, response)
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

    def _list_models(self, request: Request, response: Response) -> None:
        if _key(request) in self.script.behavior_of("any other").bad_keys:
            _refuse(response, *BAD_KEY)
        else:
            _send(response, model_list(self.script))

    async def _complete(self, request: Request, response: Response) -> None:
        key = _key(request)
        try:
            call = read_call(request.body)
        except (ValueError, RecursionError) as error:
            with self.counters.call("unknown", "unknown", account_of(key)) as open_call:
                open_call.end("bad_request")
            _refuse(response, 400, f"This is no chat completion request: {error}."[:400], "invalid_request_error")
            return
        conversation = read_conversation(call.model, call.messages)
        with self.counters.call(conversation.purpose, conversation.model, account_of(key)) as open_call:
            refusal = self._refusal(call, key)
            plan = None if refusal else self.calls.plan(self.script, conversation, call.options)
            if plan and plan.upstream:
                await Responder(plan, call, response, open_call).respond()
                self.calls.store_prompt(plan, conversation)
                return
            ended, status, message, code = refusal or ("no_upstream", 404, NO_UPSTREAM, "no_upstream")
            open_call.end(ended)
            _refuse(response, status, message, code)

    def _refusal(self, call: ChatCall, key: str) -> tuple[str, int, str, str] | None:
        """How the call ends, its status, message and code, if the script refuses it for good."""
        behavior = self.script.behavior_of(call.model)
        if key in behavior.bad_keys:
            return "unauthorized", *BAD_KEY
        if model_id(call.model) in behavior.unknown_models:
            return "unknown_model", 404, "Simulated: there is no such model.", "model_not_found"
        if refusal := refusal_of(behavior, call.options):
            return "bad_request", 400, f"Simulated: {refusal}", "unsupported_parameter"
        return None

    def _replace_script(self, request: Request, response: Response) -> None:
        try:
            self.script = read_script(request.body.decode("utf-8", "replace"))
        except BadSettings as error:
            _refuse(response, 400, error.message, error.code)
        else:
            _send(response, {"simulated": True})


def _key(request: Request) -> str:
    return request.authorization.removeprefix("Bearer ").strip()


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
