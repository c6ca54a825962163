"""Alarm rules: each has a threshold (a setting), a current value and advice.

Simulated models fail on purpose, so they raise no alarm. A share needs ALARM_MIN_SAMPLES hunts, calls or verdicts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from core.settings import AlarmSettings
from core.settings.provider_table import PROVIDERS
from core.telemetry.reader import TelemetryReader
from dashboard_app.filter_conditions import TASK
from dashboard_app.format import count, plain, usd
from dashboard_app.queries import count_occurrences

OWN_SETTING = frozenset(row.name for row in PROVIDERS)
"""Providers with a …_CONCURRENCY of their own."""


class State(StrEnum):
    RAISED = "raised"
    OK = "ok"
    TOO_FEW = "too few"
    """Fewer samples than ALARM_MIN_SAMPLES."""
    OFF = "off"
    """Its setting is 0."""


@dataclass(frozen=True)
class Alarm:
    name: str
    state: State
    found: str
    limit: str
    setting: str
    advice: str


def alarms(reader: TelemetryReader, settings: AlarmSettings, now: datetime) -> list[Alarm]:
    """Every rule, raised ones first."""
    since = _in_the_log(now - timedelta(minutes=settings.window_min))
    rules = [
        _errors(reader, settings, since),
        _rate_limited(reader, settings, since),
        _undetermined(reader, settings, since),
        _no_breaks(reader, settings, since),
        _budget(reader, settings, _in_the_log(now - timedelta(days=1))),
        _dropped(reader, settings, _in_the_log(now - timedelta(days=1))),
    ]
    return sorted(rules, key=lambda alarm: list(State).index(alarm.state))


def _errors(reader: TelemetryReader, settings: AlarmSettings, since: datetime) -> Alarm:
    hunts, lost = _counts(
        reader, "SELECT count(*), count(*) FILTER (outcome = 'error') FROM hunts WHERE NOT simulated AND ts >= ?", since
    )
    return Alarm(
        "Hunts lost to errors",
        _share_state(lost, hunts, settings.errors_percent, settings.min_samples),
        _share_words(lost, hunts, "hunt"),
        _limit(settings.errors_percent, settings),
        "ALARM_ERRORS",
        "See the causes on the Providers page. Check API keys, credit and provider status.",
    )


def _rate_limited(reader: TelemetryReader, settings: AlarmSettings, since: datetime) -> Alarm:
    by_provider = reader.query(
        """SELECT provider, count(*) AS calls, count(*) FILTER (error = 'rate_limited') AS refused
           FROM calls WHERE NOT simulated AND ts >= ? GROUP BY provider ORDER BY refused DESC, provider""",
        [since],
    )
    calls, refused = int(by_provider["calls"].sum()), int(by_provider["refused"].sum())
    named = [str(name) for name in by_provider["provider"][by_provider["refused"] > 0]]
    counts = ", ".join(f"{plain(name)} {n:,}" for name, n in zip(named, by_provider["refused"], strict=False))
    return Alarm(
        "Rate-limited calls",
        _share_state(refused, calls, settings.rate_limited_percent, settings.min_samples),
        _share_words(refused, calls, "call") + (f": {counts}" if counts else ""),
        _limit(settings.rate_limited_percent, settings),
        "ALARM_RATE_LIMITED",
        f"The providers' limits are below the configured ones: lower {_limits_of(named)}, or request higher limits.",
    )


def _limits_of(providers: list[str]) -> str:
    """The settings that limit these accounts: "OPENAI_CONCURRENCY", or an entry of OPENAI_COMPATIBLE."""
    own = [f"{name.upper()}_CONCURRENCY" for name in providers if name in OWN_SETTING]
    others = [plain(name) for name in providers if name not in OWN_SETTING]
    return " and ".join([*own, *([f"the limit of {', '.join(others)} in OPENAI_COMPATIBLE"] if others else [])])


def _undetermined(reader: TelemetryReader, settings: AlarmSettings, since: datetime) -> Alarm:
    text = "verdicts_json::VARCHAR"
    undetermined = count_occurrences(text, '"UNDETERMINED"')
    verdicts, missed = _counts(
        reader,
        f"""SELECT sum({count_occurrences(text, '":')}), sum({undetermined}) FROM hunts
            WHERE NOT simulated AND ts >= ?""",  # noqa: S608
        since,
    )
    return Alarm(
        "Undetermined verdicts",
        _share_state(missed, verdicts, settings.undetermined_percent, settings.min_samples),
        _share_words(missed, verdicts, "verdict"),
        _limit(settings.undetermined_percent, settings),
        "ALARM_UNDETERMINED",
        "See the Judge page. Try another judge model, or fix the task's judge prompt.",
    )


def _no_breaks(reader: TelemetryReader, settings: AlarmSettings, since: datetime) -> Alarm:
    maximum = settings.max_hunts_without_break
    sql = f"""WITH decided AS (SELECT {TASK} AS task, notebook, ts, outcome FROM hunts
                WHERE NOT simulated AND outcome IN ('broke', 'held')),
              last AS (SELECT task, max(ts) FILTER (outcome = 'broke') AS broke FROM decided
                       GROUP BY task HAVING max(ts) >= ?)
              SELECT any_value(notebook) AS notebook, count(*) AS hunts FROM decided JOIN last USING (task)
              WHERE last.broke IS NULL OR decided.ts > last.broke GROUP BY task ORDER BY hunts DESC LIMIT 1"""  # noqa: S608
    found = reader.query(sql, [since])
    hunts = int(found["hunts"].iloc[0]) if len(found) else 0
    state = State.OFF if not maximum else State.RAISED if hunts >= maximum else State.OK
    notebook = f" ({plain(str(found['notebook'].iloc[0]))})" if hunts else ""
    return Alarm(
        "Many hunts without a break",
        state,
        f"{count(hunts, 'decided hunt')} in a row{notebook}",
        f"{maximum:,} of one task" if maximum else "off",
        "ALARM_NO_BREAKS",
        "The task may be too easy for these models. Make it harder, or stop hunting it.",
    )


def _budget(reader: TelemetryReader, settings: AlarmSettings, since: datetime) -> Alarm:
    row = reader.query(
        """SELECT sum(cost_usd) AS usd, count(*) FILTER (ok AND cost_usd IS NULL) AS unknown
           FROM calls WHERE NOT simulated AND ts >= ?""",
        [since],
    ).iloc[0]
    spent, unknown = float(row["usd"] or 0) if row["usd"] == row["usd"] else 0.0, int(row["unknown"])
    budget = settings.budget_usd
    return Alarm(
        "Cost of the last 24 hours",
        State.OFF if not budget else State.RAISED if spent > budget else State.OK,
        usd(spent) + (f" + {count(unknown, 'unknown cost')}" if unknown else ""),
        f"{usd(budget)} a day" if budget else "no budget set",
        "ALARM_BUDGET",
        "See which model and task cost most on the Costs page.",
    )


def _dropped(reader: TelemetryReader, settings: AlarmSettings, since: datetime) -> Alarm:
    (lost,) = _counts(reader, "SELECT sum(dropped) FROM process WHERE ts >= ?", since)
    maximum = settings.dropped_records
    return Alarm(
        "Telemetry records lost",
        State.OFF if not maximum else State.RAISED if lost >= maximum else State.OK,
        f"{count(lost, 'record')} in 24 hours",
        f"{maximum:,}" if maximum else "off",
        "ALARM_DROPPED",
        "Missing from the history: check the disk of TELEMETRY_DIR.",
    )


def _counts(reader: TelemetryReader, sql: str, since: datetime) -> list[int]:
    row = reader.query(sql, [since]).iloc[0]
    return [0 if value != value or value is None else int(value) for value in row]


def _share_state(part: int, whole: int, max_percent: float, min_samples: int) -> State:
    if whole < min_samples:
        return State.TOO_FEW
    return State.RAISED if 100 * part > max_percent * whole else State.OK


def _share_words(part: int, whole: int, thing: str) -> str:
    return f"{part:,} of {count(whole, thing)}" + (f" ({part / whole:.0%})" if whole else "")


def _limit(percent: float, settings: AlarmSettings) -> str:
    return f"over {percent:g}% in {settings.window_min} min"


def _in_the_log(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)
