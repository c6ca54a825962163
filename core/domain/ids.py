"""Builds IDs, which the server issues and never reuses. A hunt ID follows from its run and index, so that two workers
of one part write the same hunts, and never another part's."""

from __future__ import annotations

import base64

SESSION_ENTROPY_BYTES = 24  # 192 bits: in a deployment without sign-in, the session ID is the only secret
RUN_ENTROPY_BYTES = 9
SIMULATED = "simulated"
"""The name of the simulated provider."""


def session_id(entropy: bytes) -> str:
    """`s_` and 32 URL-safe characters, from 24 random bytes."""
    return "s_" + base64.urlsafe_b64encode(entropy).decode()


def run_id(entropy: bytes) -> str:
    """`r_` and 12 URL-safe characters, from 9 random bytes."""
    return "r_" + base64.urlsafe_b64encode(entropy).decode()


def hunt_id(run: str, index: int) -> str:
    """Return the ID of the hunt at `index` (from 0) of a run."""
    return f"{run}.{index + 1}"


def is_simulated(model: str) -> bool:
    """Whether a `provider/model id` belongs to the simulated provider. Works before a hunt starts."""
    return model.startswith(f"{SIMULATED}/")


def hunt_index(hunt: str) -> int:
    """Return the index (from 0) of a hunt in its run, from its ID."""
    return int(hunt.rpartition(".")[2]) - 1
