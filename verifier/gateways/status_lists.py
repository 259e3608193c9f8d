"""Status lists from where they are published, over HTTP or from this machine's own files, with limits on everything.

A list speaks only for credentials of the bureau that signed it. What cannot be reached or does not hold is unknown, never
valid and never revoked. Source: Token Status List 8.1-8.4; qr-trust-bundle 2, 10.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Final, Protocol
from urllib.parse import urlsplit

import httpx

from core.errors import EidError, Refused, Unavailable
from core.reasons import Reason
from formats.status_list.entries import INVALID, SUSPENDED, VALID
from formats.status_list.token import MEDIA_TYPE, StatusList, read_token
from verifier.checkpoint.clock import TOLERANCE_SECONDS
from verifier.checkpoint.offline import EntryState, StatusAnswer, StatusSource
from verifier.trust import IssuerTrust

TOKEN_MAX_BYTES: Final = 1 << 20
KEEP_SECONDS: Final = 5
"""A copy is kept no longer than this, whatever its ``ttl`` allows: a revocation acts within five seconds."""

_KEPT_MAX: Final = 64
_TOTAL_SECONDS: Final = 5.0
_TIMEOUT: Final = httpx.Timeout(3.0, connect=2.0)
# Unpacked, so that the limit on size is one on what arrives: the list inside is compressed anyway.
_HEADERS: Final = {"Accept": MEDIA_TYPE, "Accept-Encoding": "identity"}
_STATES: Final = {VALID: EntryState.VALID, INVALID: EntryState.REVOKED, SUSPENDED: EntryState.SUSPENDED}
_PUBLISHED: Final = re.compile(r"/status/([0-9]{12})/([0-9a-zA-Z_-]{1,64})", re.ASCII)


class PublishedTokens(Protocol):
    """Where status list tokens are got from."""

    def fetch(self, uri: str) -> str:
        """Return the token published at this address; Unavailable(STATUS_UNKNOWN) where there is none to be had."""
        ...


class HttpTokens:
    """Tokens over HTTP: https, or http on this very machine; no redirects, 1 MiB, five seconds in all."""

    def __init__(self, *, timeout: httpx.Timeout = _TIMEOUT, total_seconds: float = _TOTAL_SECONDS) -> None:
        # No proxies and no credentials from the environment: an address in a credential is not ours to enrich.
        self._client = httpx.Client(timeout=timeout, follow_redirects=False, trust_env=False)
        self._total_seconds = total_seconds

    def fetch(self, uri: str) -> str:
        if not is_fetchable(uri):
            raise _unreachable("the address is neither https nor of this machine")
        until = monotonic() + self._total_seconds
        try:
            with self._client.stream("GET", uri, headers=_HEADERS) as answer:
                if answer.status_code != httpx.codes.OK:
                    raise _unreachable(f"the server answered {answer.status_code}")
                if answer.headers.get("content-type", "").split(";")[0].strip().lower() != MEDIA_TYPE:
                    raise _unreachable("the answer is of another type")
                if answer.headers.get("content-encoding", "identity").lower() != "identity":
                    raise _unreachable("the answer is packed, which was not asked for")
                body = _read(answer.iter_raw(), until)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as err:
            raise _unreachable("the server cannot be reached") from err
        try:
            return body.decode("ascii")
        except UnicodeDecodeError as err:
            raise _unreachable("the answer is not a compact token") from err

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


class PublishedFolder:
    """Tokens a server publishes itself, read from its own files; every other address is asked of ``others``.

    base:   the public URL below which ``/status/{bureau}/{list}`` lies.
    folder: the folder that holds ``{bureau}/{list}``.
    """

    def __init__(self, base: str, folder: Path, others: PublishedTokens) -> None:
        self._base = base
        self._folder = folder
        self._others = others

    def fetch(self, uri: str) -> str:
        own = _PUBLISHED.fullmatch(uri[len(self._base) :]) if uri.startswith(self._base) else None
        if own is None:
            return self._others.fetch(uri)
        try:
            with (self._folder / own[1] / own[2]).open("rb") as file:
                return _within_limit(file.read(TOKEN_MAX_BYTES + 1)).decode("ascii")
        except (OSError, UnicodeDecodeError) as err:
            raise _unreachable("this server publishes no such list") from err


class StatedTokens:
    """Tokens stated beforehand, by address, in place of the network."""

    def __init__(self, tokens: Mapping[str, str]) -> None:
        self._tokens = tokens

    def fetch(self, uri: str) -> str:
        token = self._tokens.get(uri)
        if token is None:
            raise _unreachable("no token is stated for this address")
        return token


@dataclass(frozen=True, slots=True)
class _Kept:
    """A verified list and the chain that signed it; asked again after ``until``."""

    token: str
    chain: tuple[bytes, ...]
    listed: StatusList
    until: int


class OnlineStatuses:
    """Statuses from published lists, verified under a key of the credential's own bureau.

    tokens:   where tokens come from.
    trust:    whose signatures count; asked again at each look-up, so that a withdrawn key stops counting at once.
    fallback: what is asked when no list is to be had, for example the snapshots of a bundle; its answer brings its own
              age and number, which the verdict then states.
    """

    def __init__(self, tokens: PublishedTokens, trust: IssuerTrust, fallback: StatusSource | None = None) -> None:
        self._tokens = tokens
        self._trust = trust
        self._fallback = fallback
        self._kept: dict[str, _Kept] = {}
        self._lock = Lock()

    def at(self, now: int) -> OnlineLookup:
        """Return the source for one judgement at ``now``."""
        return OnlineLookup(self.read, self._fallback, now)

    def read(self, bureau: str, uri: str, now: int) -> StatusList | None:
        """Return the verified list, or None where there is none; Refused(STATUS_WRONG_BUREAU) for another bureau's."""
        kept = self._kept.get(uri)
        try:
            if kept is None or not kept.listed.issued_at - TOLERANCE_SECONDS <= now < kept.until:
                kept = self._fetch(uri, now, kept)
            signer = self._trust.list_signer(kept.chain, now=now)
        except EidError:
            # Whatever is wrong with a list, it says nothing about anybody (8.3).
            return None
        if signer.bureau != bureau:
            raise Refused(Reason.STATUS_WRONG_BUREAU, "the status list is signed under another bureau")
        return kept.listed

    def _fetch(self, uri: str, now: int, before: _Kept | None) -> _Kept:
        token = self._tokens.fetch(uri)
        if before is not None and before.token == token and now <= before.listed.expires_at:
            listed, chain = before.listed, before.chain
        else:
            listed, chain = self._verified(token, uri, now)
        ttl = KEEP_SECONDS if listed.ttl_seconds is None else min(listed.ttl_seconds, KEEP_SECONDS)
        kept = _Kept(token, chain, listed, until=min(now + ttl, listed.expires_at))
        with self._lock:
            if len(self._kept) >= _KEPT_MAX and uri not in self._kept:
                del self._kept[next(iter(self._kept))]
            self._kept[uri] = kept
        return kept

    def _verified(self, token: str, uri: str, now: int) -> tuple[StatusList, tuple[bytes, ...]]:
        used: list[tuple[bytes, ...]] = []

        def signer_of(chain: tuple[bytes, ...]) -> bytes:
            used.append(chain)
            return self._trust.list_signer(chain, now=now).point

        listed = read_token(token, uri=uri, signer_of=signer_of, now=now, tolerance_seconds=TOLERANCE_SECONDS)
        return listed, used[0]


