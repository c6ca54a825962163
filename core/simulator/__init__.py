"""The simulated provider: seeded, scripted, always labelled; inside the product and as an HTTP server.
May use core.providers (interface, causes of failure), core.domain, core.settings, core.errors, core.clock; h11.
Never reaches a network, costs money, reads the environment or imports a real provider.
Owned and closed by core.runtime (the provider) and by its caller (the server, `async with`).
Tests in tests/core/simulator.
"""
