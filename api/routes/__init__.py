"""One file per resource; each defines a blueprint.
May use api.context, api.payloads, api.sse, core.hunting's orders and views.
Never imports another route.
Owned and closed by api.app, which registers them.
Tests in tests/api.
"""
