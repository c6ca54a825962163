"""The HTTP API: routes, request payloads, event streams, the page's files.
May use core (through the runtime), quart, quart-schema, markdown-it, nh3.
Never creates a client or a store, never contains a rule; never hunts without the runtime.
Owned and closed by api.server, which opens the runtime and closes the event streams first.
Tests in tests/api and tests/browser.
"""
