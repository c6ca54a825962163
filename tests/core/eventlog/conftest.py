"""The same runtime as for the tests of sessions."""

from tests.core.sessions.conftest import runtime, store

__all__ = ["runtime", "store"]
