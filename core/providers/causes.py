"""Maps provider errors to causes: one cause for the many names, statuses and words that providers use.

The tables cover the shared dialect; a provider extends them by overriding `cause_of`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from core.errors import Advice
from core.providers.base import OutputLimit
from core.providers.problem import Problem

_NEVER, _LATER, _SLOW_DOWN = Advice.NEVER, Advice.LATER, Advice.SLOW_DOWN


@dataclass(frozen=True)
class Cause:
    """A kind of failure: code, retry advice, message and hint."""

    code: str
    advice: Advice
    says: str
    """The message after the provider's name: "OpenAI" + " did not accept the key"."""
    hint: str = ""


UNAUTHORIZED = Cause("unauthorized", _NEVER, "did not accept the key", "Check the key and its permissions.")
FORBIDDEN = Cause(
    "forbidden", _NEVER, "does not allow this call",
    "See the provider's message. Possible causes: region, key permissions, account policy, or a firewall.",
)  # fmt: skip
OUT_OF_CREDIT = Cause("out_of_credit", _NEVER, "reports that the account has no credit", "Add credit to the account.")
UNKNOWN_MODEL = Cause("unknown_model", _NEVER, "does not know this model", "Check the model's name at the provider.")
WRONG_ADDRESS = Cause(
    "wrong_address", _NEVER, "has no chat completions at this address",
    "Check the base URL (most end in /v1) and the model's name.",
)  # fmt: skip
NO_MODEL_LIST = Cause("no_model_list", _NEVER, "offers no list of models")
REFUSED = Cause("refused", _NEVER, "refused this content", "The provider's filter blocked it. Change the prompt.")
BAD_REQUEST = Cause(
    "bad_request", _NEVER, "rejected the request", "See the provider's message. Retrying the same request fails too."
)
TOO_LARGE = Cause("too_large", _NEVER, "reports that the request is too large", "Shorten the prompt or the history.")
RATE_LIMITED = Cause("rate_limited", _SLOW_DOWN, "limits the rate of calls", "Lower its concurrency if this persists.")
OVERLOADED = Cause("overloaded", _LATER, "is overloaded", "Wait, or choose another model.")
SERVER_ERROR = Cause("server_error", _LATER, "failed on its side", "Try again later.")
TIMEOUT = Cause("timeout", _LATER, "did not finish in time", "Raise CALL_TIMEOUT if the model needs longer.")
SILENT = Cause("silent", _LATER, "sent nothing for too long", "Raise SILENCE_TIMEOUT if the model needs longer.")
UNREACHABLE = Cause("unreachable", _LATER, "cannot be reached", "Check the address, the network and the proxy.")
UNTRUSTED = Cause("unreachable", _NEVER, "presents an untrusted certificate", "Set TLS_CA_FILE to the gateway's CA.")
_CERTIFICATE_HINT = (
    "Create a server certificate, for example: openssl req -x509 -newkey rsa:2048 -nodes -days 365 -keyout key.pem "
    "-out cert.pem -subj /CN=HOST -addext basicConstraints=critical,CA:FALSE -addext subjectAltName=DNS:HOST "
    "(IP:… for an address), and set TLS_CA_FILE to it."
)
_CERTIFICATE_FAULTS: tuple[tuple[str, str, str], ...] = (
    (
        "causedasendentity",
        "presents a CA certificate as its own, which is rejected even if it is trusted",
        f"`openssl req -x509` creates a CA certificate by default. {_CERTIFICATE_HINT}",
    ),
    (
        "not valid for name|notvalidforname|hostname mismatch|ip address mismatch|not valid for '",
        "presents a certificate for another name",
        f"Use a host name from its certificate, or replace the certificate. {_CERTIFICATE_HINT}",
    ),
    ("expired", "presents an expired certificate", "Renew it there. If it is valid, check this machine's clock."),
    (
        "not valid yet|notvalidyet|not yet valid",
        "presents a certificate that is not valid yet",
        "Check the clocks of both machines.",
    ),
    ("unsupportedcertversion", "presents an X.509 version 1 certificate, which no client accepts", _CERTIFICATE_HINT),
)
"""Faults that TLS_CA_FILE cannot fix: patterns in the lower-case messages of rustls (pyreqwest) and OpenSSL (httpx)."""


