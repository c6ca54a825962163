"""Here lives the simulated provider as an HTTP server: sockets, bodies as providers write them, what it counted.
May use core.simulator (its plan and script), asyncio; no web framework, since it must cost next to nothing.
Never sends anything without the mark that it is simulated, and never tells a key to anybody.
Owned and closed by whoever opens it: `async with open_server(…)`.
Tests in tests/core/simulator/serving.
"""
