"""Trusted proxies: X-Real-IP and X-Forwarded-Proto count only from them."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from core.access.addresses import Address

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
PRIVATE = "private"
"""Means all private networks: correct if only our proxy can reach the port, as in docker-compose.yml."""
_PRIVATE = tuple(map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")))


def read_networks(text: str) -> tuple[Network, ...]:
    """Parses TRUSTED_PROXIES. Raises ValueError with a message."""
    networks: list[Network] = []
    for entry in (part.strip() for part in text.split(",") if part.strip()):
        if entry.lower() == PRIVATE:
            networks += _PRIVATE
            continue
        try:
            networks.append(ipaddress.ip_network(entry))
        except ValueError:
            raise ValueError(
                f'"{entry}" is neither an address, nor a network such as 10.1.0.0/16, nor {PRIVATE}.'
            ) from None
    return tuple(networks)


def is_proxy(peer: str | None, trusted: Sequence[Network]) -> bool:
    """Whether the peer is a trusted proxy: on this machine (nginx may run in front) or in a trusted network. A socket
    without addresses is local."""
    try:
        address: Address = ipaddress.ip_address(peer or "")
    except ValueError:
        return True
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return address.is_loopback or any(address in network for network in trusted)


def is_over_tls(scheme: str, forwarded: str | None, *, by_proxy: bool) -> bool:
    """Whether the browser uses https; a trusted proxy reports it in X-Forwarded-Proto."""
    if forwarded is not None and by_proxy:
        return forwarded.strip().lower() == "https"
    return scheme == "https"


def client_address(peer: str | None, real_ip: str | None, *, by_proxy: bool) -> str:
    """The client's address: the peer, or X-Real-IP from a trusted proxy."""
    return real_ip.strip() if real_ip and by_proxy else peer or ""