class OnlineLookup:
    """The statuses of one judgement, and the addresses that were asked for."""

    def __init__(
        self, read: Callable[[str, str, int], StatusList | None], fallback: StatusSource | None, now: int
    ) -> None:
        self._read = read
        self._fallback = fallback
        self._now = now
        self._fetched: list[str] = []

    @property
    def fetched(self) -> tuple[str, ...]:
        """The addresses of the lists that were asked for, each once, in order."""
        return tuple(dict.fromkeys(self._fetched))

    def look_up(self, bureau: str, uri: str, index: int) -> StatusAnswer | None:
        """Return what the list says; None where it is unknown.

        Raises what the list refuses an index for (STATUS_INDEX_OUT_OF_RANGE), and Refused(STATUS_WRONG_BUREAU).
        """
        self._fetched.append(uri)
        listed = self._read(bureau, uri, self._now)
        if listed is None:
            return None if self._fallback is None else self._fallback.look_up(bureau, uri, index)
        state = _STATES.get(listed.status_at(index))
        if state is None:
            # A value without a meaning here is not "valid", and not a word about the holder either.
            return None
        return StatusAnswer(state, as_of=listed.issued_at, expires_at=listed.expires_at, number=None)


def is_fetchable(uri: str) -> bool:
    """Say whether an address may be fetched at all: https, or http on this very machine; no user, no fragment.

    >>> is_fetchable("https://id.example/status/1"), is_fetchable("http://127.0.0.1:8080/status/1")
    (True, True)
    >>> is_fetchable("http://id.example/status/1"), is_fetchable("https://user@id.example/"), is_fetchable("file:///etc")
    (False, False, False)
    """
    try:
        parts = urlsplit(uri)
        host, port = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or port == 0 or parts.username is not None or parts.password is not None or parts.fragment:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_this_machine(host))


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _read(chunks: Iterable[bytes], until: float) -> bytes:
    body = b""
    for chunk in chunks:
        body = _within_limit(body + chunk)
        if monotonic() > until:
            raise _unreachable("the server is too slow")
    return body


def _within_limit(body: bytes) -> bytes:
    if len(body) > TOKEN_MAX_BYTES:
        raise _unreachable("the answer is larger than 1 MiB")
    return body


def _unreachable(detail: str) -> Unavailable:
    return Unavailable(Reason.STATUS_UNKNOWN, detail)
