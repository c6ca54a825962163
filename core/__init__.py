"""The product without the web: tasks, providers, judge, runs, reviews, sessions, the library, telemetry.
May use the standard library and the pinned packages; no web framework.
Never imports api or dashboard_app; the layers inside are checked by import-linter (pyproject.toml).
Owned and closed by core.runtime.open_runtime, which builds everything and closes it in reverse.
Tests in tests/core, mirrored.
"""

__version__ = "0.1.0"
