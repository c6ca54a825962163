"""A limiter on tries to sign in: who was wrong again and again waits, for seconds and never for long.

A token has 256 random bits, so that nobody guesses one: the limiter keeps tries from filling the log and the processor.
Each process has its own. An address that nobody tries from is forgotten.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field

from cachetools import LRUCache

FREE_ATTEMPTS = 5
"""Wrong tries of one address before it waits: people paste the wrong thing."""
FIRST_WAIT_S, MAX_WAIT_S = 1.0, 30.0
"""The wait doubles with each further wrong try. The longest is also the longest that a right token is kept out."""
RESET_AFTER_S = 600.0
MAX_ADDRESSES = 10_000
MAX_PER_MINUTE = 600
"""Wrong tries of all addresses together, beyond which further ones are not even logged."""
IPV6_NETWORK_BITS = 64
"""What one customer has of addresses."""


@dataclass
class _Tries:
    wrong: int = 0
    last_s: float = 0.0


@dataclass
class SignInLimiter:
    """Safe to share between threads as far as it matters: a lost count is one more free try.

    `now_s` is any clock that only grows, in seconds."""

    _by_address: LRUCache[str, _Tries] = field(default_factory=lambda: LRUCache(MAX_ADDRESSES))
    _all: _Tries = field(default_factory=_Tries)

    def wait_s(self, address: str, now_s: float) -> float:
        """How long that address has to wait before its next try; 0.0 when it need not."""
        tries = self._by_address.get(_network(address))
        if tries is None or tries.wrong < FREE_ATTEMPTS:
            return 0.0
        wait_s = min(MAX_WAIT_S, FIRST_WAIT_S * 2.0 ** min(tries.wrong - FREE_ATTEMPTS, 10))
        return max(0.0, tries.last_s + wait_s - now_s)

    def record_failure(self, address: str, now_s: float) -> bool:
        """Count a wrong try. Whether it is worth a line in the log."""
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
        """Somebody signed in from there: earlier tries are forgotten."""
        self._by_address.pop(_network(address), None)


def _network(address: str) -> str:
    """The address; of IPv6 the network that one customer has; what is no address as it is, shortened."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:45]
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((int(found), IPV6_NETWORK_BITS), strict=False).network_address)
