"""Which addresses are inside: of this machine, of its network, or of nobody; and where a server is reached from."""

from __future__ import annotations

import ipaddress

from core.errors import BadSettings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def is_outside(address: str) -> bool:
    """Whether that IP address is one of the public internet. What is no address is not.

    IPv6 forms that carry an IPv4 address (mapped, 6to4, Teredo, NAT64) are as good as the one that they carry.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if found in _NAT64:  # a name server of a network without IPv4 says so of public hosts
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
    """Whether a server that listens there is reached from this machine alone. A name counts only if it is localhost."""
    name = host.strip("[]").lower()
    try:
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def reject_open_access(host: str, variable: str, *, sign_in: bool) -> None:
    """Raises BadSettings when others reach `host`, which `variable` sets, and nobody would be asked who they are."""
    if sign_in or is_this_machine(host):
        return
    raise BadSettings(
        f"{variable}={host} exposes the server, but HUNTER_TOKENS is empty: anyone could use your API keys.",
        hint="Make a token (python -m core token NAME --scope admin) and put its entry into HUNTER_TOKENS, "
        f"or set {variable}=127.0.0.1.",
    )
