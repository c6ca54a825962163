"""One row of the settings table, and how a text of the environment becomes its value."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from core.settings.accounts import can_be_reached, can_be_sent

MIB = 1024 * 1024
WEB_SCHEMES = ("http://", "https://")
REDIS_SCHEMES = ("redis://", "rediss://", "unix://")
LIBRARY_SCHEMES = ("sqlite:///", "postgresql://")
SSL_MODES = frozenset({"disable", "allow", "prefer", "require", "verify-ca", "verify-full"})


@dataclass(frozen=True)
class Row:
    """How one setting is read: its variable, unit, limits, and what it is for."""

    variable: str
    unit: str
    about: str
    minimum: float | None = None
    maximum: float | None = None
    secret: bool = False
    choices: tuple[str, ...] = ()


class SettingWarning(NamedTuple):
    """A variable that is set and not read as it seems to be meant."""

    variable: str
    meant: str
    """The setting to use; "" when there is none."""
    text: str


def setting(default: Any, variable: str, unit: str, about: str, **limits: Any) -> Any:
    """One row of the table, as a dataclass field."""
    return dataclass_field(default=default, metadata={"row": Row(variable, unit, about, **limits)})


def unquote(text: str) -> str:
    """Without the quotes around all of it, which `docker run --env-file` and a list in a compose file leave there."""
    text = text.strip()
    quote = text[:1]
    return (
        text[1:-1].strip() if quote in {'"', "'"} and len(text) > 1 and text.find(quote, 1) == len(text) - 1 else text
    )


def read_value(text: str, row: Row, default: Any) -> Any:
    """The value that `text` means for a row with that default. Raises ValueError with a sentence."""
    shown = "the given value" if row.secret else f'"{text}"'
    if isinstance(default, bool):
        if text.lower() not in {"true", "false", "1", "0", "yes", "no"}:
            raise ValueError(f"{shown} is not true or false.")
        return text.lower() in {"true", "1", "yes"}
    if isinstance(default, int | float):
        return _number(text, row, type(default))
    if isinstance(default, tuple):
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if row.choices and text not in row.choices:
        raise ValueError(f"{shown} is not one of {', '.join(row.choices)}.")
    if row.unit == "database" and text != "off" and (problem := _database_problem(text)):
        raise ValueError(f"{shown} {problem}.")
    schemes = REDIS_SCHEMES if row.variable == "REDIS_URL" else WEB_SCHEMES
    if row.unit == "URL" and not (text.startswith(schemes) and can_be_reached(text)):
        raise ValueError(f"{shown} is not an address that begins with {' or '.join(schemes)}.")
    if row.unit == "key" and not can_be_sent(text):
        raise ValueError("the given value contains a space, a line break or a character that keys cannot contain.")
    return text


def _database_problem(text: str) -> str:
    """Why `text` is not the address of a database, without a part of it; "" if it is one."""
    if not (text.startswith(LIBRARY_SCHEMES) and text not in LIBRARY_SCHEMES and text.isprintable()):
        return f"is neither off nor an address that begins with {' or '.join(LIBRARY_SCHEMES)}"
    if text.startswith("sqlite"):
        path = text.removeprefix("sqlite:///")
        in_a_file = path != ":memory:" and "?" not in path and not path.endswith("/")
        return "" if in_a_file else "must be sqlite:/// and the path of a file, without options"
    try:
        address = urlsplit(text)
        address.port  # noqa: B018 – raises for one that is not a number, or too large
        options = parse_qs(address.query, keep_blank_values=True, strict_parsing=bool(address.query))
    except ValueError:
        return "has a host, port or option that is not valid"
    if unknown := options.keys() - {"host", "ssl", "sslmode"}:
        return f"has an option that is none of host and sslmode ({len(unknown)} unknown)"
    modes = {mode for name in ("ssl", "sslmode") for mode in options.get(name, ())}
    return "" if modes <= SSL_MODES else f"has an sslmode that is none of {', '.join(sorted(SSL_MODES))}"


def _number(text: str, row: Row, kind: type) -> Any:
    whole = "a whole number" if kind is int else "a number"
    try:
        number = kind(text)
    except ValueError:
        raise ValueError(f"must be {whole} ({row.unit}); got '{text}'.") from None
    if number != number or number in (float("inf"), float("-inf")):
        raise ValueError(f"must be {whole} ({row.unit}); got '{text}'.")
    if row.minimum is not None and number < row.minimum:
        raise ValueError(f"must be at least {row.minimum:g} {row.unit}; got {text}.")
    if row.maximum is not None and number > row.maximum:
        raise ValueError(f"must be at most {row.maximum:g} {row.unit}; got {text}.")
    return number
