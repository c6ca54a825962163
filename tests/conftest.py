"""Shared fixtures: loopback only, a real Redis, a real PostgreSQL, and the list of missing programs.

Fixtures of one package are in that package's conftest.
"""

import os

os.environ["ENV_FILE"] = ""  # a developer's own keys reach no test, and no process that a test starts
os.environ["LIBRARY_URL"] = "off"  # nor does one write into a developer's library

pytest_plugins = [
    "tests.house.collection",
    "tests.house.loopback_only",
    "tests.house.missing",
    "tests.house.real_postgres",
    "tests.house.real_redis",
    "tests.house.shared_browser",
    "tests.house.signals",
]
