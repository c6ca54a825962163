"""What every test may lean on: loopback and nothing else, the real Redis, and a word about what is missing.

Fixtures of one room stand in that room's own conftest.
"""

import os

os.environ["ENV_FILE"] = ""  # a developer's own keys reach no test, and no process that a test starts

pytest_plugins = [
    "tests.house.loopback_only",
    "tests.house.missing",
    "tests.house.real_redis",
    "tests.house.signals",
]
