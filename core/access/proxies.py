"""Which peers are proxies of ours: only they say whom they hand on, in X-Real-IP and X-Forwarded-Proto."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from core.access.addresses import Address

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
PRIVATE = "private"
"""The word for every private address: right where nothing but our proxy reaches the port, as in docker-compose.yml."""
_PRIVATE = tuple(map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")))


def read_networks(text: str) -> tuple[Network, ...]:
    """The networks that TRUSTED_PROXIES names. Raises ValueError with a sentence."""
    networks: list[Network] = []
    for entry in (part.strip() for part in text.split(",") if part.strip()):
        if entry.lower() == PRIVATE:
            networks += _PRIVATE
            continue
        try:
            networks.append(ipaddress.ip_network(entry))
        except ValueError:
            raise ValueError(f'"{entry}" is no address, no network such as 10.1.0.0/16, and not {PRIVATE}.') from None
    return tuple(networks)


def is_proxy(peer: str | None, trusted: Sequence[Network]) -> bool:
    """Whether what that peer says of others is believed: if it is this machine, where nginx may be before us, or in a
    trusted network. A socket without addresses is of this machine."""
    try:
        address: Address = ipaddress.ip_address(peer or "")
    except ValueError:
        return True
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return address.is_loopback or any(address in network for network in trusted)


def is_over_tls(scheme: str, forwarded: str | None, *, by_proxy: bool) -> bool:
    """Whether the browser reached us over https, of which a proxy of ours says so in X-Forwarded-Proto."""
    if forwarded is not None and by_proxy:
        return forwarded.strip().lower() == "https"
    return scheme == "https"


def client_address(peer: str | None, real_ip: str | None, *, by_proxy: bool) -> str:
    """Who asks: the peer, or whom a proxy of ours names in X-Real-IP."""
    return real_ip.strip() if real_ip and by_proxy else peer or ""
