"""Several API processes that differ by their loopback address only, as replicas differ in a container network."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.deploy.edge import API, Edge, open_edge
from tests.e2e.api_process import ApiProcess, open_api
from tests.house.loopback_only import find_free_port

UNLIMITED = {"rate=200r/s": "rate=100000r/s", "rate=10r/s": "rate=100000r/s"}
"""The clients of these tests share one address, as no real ones do."""
ADDRESSES = ("127.0.0.2", "127.0.0.3", "127.0.0.4")


@dataclass
class Stack:
    """nginx and replicas; replicas by address. What is still running at the end is ended."""

    folder: Path
    port: int
    edge: Edge
    closing: AsyncExitStack
    variables: dict[str, str]
    replicas: dict[str, ApiProcess] = field(default_factory=dict)
    started: int = 0

    async def start(self, address: str) -> ApiProcess:
        """One replica at that address, answering, and in the name server's answer."""
        self.started += 1
        folder = self.folder / f"replica-{self.started}"
        folder.mkdir()
        running = open_api(folder, host=address, port=self.port, INSTANCE=f"replica-{self.started}", **self.variables)
        self.replicas[address] = await self.closing.enter_async_context(running)
        self.edge.names.addresses[API] = sorted(self.replicas)
        return self.replicas[address]

    async def end(self, address: str, *, within_s: float = 20.0) -> int:
        """SIGTERM, as a deploy does it: the name leads there until the process is gone. Its exit code."""
        code = await self.replicas[address].end(within_s=within_s)
        self.forget(address)
        return code

    async def kill(self, address: str) -> None:
        """Like a crash: no notice, and the name still resolves to the address."""
        process = self.replicas[address].process
        process.kill()
        await process.wait()

    def forget(self, address: str) -> None:
        del self.replicas[address]
        self.edge.names.addresses[API] = sorted(self.replicas)


@asynccontextmanager
async def open_stack(folder: Path, *addresses: str, **variables: str) -> AsyncIterator[Stack]:
    port = find_free_port()
    async with open_edge(folder / "nginx", api_port=port, changes=UNLIMITED) as edge, AsyncExitStack() as closing:
        stack = Stack(folder, port, edge, closing, variables)
        for address in addresses:
            await stack.start(address)
        yield stack
