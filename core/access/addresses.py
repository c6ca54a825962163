"""Classifies IP addresses as public or not, and hosts as loopback or not."""

from __future__ import annotations

import ipaddress

from core.errors import BadSettings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Whether an IP address is public. False for text that is not an address.

    IPv6 addresses that embed an IPv4 address (mapped, 6to4, Teredo, NAT64) are classified by the embedded address.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if found in _NAT64:  # DNS64 in IPv6-only networks returns these for public hosts
        return _public(ipaddress.IPv4Address(int(found) & 0xFFFFFFFF))
    return all(_public(each) for each in (found, *_carried(found)))


def _public(address: Address) -> bool:
    return address.is_global and not (address.is_multicast or address.is_reserved)


def _carried(address: Address) -> tuple[Address, ...]:
    if isinstance(address, ipaddress.IPv4Address):
        return ()
    carried = [each for each in (address.ipv4_mapped, address.sixtofour) if each is not None]
    return (*carried, *(address.teredo or ()))


def is_this_machine(host: str) -> bool:
    """Whether a server on this host is reachable from this machine only. The only accepted name is localhost."""
    name = host.strip("[]").lower()
    try:
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def reject_open_access(host: str, variable: str, *, sign_in: bool) -> None:
    """Raises BadSettings if `host` (set by `variable`) is reachable from other machines and there is no sign-in."""
    if sign_in or is_this_machine(host):
        return
    raise BadSettings(
        f"{variable}={host} exposes the server, but HUNTER_TOKENS is empty: anyone could use your API keys.",
        hint="Create a token (python -m core token NAME --scope admin) and add its entry to HUNTER_TOKENS, "
        f"or set {variable}=127.0.0.1.",
    )
