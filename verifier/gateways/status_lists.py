"""Status lists from where they are published, over HTTP or from this machine's own files, with limits on everything.

A list speaks only for credentials of the bureau that signed it, in whichever form it comes: the JWT form where the server
has both. What cannot be reached or does not hold is unknown, never valid and never revoked. Evidence is judged by the
list that was in force then. Source: Token Status List 8.1-8.4.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from threading import Lock
from typing import Final, Protocol, TypeAlias
from urllib.parse import urlsplit

import httpx

from core.errors import EidError, Refused, Unavailable
from core.reasons import Reason
from formats.bundle.trust_table import KeyRole, TrustTable
from formats.encoding import base64url
from formats.status_list import cwt_token, token
from formats.status_list.cwt_token import read_cwt
from formats.status_list.entries import INVALID, SUSPENDED, VALID
from formats.status_list.history import in_force
from formats.status_list.model import StatusList
from formats.status_list.token import read_token
from keys.certificates import CheckedLeaf, check_status_chain
from keys.cose_key import key_id
from keys.public_keys import PublicKey
from verifier.checkpoint.clock import TOLERANCE_SECONDS
from verifier.checkpoint.offline import EntryState, StatusAnswer, StatusSource
from verifier.gateways.deadline import Deadline, DeadlineTransport
from verifier.trust import IssuerTrust

TOKEN_MAX_BYTES: Final = 1 << 20
KEEP_SECONDS: Final = 5
"""A copy is kept no longer than this, whatever its ``ttl`` allows: a revocation acts within five seconds."""

_KEPT_MAX: Final = 64
_TOTAL_SECONDS: Final = 5.0
_TIMEOUT: Final = httpx.Timeout(3.0, connect=2.0)
# Unpacked, so that the limit on size is one on what arrives: the list inside is compressed anyway.
_HEADERS: Final = {
    "Accept": f"{token.MEDIA_TYPE}, {cwt_token.MEDIA_TYPE};q=0.5",
    "Accept-Encoding": "identity",
}
_STATES: Final = {VALID: EntryState.VALID, INVALID: EntryState.REVOKED, SUSPENDED: EntryState.SUSPENDED}
_PUBLISHED: Final = re.compile(r"/status/([0-9]{12})/([0-9a-zA-Z_-]{1,64})", re.ASCII)


SignedToken: TypeAlias = "str | bytes"
"""A status list token as it was published: the JWT form is text, the CWT form is bytes."""


class PublishedTokens(Protocol):
    """Where status list tokens are got from."""

    def fetch(self, uri: str, *, at: int | None = None) -> SignedToken:
        """Return the token published at this address; Unavailable(STATUS_UNKNOWN) where there is none to be had.

        at: ask for the token that was in force at this instant. The answer may be another one all the same, because a
            static host does not know the question: whoever asks looks at its times.
        """
        ...


class HttpTokens:
    """Tokens over HTTP: https, or http on this very machine; no redirects, 1 MiB, five seconds in all.

    The five seconds are for every wait on the network together; only the look-up of the host's name is the system's.
    """

    def __init__(self, *, timeout: httpx.Timeout = _TIMEOUT, total_seconds: float = _TOTAL_SECONDS) -> None:
        # No proxies and no credentials from the environment: an address in a credential is not ours to enrich.
        self._deadline = Deadline()
        self._client = httpx.Client(
            timeout=timeout, follow_redirects=False, trust_env=False, transport=DeadlineTransport(self._deadline)
        )
        self._total_seconds = total_seconds

    def fetch(self, uri: str, *, at: int | None = None) -> SignedToken:
        if not is_fetchable(uri):
            raise _unreachable("the address is neither https nor of this machine")
        asked = uri if at is None else f"{uri}{'&' if '?' in uri else '?'}time={at}"
        try:
            with (
                self._deadline.within(self._total_seconds),
                self._client.stream("GET", asked, headers=_HEADERS) as answer,
            ):
                if answer.status_code != httpx.codes.OK:
                    raise _unreachable(f"the server answered {answer.status_code}")
                media_type = answer.headers.get("content-type", "").split(";")[0].strip().lower()
                if media_type not in {token.MEDIA_TYPE, cwt_token.MEDIA_TYPE}:
                    raise _unreachable("the answer is of another type")
                if answer.headers.get("content-encoding", "identity").lower() != "identity":
                    raise _unreachable("the answer is packed, which was not asked for")
                body = _read(answer.iter_raw())
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError, OSError) as err:  # a host no name server could know
            raise _unreachable("the server cannot be reached") from err
        return body if media_type == cwt_token.MEDIA_TYPE else _text(body)

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

    def fetch(self, uri: str, *, at: int | None = None) -> SignedToken:
        own = _PUBLISHED.fullmatch(uri[len(self._base) :]) if uri.startswith(self._base) else None
        if own is None:
            return self._others.fetch(uri, at=at)
        bureau = self._folder / own[1]
        try:
            with (bureau / own[2] if at is None else _past(bureau / "past" / own[2], at)).open("rb") as file:
                return _text(_within_limit(file.read(TOKEN_MAX_BYTES + 1)))
        except OSError as err:
            raise _unreachable("this server publishes no such list") from err


class StatedTokens:
    """Tokens stated beforehand, by address, in place of the network: the JWT form, or base64url of the CWT form."""

    def __init__(self, tokens: Mapping[str, str]) -> None:
        self._tokens = tokens

    def fetch(self, uri: str, *, at: int | None = None) -> SignedToken:
        # One token is stated for an address; whether it was in force then is seen in its times.
        del at
        stated = self._tokens.get(uri)
        if stated is None:
            raise _unreachable("no token is stated for this address")
        return stated if "." in stated else base64url.decode(stated)


@dataclass(frozen=True, slots=True)
class _Kept:
    """A verified list and the chain that signed it; asked again after ``until``."""

    token: SignedToken
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
        self._kept: dict[tuple[str, int | None], _Kept] = {}
        self._lock = Lock()

    def at(self, now: int) -> OnlineLookup:
        """Return the source for one judgement at ``now``."""
        return OnlineLookup(self.read, self._fallback, now)

    def as_of(self, then: int) -> OnlineLookup:
        """Return the source for evidence judged as of ``then``: only a list that was in force at that instant counts."""
        return OnlineLookup(self.read_past, self._fallback, then)

    def read(self, bureau: str, uri: str, now: int) -> StatusList | None:
        """Return the verified list, or None where there is none; Refused(STATUS_WRONG_BUREAU) for another bureau's."""
        return self._read(bureau, uri, now, at=None)

    def read_past(self, bureau: str, uri: str, then: int) -> StatusList | None:
        """Return the verified list whose ``iat`` .. ``exp`` contains the instant; otherwise as ``read``."""
        return self._read(bureau, uri, then, at=then)

    def _read(self, bureau: str, uri: str, now: int, *, at: int | None) -> StatusList | None:
        kept = self._kept.get((uri, at))
        try:
            if kept is None or not kept.listed.issued_at - TOLERANCE_SECONDS <= now < kept.until:
                kept = self._fetch(uri, now, kept, at=at)
            signer = self._list_signer(kept.chain, now)
        except EidError:
            # Whatever is wrong with a list, it says nothing about anybody (8.3).
            return None
        if signer.authority != bureau:
            raise Refused(Reason.STATUS_WRONG_BUREAU, "the status list is signed under another bureau")
        return kept.listed

    def _fetch(self, uri: str, now: int, before: _Kept | None, *, at: int | None) -> _Kept:
        signed = self._tokens.fetch(uri, at=at)
        still_holds = before is not None and before.listed.issued_at <= now + TOLERANCE_SECONDS
        if before is not None and before.token == signed and still_holds and now <= before.listed.expires_at:
            listed, chain = before.listed, before.chain
        else:
            # The past has no clocks that run apart: its list contains the instant, or says nothing about it (8.4).
            listed, chain = self._verified(signed, uri, now, tolerance=TOLERANCE_SECONDS if at is None else 0)
        ttl = KEEP_SECONDS if listed.ttl_seconds is None else min(listed.ttl_seconds, KEEP_SECONDS)
        kept = _Kept(signed, chain, listed, until=min(now + ttl, listed.expires_at))
        with self._lock:
            if len(self._kept) >= _KEPT_MAX and (uri, at) not in self._kept:
                del self._kept[next(iter(self._kept))]
            self._kept[(uri, at)] = kept
        return kept

    def _verified(
        self, signed: SignedToken, uri: str, now: int, *, tolerance: int
    ) -> tuple[StatusList, tuple[bytes, ...]]:
        used: list[tuple[bytes, ...]] = []

        def signer_of(chain: tuple[bytes, ...]) -> PublicKey:
            used.append(chain)
            return self._list_signer(chain, now).public_key

        if isinstance(signed, str):
            listed = read_token(signed, uri=uri, signer_of=signer_of, now=now, tolerance_seconds=tolerance)
        else:
            listed = read_cwt(signed, uri=uri, signer_of=signer_of, now=now, tolerance_seconds=tolerance)
        return listed, used[0]

    def _list_signer(self, chain: tuple[bytes, ...], now: int) -> CheckedLeaf:
        try:
            return self._trust.list_signer(chain, now=now)
        except Refused:
            if not chain or self._trust.table is None:
                raise
            return self._separate_signer(chain, self._trust.table, now)

    def _separate_signer(self, chain: tuple[bytes, ...], table: TrustTable, now: int) -> CheckedLeaf:
        """Return the signer of a list that signs nothing else; only a trust table admits one, for its own bureau."""
        leaf = check_status_chain(chain, root=self._trust.anchor.certificate, now=now)
        key = table.usable(key_id(*leaf.public_key), KeyRole.STATUS, at=now)
        if key is None or key.point != leaf.point or key.bureau != leaf.bureau:
            raise Refused(Reason.ISSUER_NOT_AUTHORISED, "the trust table does not admit this signer of status lists")
        return leaf


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


def _past(folder: Path, at: int) -> Path:
    name = in_force((path.name for path in folder.iterdir()), at)
    if name is None:
        raise _unreachable("this server had published no list by then, or keeps it no longer")
    return folder / name


def _text(body: bytes) -> str:
    try:
        return body.decode("ascii")
    except UnicodeDecodeError as err:
        raise _unreachable("the answer is not a compact token") from err


def _read(chunks: Iterable[bytes]) -> bytes:
    body = b""
    for chunk in chunks:
        body = _within_limit(body + chunk)
    return body


def _within_limit(body: bytes) -> bytes:
    if len(body) > TOKEN_MAX_BYTES:
        raise _unreachable("the answer is larger than 1 MiB")
    return body


def _unreachable(detail: str) -> Unavailable:
    return Unavailable(Reason.STATUS_UNKNOWN, detail)
