"""Strict parsing of JSON bodies into payloads: nothing a client sends is silently ignored. Large ones in a child
process.

Rejected with 400: text that is not UTF-8, NaN, lone surrogates, nesting beyond the parser's limits, duplicate keys, too
many values, and values that don't match the payload (every problem is listed).
"""

from __future__ import annotations

import json
from typing import Any, TypeVar

from pydantic import ValidationError

from api.payloads import OpenPayload
from core.errors import BadInput, TooLarge
from core.hunting.orders import NAME_FORM, OBJECT_FORM, Order
from core.hunting.parameter_problems import Place, holder_of, parameters_rejected, without_consequences
from core.notebooks.json_positions import begins_more_than, read_whole_number, refuse_constant

Some = TypeVar("Some", bound=Order)
MAX_VALUES = 20_000
"""Maximum values per body, excluding a notebook; several times what any request needs. Each value can be a validation
problem: 16 MB of invalid ones took two minutes and 13 GB."""
MAX_PROBLEMS = 50
INDENTED_DEPTH = 8
"""As deep as the lines of a cell's output."""
_COMPACT = json.JSONEncoder(ensure_ascii=False)


def parse_payload(raw: bytes, kind: type[Some]) -> Some:
    """A body as a payload. Raises BadInput."""
    if begins_more_than(raw, MAX_VALUES):
        raise _body_too_complex()
    payload = _validated(raw, kind)
    json.loads(raw, object_pairs_hook=_reject_duplicates)
    return payload


def parse_open_payload(raw: bytes, notebook_max_values: int) -> tuple[OpenPayload, bytes]:
    """The payload, in which a notebook is empty, and the file that the notebook's JSON would be. Both are decoded once,
    and only the file leaves the process: the values take many times its memory. Raises BadInput, TooLarge."""
    if begins_more_than(raw, MAX_VALUES + notebook_max_values):
        raise _too_many_values(raw, MAX_VALUES + notebook_max_values)
    try:
        whole = json.loads(
            raw.decode(), object_pairs_hook=_once, parse_constant=refuse_constant, parse_int=read_whole_number
        )
    except (ValueError, RecursionError):
        _validated(raw, OpenPayload)  # reports the problem and its location
        raise BadInput("The body is not JSON, or nested too deeply.", hint="See /docs for its shape.") from None
    notebook = whole.get("notebook") if isinstance(whole, dict) else None
    if not isinstance(notebook, dict):
        return parse_payload(raw, OpenPayload), b""
    whole["notebook"] = {}
    payload = parse_payload(json.dumps(whole).encode(), OpenPayload)
    try:
        return payload, _indented(notebook).encode()
    except (UnicodeEncodeError, RecursionError) as error:
        raise BadInput(
            "The notebook contains half a character (a lone surrogate), or is nested too deeply.",
            hint="Save it again in Jupyter or Colab.",
        ) from error


def _indented(value: Any, depth: int = 0) -> str:
    """The value as Jupyter writes it, with a line for each part down to INDENTED_DEPTH: indenting all of it would make
    a hundred times the bytes of what is nested deeply."""
    if not value or depth == INDENTED_DEPTH or not isinstance(value, dict | list):
        return _COMPACT.encode(value)
    pad, closing = "\n" + " " * (depth + 1), "\n" + " " * depth
    between = f",{pad}"
    if isinstance(value, list):
        return f"[{pad}{between.join(_indented(part, depth + 1) for part in value)}{closing}]"
    parts = (f"{_COMPACT.encode(key)}: {_indented(part, depth + 1)}" for key, part in value.items())
    return f"{{{pad}{between.join(parts)}{closing}}}"


def _validated(raw: bytes, kind: type[Some]) -> Some:
    try:
        return kind.model_validate_json(raw, strict=True)
    except ValidationError as error:
        raise invalid(error, raw) from error


def invalid(error: ValidationError, raw: bytes = b"") -> BadInput:
    """Converts validation problems into our error shape. Wrong parameters of one model in the body are named as the
    command line does."""
    found = without_consequences(error.errors(include_url=False, include_context=False, include_input=False))
    problems = [{"field": _field_name(problem["loc"]), "problem": problem["msg"]} for problem in found]
    details = {"problems": problems[:MAX_PROBLEMS]}
    holders = {holder_of(problem["loc"]) for problem in found}
    if len(holders) == 1 and (place := holders.pop()) is not None:
        return parameters_rejected(_model_at(place, json.loads(raw or b"null")), found[:5], details)
    listed = "; ".join(f"{p['field']}: {p['problem']}" for p in problems[:5])
    return BadInput(f"Invalid request: {listed}.", hint="See /docs for its shape.", details=details)


def _model_at(place: Place, body: Any) -> str:
    """The model that the body names beside the parameters; "" if it names none."""
    for step in place:
        if step not in {NAME_FORM, OBJECT_FORM}:
            body = body[step]
    model = body.get("model") if isinstance(body, dict) else None
    return model if isinstance(model, str) else ""


def _field_name(location: tuple[int | str, ...]) -> str:
    """Where in the body: `models.0.label`, without the form of a value that has several."""
    return ".".join(str(part) for part in location if part not in {NAME_FORM, OBJECT_FORM}) or "body"


def _too_many_values(raw: bytes, maximum: int) -> BadInput | TooLarge:
    if b'"notebook"' not in raw:
        return _body_too_complex()
    return TooLarge(
        f"The body contains more than {maximum:,} values.",
        hint="Remove images and outputs from the notebook and load it again.",
    )


def _body_too_complex() -> BadInput:
    return BadInput(f"The body contains more than {MAX_VALUES:,} values.", hint="See /docs for this request's fields.")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A hook for json.loads that rejects duplicate keys."""
    found = dict(pairs)
    if len(found) != len(pairs):
        _reject_duplicates(pairs)
    return found


def _reject_duplicates(pairs: list[tuple[str, Any]]) -> None:
    """A hook for json.loads that discards the values."""
    if len({name for name, _ in pairs}) == len(pairs):
        return
    seen: set[str] = set()
    duplicates = sorted({n for n, _ in pairs if n in seen or seen.add(n)})  # type: ignore[func-returns-value]
    raise BadInput(
        f"Duplicate JSON key: {', '.join(name[:60] for name in duplicates[:5])}.",
        hint="Remove one of them: it is unclear which one counts.",
    )
