"""Runs, hunts, reviews and the notebooks they start from."""

from __future__ import annotations

from dataclasses import dataclass

from core.settings.rows import MIB, setting


@dataclass(frozen=True)
class HuntingSettings:
    """Runs and hunts: how many, how large, and who works on them."""

    max_hunts_per_run: int = setting(1000, "HUNTS_MOST", "hunts", "Most hunts of one run.", minimum=1, maximum=1000)
    max_runs: int = setting(50, "RUNS_MOST", "runs", "Most runs of one session.", minimum=1)
    max_active_hunts: int = setting(
        400, "ACTIVE_HUNTS_MOST", "hunts", "Most hunts of one run worked on at once in this process.", minimum=1
    )
    part_hunts: int = setting(
        40, "SHARD_HUNTS", "hunts", "Hunts of a run that a process takes at a time when several work on it.", minimum=1
    )
    part_lease_s: float = setting(
        6.0,
        "SHARD_LEASE",
        "s",
        "After so long without a sign of life others go on with a process's hunts.",
        minimum=0.5,
    )
    worker_stall_timeout_s: float = setting(
        15.0, "WEDGED", "s", "A worker that leaves waiting jobs alone for so long is started again.", minimum=0.5
    )
    heartbeat_s: float = setting(
        2.0, "INSTANCE_BEAT", "s", "Pause between two words of a process about itself to the others.", minimum=0.05
    )
    instance_ttl_s: float = setting(
        10.0, "INSTANCE_LIFE", "s", "A process that is silent for so long is not shown any more.", minimum=0.2
    )
    idempotency_secret: str = setting(
        "",
        "IDEMPOTENCY_SECRET",
        "text",
        "Turns idempotency keys into session ids; empty: a random one, shared in Redis.",
        secret=True,
    )
    max_trials: int = setting(100, "TRIALS_MOST", "trials", "Most calibration hunts of a session.", minimum=1)
    max_rejudgings: int = setting(20, "REJUDGINGS_MOST", "times", "How often a hunt may be judged again.", minimum=1)
    blind_outcome_step_s: float = setting(
        2.0,
        "BLIND_OUTCOME_STEP",
        "s",
        "A blind hunt's outcome is given out 1, 2, 4, 8, … times this after its judging began; 0: at once.",
        minimum=0,
        maximum=3600,
    )
    max_turns: int = setting(20, "TURNS_MOST", "turns", "Most turns of a conversation.", minimum=1)
    max_task_bytes: int = setting(
        4 * MIB,
        "TASK_MAX_BYTES",
        "bytes",
        "Most text of a task: prompt, response, criteria, judge prompts.",
        minimum=1024,
    )
    max_criteria: int = setting(
        100, "MAX_CRITERIA", "criteria", "Most criteria of a task; every hunt asks for each.", minimum=3, maximum=9999
    )


@dataclass(frozen=True)
class ReviewSettings:
    """The trainer's own part."""

    max_slots: int = setting(20, "SLOTS_MOST", "hunts", "Most hunts that a session may ask to be selected.", minimum=1)
    max_reviews: int = setting(500, "REVIEWS_MOST", "reviews", "Most reviews kept in a session.", minimum=1)
    max_explanation_chars: int = setting(20000, "REVIEW_MAX_CHARS", "characters", "Longest explanation.", minimum=100)


@dataclass(frozen=True)
class NotebookSettings:
    """What is loaded, and from where."""

    max_bytes: int = setting(16 * MIB, "NOTEBOOK_MAX_BYTES", "bytes", "Largest notebook that is loaded.", minimum=1024)
    max_cells: int = setting(5000, "NOTEBOOK_MAX_CELLS", "cells", "Most cells of a notebook that is loaded.", minimum=1)
    max_values: int = setting(
        150_000, "NOTEBOOK_MAX_VALUES", "values", "About the most JSON values of a notebook.", minimum=1000
    )
    max_large_waiting: int = setting(
        8,
        "LARGE_NOTEBOOKS_MOST",
        "notebooks",
        "Most notebooks above 1 MiB that wait for the one being read.",
        minimum=1,
    )
    hosts: tuple[str, ...] = setting(
        ("raw.githubusercontent.com", "gist.githubusercontent.com"),
        "NOTEBOOK_HOSTS",
        "names, comma-separated",
        "Hosts that notebooks may be fetched from by URL.",
    )
    fetch_timeout_s: float = setting(15.0, "FETCH_TIMEOUT", "s", "Longest fetch of a notebook by URL.", minimum=0.1)
    max_preview_chars: int = setting(
        4000, "PREVIEW_MAX_CHARS", "characters", "Shown of a cell in previews.", minimum=100
    )
