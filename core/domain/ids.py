"""Ids are issued by the server and never reused. Hunt ids follow from the run's id and the place in the run,
so that a shard that is worked on twice writes over its own hunts and never over another's.
"""

from __future__ import annotations

import base64

SESSION_ENTROPY_BYTES = 24  # 192 bits: a session id is also what keeps strangers out of an open deployment
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
    """The id of the hunt at place `index` (from 0) of a run."""
    return f"{run}.{index + 1}"


def is_simulated(model: str) -> bool:
    """Whether a `provider/model id` is of the simulated provider: known of a hunt before it has begun."""
    return model.startswith(f"{SIMULATED}/")


def hunt_index(hunt: str) -> int:
    """The place (from 0) that a hunt id names in its run."""
    return int(hunt.rpartition(".")[2]) - 1