def certificate_cause(words: str) -> Cause:
    """The cause of a rejected certificate, from the TLS library's message."""
    for pattern, says, hint in _CERTIFICATE_FAULTS:
        if re.search(pattern, words.lower()):
            return replace(UNTRUSTED, says=says, hint=hint)
    return UNTRUSTED


CUT_STREAM = Cause("cut_stream", _LATER, "ended the reply before it was finished", "Try again.")
EMPTY_REPLY = Cause("empty_reply", _LATER, "sent a reply without text", "Try again.")
TOOLS_ONLY = replace(
    EMPTY_REPLY,
    says="sent tool calls instead of a reply",
    hint="The request offers no tools. Choose another model, or ask for text in the prompt.",
)
OUTPUT_LIMIT = Cause(
    "output_limit", _NEVER, "used its whole output limit before the reply began", "Reasoning used it up."
)
"""The call was billed, and a retry would end the same way. `output_limit` names the setting."""
BAD_REPLY = Cause("bad_reply", _LATER, "did not send a chat completion", "Check that the address ends in /v1.")
REPLY_TOO_LARGE = Cause("too_large", _NEVER, "sent a reply that is too large", "Lower TARGET_MAX_OUTPUT_TOKENS.")
MOVED = Cause("bad_request", _NEVER, "redirects to another URL", "Set the base URL to the final URL.")

BY_STATUS: dict[int, Cause] = {
    400: BAD_REQUEST, 401: UNAUTHORIZED, 402: OUT_OF_CREDIT, 403: FORBIDDEN, 404: WRONG_ADDRESS, 405: WRONG_ADDRESS,
    407: UNREACHABLE, 408: TIMEOUT, 409: SERVER_ERROR, 413: TOO_LARGE, 425: OVERLOADED, 429: RATE_LIMITED,
    451: FORBIDDEN, 503: OVERLOADED, 504: TIMEOUT, 524: TIMEOUT, 529: OVERLOADED,
}  # fmt: skip
"""Other statuses: 3xx moved, 4xx bad_request, 5xx server_error."""
UNCLEAR = frozenset({200, 400, 403, 404, 422})
"""Statuses that gateways use for nearly every error, so the message decides. 200: the error has no status."""

BY_NAME: tuple[tuple[Cause, re.Pattern[str]], ...] = tuple(
    (cause, re.compile(pattern))
    for cause, pattern in (
        (OUT_OF_CREDIT, r"insufficient_(user_)?(quota|balance|credit|fund)|exceeded_current_quota|billing|arrear"
                        r"|payment_required|out_of_credit|not_enough_(credit|balance)|balance_not_enough"),
        (REFUSED, r"content_(filter|policy|moderation|safety)|moderation|^safety|sensitive|data_inspection|guardrail"
                  r"|responsible_ai|prohibited_content|^invalid_prompt$|policy_violation|flagged|recitation|blocklist"),
        (TOO_LARGE, r"context_(length|window|size)|exceed_context|(prompt|input)_too_(long|large)|max_context"
                    r"|(request|payload|entity)_too_large|above_max_length"),
        (UNKNOWN_MODEL, r"model_(is_)?(not_(found|exist|available|supported|deployed|open)|decommissioned)"
                        r"|(unknown|invalid|unsupported|no_such)_model|deployment_not_found"),
        (RATE_LIMITED, r"rate_?limit|too_many_requests|throttl|resource_exhausted"),
        (UNAUTHORIZED, r"(invalid|incorrect|missing|expired|wrong|no)_(api_?key|key|token|auth\w*|credentials?)$"
                       r"|api_?key_(invalid|expired|missing|disabled)|authentication|unauthenticated|unauthorized"
                       r"|token_expired|account_deactivated"),
        (FORBIDDEN, r"country|region|territory|(?<!extra_)forbidden|permission|access_denied"),
        (OVERLOADED, r"overloaded|unavailable|no_capacity"),
        (TIMEOUT, r"timeout|timed_out|deadline_exceeded"),
        (SERVER_ERROR, r"server_error|internal_error|^internal$"),
    )
)  # fmt: skip
"""Error names (`code`, `type`, …) in snake case; these override the status."""

