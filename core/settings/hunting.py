"""Runs, hunts, reviews, and the notebooks they start from."""

from __future__ import annotations

from dataclasses import dataclass

from core.settings.rows import MIB, setting


@dataclass(frozen=True)
class HuntingSettings:
    """Runs and hunts: how many, how large, and who works on them."""

    max_hunts_per_run: int = setting(
        1000, "MAX_HUNTS_PER_RUN", "hunts", "Maximum hunts of one run.", minimum=1, maximum=1000
    )
    max_criteria: int = setting(
        100, "MAX_CRITERIA", "criteria", "Maximum criteria of a task; each is one judge call.", minimum=3, maximum=9999
    )
    max_task_bytes: int = setting(
        4 * MIB,
        "MAX_TASK_BYTES",
        "bytes",
        "Maximum size of a task's texts: prompt, response, criteria, judge prompts.",
        minimum=1024,
    )
    idempotency_secret: str = setting(
        "",
        "IDEMPOTENCY_SECRET",
        "text",
        "Secret for deriving session IDs from idempotency keys; empty: a random one, shared in Redis.",
        secret=True,
    )

    max_runs: int = 50
    """Runs of a session."""
    max_trials: int = 100
    """Calibration hunts of a session."""
    max_turns: int = 20
    """Turns of a conversation."""
    max_rejudgings: int = 20
    """How often one hunt may be judged again."""
    blind_outcome_step_s: float = 2.0
    """A blind hunt's outcome is published 1, 2, 4, … times this after judging began: its time gives little away."""
    max_active_hunts: int = 400
    """Hunts of one run that are worked on at once in a process."""
    part_hunts: int = 40
    """Hunts that a process claims at a time when several work on a run."""
    part_lease_s: float = 6.0
    """A process that has not renewed its claim for this long loses it to others."""
    heartbeat_s: float = 2.0
    """Between two status messages of a process to the others."""
    instance_ttl_s: float = 10.0
    """A process that is silent for this long is no longer shown: five heartbeats."""


@dataclass(frozen=True)
class ReviewSettings:
    """The trainer's own part."""

    max_slots: int = 20
    """Slots of a session."""
    max_reviews: int = 500
    """Reviews kept in a session."""
    max_explanation_chars: int = 20_000
    """Of one review."""


@dataclass(frozen=True)
class NotebookSettings:
    """What may be loaded, and from where."""

    max_bytes: int = setting(
        16 * MIB, "MAX_NOTEBOOK_BYTES", "bytes", "Maximum size of a notebook; see MAX_BODY_BYTES.", minimum=1024
    )
    hosts: tuple[str, ...] = setting(
        ("raw.githubusercontent.com", "gist.githubusercontent.com"),
        "NOTEBOOK_HOSTS",
        "names, comma-separated",
        "Hosts allowed in notebook URLs.",
    )

    max_cells: int = 5000
    """Of one notebook."""
    max_values: int = 150_000
    """JSON values of a notebook, estimated: parsing more blocks other requests."""
    max_large_waiting: int = 8
    """Notebooks above 1 MiB that wait for the one that is being read."""
    fetch_timeout_s: float = 15.0
    """Longest fetch of a notebook by URL."""
    max_preview_chars: int = 4000
    """Shown of a cell in a preview."""
