"""Rate-limits failed sign-ins per address with short, growing waits.

Tokens have 256 random bits and cannot be guessed: the limiter protects the log and the CPU. Each process has its own.
Inactive addresses are dropped.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field

from cachetools import LRUCache

FREE_ATTEMPTS = 5
"""Failed attempts per address before it has to wait; allows for paste mistakes."""
FIRST_WAIT_S, MAX_WAIT_S = 1.0, 30.0
"""The wait doubles with each failure. The maximum also bounds the delay of a valid token."""
RESET_AFTER_S = 600.0
MAX_ADDRESSES = 10_000
MAX_PER_MINUTE = 600
"""Failed attempts of all addresses per minute; further ones are not logged."""
IPV6_NETWORK_BITS = 64
"""The usual prefix of one customer."""


@dataclass
class _Tries:
    wrong: int = 0
    last_s: float = 0.0


@dataclass
class SignInLimiter:
    """Safe to share between threads: a lost update only allows one more attempt.

    `now_s` is a monotonic clock in seconds."""

    _by_address: LRUCache[str, _Tries] = field(default_factory=lambda: LRUCache(MAX_ADDRESSES))
    _all: _Tries = field(default_factory=_Tries)

    def wait_s(self, address: str, now_s: float) -> float:
        """Seconds until the address may try again; 0.0 if it may now."""
        tries = self._by_address.get(_network(address))
        if tries is None or tries.wrong < FREE_ATTEMPTS:
            return 0.0
        wait_s = min(MAX_WAIT_S, FIRST_WAIT_S * 2.0 ** min(tries.wrong - FREE_ATTEMPTS, 10))
        return max(0.0, tries.last_s + wait_s - now_s)

    def record_failure(self, address: str, now_s: float) -> bool:
        """Count a failed attempt. Returns whether to log it."""
        key = _network(address)
        tries = self._by_address.setdefault(key, _Tries())
        if now_s - tries.last_s > RESET_AFTER_S:
            tries.wrong = 0
        tries.wrong, tries.last_s = tries.wrong + 1, now_s
        if now_s - self._all.last_s > 60:
            self._all = _Tries(0, now_s)
        self._all.wrong += 1
        return self._all.wrong <= MAX_PER_MINUTE

    def record_success(self, address: str) -> None:
        """Reset the address after a successful sign-in."""
        self._by_address.pop(_network(address), None)


def _network(address: str) -> str:
    """The IPv4 address or IPv6 network; other text truncated."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:45]
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((int(found), IPV6_NETWORK_BITS), strict=False).network_address)