BY_WORDS: tuple[tuple[Cause, re.Pattern[str]], ...] = tuple(
    (cause, re.compile(pattern))
    for cause, pattern in (
        (REFUSED, r"\bflagged\b|requires moderation|content[ _](policy|filter|management)|usage polic"
                  r"|safety (system|filter|polic)|(prohibited|inappropriate) content|sensitive (content|words?)"),
        (TOO_LARGE, r"context[ _]?(length|window|size)|maximum context|(prompt|input|request) (is )?too (long|large)"
                    r"|input token count|too many input tokens|reduce the length"),
        (FORBIDDEN, r"\b(country|region|territory|location)\b.{0,40}\b(not|un)[ -]?(supported|available|allowed)"
                    r"|not (supported|available) in your (country|region|location)"),
        (OUT_OF_CREDIT, r"insufficient (account )?(balance|quota|credit|fund)|credit balance"
                        r"|balance is (not enough|insufficient|too low)|\b(no|out of|not enough) credits?\b"),
        (UNAUTHORIZED, r"(invalid|incorrect|wrong|expired|missing|revoked|disabled|bad|no|provide)\b.{0,40}"
                       r"\b(api[ _-]?key|secret key|(access|auth|api|bearer) token|credential|authentication)"
                       r"|\b(api[ _-]?key|secret key|(access|auth|api|bearer) token|credentials?)\b.{0,40}"
                       r"\b(invalid|incorrect|wrong|expired|missing|revoked|disabled|not (valid|found|accepted))"
                       r"|\bunauthori[sz]ed|unauthenticated|not authenticated|(authentication|login) fail"),
        (UNKNOWN_MODEL, r"\bmodels?\b.{0,160}\b(not[ _](found|exist|available|deployed|loaded)|does ?n[o']t exist"
                        r"|unknown|decommissioned)|\b(no such|unknown|invalid|unsupported) model|endpoints? found"),
        (RATE_LIMITED, r"rate[ -]?limit|too many requests|\bquota\b|requests per (second|minute|day)|throttl"),
        (OVERLOADED, r"\boverloaded\b|at capacity|no capacity"),
    )
)  # fmt: skip
"""Error messages, used when neither name nor status is conclusive."""
_TOO_LARGE_FOR_LIMIT = re.compile(r"request too large")
"""A single request over the tokens-per-minute limit: waiting does not help (OpenAI, status 429)."""
_ABOUT_MODEL = re.compile(r"\bmodels?\b")
_BAD_REQUEST_NAMES = re.compile(r"invalid_(request|argument|parameter|param|input)|bad_request|validation")
_CASE_CHANGE = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SEPARATORS = re.compile(r"[^a-z0-9]+")


def output_limit(limit: OutputLimit) -> Cause:
    """An empty reply that ended at its output limit; the hint names the setting to raise."""
    return replace(OUTPUT_LIMIT, hint=f"Reasoning used it up. Raise {limit}.")


def cause_of(status: int, problem: Problem) -> Cause:
    """The cause from the error's name, status or message, in this order. Status 200: the error has no status."""
    names = [_normalize(name) for name in problem.names]
    words = problem.words.lower()
    if status == 429 and _TOO_LARGE_FOR_LIMIT.search(words):
        return TOO_LARGE
    if named := _first(BY_NAME, names):
        return named
    if status in UNCLEAR and not problem.page and (worded := _first(BY_WORDS, [words])):
        return worded
    if status == 404 and not problem.page and _ABOUT_MODEL.search(words):
        return UNKNOWN_MODEL
    if status in BY_STATUS:
        return BY_STATUS[status]
    if 300 <= status < 400:
        return MOVED
    if status < 300:
        return BAD_REQUEST if any(_BAD_REQUEST_NAMES.search(name) for name in names) else SERVER_ERROR
    return BAD_REQUEST if status < 500 else SERVER_ERROR


def _first(table: tuple[tuple[Cause, re.Pattern[str]], ...], texts: list[str]) -> Cause | None:
    return next((cause for cause, pattern in table if any(pattern.search(text) for text in texts)), None)


def _normalize(name: str) -> str:
    """`ContextWindowExceededError` and `context-window-exceeded` in snake case."""
    return _SEPARATORS.sub("_", _CASE_CHANGE.sub("_", name).lower()).strip("_")
