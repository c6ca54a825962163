"""Here lives the HTTP door: routes, request and error shapes, event streams, the page's files.
May use core (through the runtime), quart, quart-schema, markdown-it, nh3.
Never holds a client, a store or a rule of its own; never hunts without the runtime.
Owned and closed by api.server, which opens the runtime and ends the event streams first.
Tests in tests/api and tests/browser.
"""
