"""One file per resource; each defines a blueprint.
May use the files of api, core.hunting's orders and views, types of core.
Never imports another route.
Owned and closed by api.app, which registers them.
Tests in tests/api.
"""
