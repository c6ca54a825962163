"""States and events of the page as values, for tests of its pure modules."""

from __future__ import annotations

from typing import Any

CALL = """async ([module, name, values]) => {
  const found = (await import(`/static/scripts/${module}.js`))[name];
  return typeof found === "function" ? found(...values) : found;
}"""
REDUCE = """async (events) => {
  const {initialState, reduce} = await import("/static/scripts/state/page.js");
  const state = events.reduce(reduce, initialState());
  return {...state, hunts: state.hunts.ids.map((id) => state.hunts.byId.get(id))};
}"""


def counts(**some: Any) -> dict[str, Any]:
    names = ("total", "done", "queued", "calling", "judging", "broke", "held", "undetermined", "error", "cancelled",
             "interrupted", "replies", "unknown_costs")  # fmt: skip
    return {**dict.fromkeys(names, 0), "cost_usd": None, "judge_cost_usd": None, **some}


def a_run(status: str = "running", run_id: str = "r1", first_number: int = 1, **some: Any) -> dict[str, Any]:
    return {"run_id": run_id, "first_number": first_number, "status": status, "counts": counts(**some)}


def a_check(
    status: str = "none", started: str | None = None, finished: str | None = None, verdicts: int = 0, task: str = "h1"
) -> dict[str, Any]:
    told = [{"criterion_id": f"C{n + 1}", "verdict": "PASS"} for n in range(verdicts)]
    return {
        "status": status, "stale": False, "task_hash": task, "started_at": started, "finished_at": finished, "verdicts": told,
    }  # fmt: skip


def a_snapshot(version: int = 1, runs: tuple = (), check: dict[str, Any] | None = None, **some: Any) -> dict[str, Any]:
    head = {
        "session_id": "s1",
        "version": version,
        "name": "t",
        "turn": 1,
        "task": {"hash": "h1"},
        "runs": list(runs),
        "check": check or a_check(),
        "attempts_before": 3,
    }
    return {"type": "session.read", "snapshot": head | some}


def a_hunt(
    number: int = 1, status: str = "done", outcome: str | None = "broke", verdicts: int = 0, run_id: str = "r1"
) -> dict[str, Any]:
    told = [{"criterion_id": f"C{n}", "verdict": "PASS"} for n in range(verdicts)]
    return {
        "hunt_id": f"{run_id}.{number}",
        "number": number,
        "run_id": run_id,
        "status": status,
        "outcome": outcome,
        "verdicts": told,
        "model": "m/1",
        "excerpt": "",
        "error": None,
        "latency_ms": None,
    }


def changed(*hunts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "hunts.changed", "hunts": list(hunts)}


def read(*hunts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "hunts.read", "hunts": list(hunts)}
