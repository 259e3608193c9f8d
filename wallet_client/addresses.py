"""Where a wallet goes: the rules for addresses that an untrusted offer, or an issuer's metadata, names."""

from __future__ import annotations

import ipaddress
from typing import Final
from urllib.parse import SplitResult, urlsplit

from core.errors import Refused
from core.reasons import Reason

_URL_MAX: Final = 2048
_DEFAULT_PORTS: Final = {"https": 443, "http": 80}


def check_address(url: str) -> None:
    """Refuse every address a wallet has no business with; Refused(ADDRESS_NOT_ALLOWED).

    Allowed: https to a name or a public address, and http or https to this machine itself. Refused: other schemes,
    user names, fragments, and literal addresses of private networks, link-local and multicast ranges, so that an offer
    cannot send the wallet around inside the network it happens to be in. A name that resolves there is not noticed.
    """
    parts = _split(url)
    host = parts.hostname or ""
    loopback = is_loopback(host)
    if parts.scheme != "https" and not (parts.scheme == "http" and loopback):
        raise _not_allowed("only https is used, and http on this machine")
    if not host or parts.username is not None or parts.password is not None or parts.fragment:
        raise _not_allowed("the address has no host, or carries a user name or a fragment")
    address = _literal(host)
    if address is not None and not loopback and not address.is_global:
        raise _not_allowed("the address lies inside a private network")
    # 10.1, 0x7f000001 and 167772161 are no names either, but some resolvers take them for addresses.
    if address is None and host.rstrip(".").rpartition(".")[2][:1].isdigit():
        raise _not_allowed("the host is neither a name nor a plain address")


def is_loopback(host: str) -> bool:
    """Say whether a host name is this machine itself."""
    address = _literal(host)
    return host == "localhost" if address is None else address.is_loopback


def origin(url: str) -> tuple[str, str, int | None]:
    """Return scheme, host and port of an address; Refused(ADDRESS_NOT_ALLOWED) when it cannot be read.

    >>> origin("https://eid.example/issuer")
    ('https', 'eid.example', 443)
    """
    parts = _split(url)
    return parts.scheme, parts.hostname or "", parts.port or _DEFAULT_PORTS.get(parts.scheme)


def _split(url: str) -> SplitResult:
    if len(url) > _URL_MAX or not url.isascii() or any(character <= " " or character in "\\\x7f" for character in url):
        raise _not_allowed("the address is too long or holds characters that an address never has")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as err:
        raise _not_allowed("the address is malformed") from err
    return parts


def _literal(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _not_allowed(detail: str) -> Refused:
    return Refused(Reason.ADDRESS_NOT_ALLOWED, detail)
