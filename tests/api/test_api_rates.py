"""A run's rate and interval are equal in the API, on the command line, on the dashboard and in the export, and equal to
what statsmodels and scipy compute from the raw log."""

import asyncio
import io
import json
from math import log

import pytest
from rich.console import Console
from scipy.optimize import brentq
from scipy.special import betaln
from statsmodels.stats.proportion import proportion_confint

from api.app import create_app
from core.cli.report import print_report, report_json
from core.clock import SystemClock
from core.hunting.views.serialize import to_json
from core.runtime import open_runtime
from core.telemetry.reader import TelemetryReader
from dashboard_app.components.break_rates import break_rates
from dashboard_app.filter_conditions import Choice
from dashboard_app.views.overview import totals
from tests.api.conftest import QUICK
from tests.api.test_api_audit import TASK
from tests.settings import make_settings

FIXED = {"models": ["simulated/hasty"], "hunts": 24}
STOPPED = {"models": ["simulated/careful"], "hunts": 400, "stop": {"breaks": 3, "cost_usd": 1000.0}}
BLIND = {"visibility": "blind"}


async def hunt(client, order, settings):
    """A session with one run, ended: (session id, the run in the API, the record in the export)."""
    opened = await (await client.post("/api/sessions", json={"task": TASK, **settings})).get_json()
    at = f"/api/sessions/{opened['session_id']}"
    rid = (await (await client.post(f"{at}/runs", json=order)).get_json())["run_id"]
    async with asyncio.timeout(40):
        while not (run := await (await client.get(f"{at}/runs/{rid}")).get_json())["finished_at"]:
            await asyncio.sleep(0.02)
    return opened["session_id"], run


async def seen(runtime, order, settings):
    """What each interface says of a run: (run id, model, {interface: (rate, low, high)}, method, the report's text)."""
    sid, run = await hunt(create_app(runtime).test_client(), order, settings)
    session, counts = await runtime.store.read(sid), (await runtime.store.counts(sid))[run["run_id"]]
    stored, hunts = session.run(run["run_id"]), await runtime.service.all_hunts(sid)
    rates = await runtime.reviews.corrected_rates(sid)
    report = json.loads(to_json(report_json("x", stored, counts, hunts, rates, sealed=session.sealed)))
    console = Console(file=io.StringIO(), width=200)
    print_report(console, "x", stored, counts, hunts, rates, sealed=session.sealed)
    notebook = json.loads((await runtime.service.deliver(sid)).notebook)
    exported = notebook["metadata"]["model_hunter"]["rates"][run["run_id"]]
    said = {
        "api": (run["counts"]["break_rate"], run["break_rate_interval"]),
        "command line": (report["counts"]["break_rate"], report["break_rate_interval"]),
        "export": (exported["break_rate"], exported["break_rate_interval"]),
    }
    return run, said, console.file.getvalue()


def independent(log_dir, run, method):
    """The rate and its interval, from the lines of the log alone."""
    lines = [json.loads(line) for path in log_dir.glob("*.jsonl") for line in path.read_text().splitlines()]
    outcomes = [x["data"]["outcome"] for x in lines if x["type"] == "hunt" and x["data"]["run_id"] == run["run_id"]]
    s, n = outcomes.count("broke"), outcomes.count("broke") + outcomes.count("held")
    if method == "wilson":
        return s / n, *proportion_confint(s, n, method="wilson")

    def crossing(p):
        return betaln(1 + s, 1 + n - s) - s * log(p) - (n - s) * log(1 - p) - log(20)

    ends = [brentq(crossing, 1e-12, s / n), brentq(crossing, s / n, 1 - 1e-12)]
    return s / n, *ends


@pytest.mark.parametrize(
    ("order", "settings", "method", "words"),
    [
        (FIXED, {}, "wilson", "Wilson interval"),
        (STOPPED, {}, "confidence_sequence", "confidence sequence"),
        (STOPPED, BLIND, "confidence_sequence", "confidence sequence"),
    ],
    ids=["a run of fixed size", "a run with a stop rule", "a blind session"],
)
async def test_every_interface_has_the_numbers_of_the_raw_log(tmp_path, order, settings, method, words):
    fast = make_settings(telemetry__directory=str(tmp_path), providers__simulated_script=QUICK)
    async with open_runtime(fast, clock=SystemClock(), seed=1) as runtime:
        run, said, report = await seen(runtime, order, settings)
    expected = independent(tmp_path, run, method)
    assert 0 < expected[0] < 1
    for interface, (rate, interval) in said.items():
        assert (rate, interval["low"], interval["high"]) == pytest.approx(expected, abs=1e-9), interface
        assert interval["method"] == method, interface
    low, high = (round(100 * end) for end in expected[1:])
    assert f"Break rate {expected[0]:.0%}, in the long run probably {low}% to {high}% (95% {words})." in report
    with TelemetryReader(tmp_path) as reader:
        reader.refresh()
        choice = Choice(SystemClock().now())
        (row,) = break_rates(reader, choice).to_dict("records")
        overview = totals(reader, choice).rate
    assert (row["share"], row["low"], row["high"]) == pytest.approx(expected, abs=1e-9)
    assert (overview.share, *overview.interval[:2]) == pytest.approx(expected, abs=1e-9)
    assert row["method"] == overview.method == {"wilson": "Wilson"}.get(method, words)
