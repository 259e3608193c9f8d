"""Whom the wallet believes: one national root, pinned at the first offer, and the trust lists signed under it.

The pin is trust on first use: the person sees its fingerprint and can compare it with the one on the letter or at the
counter. From the first stored copy on no download changes it, and no trust list with a lower number is taken; before
that an offer which leads nowhere must not decide whom the wallet believes for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from core.errors import EidError, Refused, Unavailable
from core.reasons import Reason
from formats.bundle.trust_table import KeyRole, KeyState, TrustTable
from formats.trust_list import MAX_BYTES, TrustListContent, read_trust_list, to_trust_store, to_trust_table
from keys.algorithms import ES256, Algorithm
from keys.certificates import certificates_from_pem, check_root, is_specimen
from keys.trust import TrustStore
from wallet_client.ports import HttpRequest, Transport
from wallet_client.records import LicenceSigner, TrustRecord
from wallet_client.store import WalletStore

QR_FORM: Final = "eid1"
TOLERANCE_SECONDS: Final = 30
_ISSUER_PATH: Final = "/issuer"
_ROOT_MAX_BYTES: Final = 16 * 1024
_ANY: Final = "*/*"


@dataclass(frozen=True, slots=True)
class QrIssuer:
    """A key that signs QR copies, with its bureau as the trust list names it."""

    point: bytes
    algorithm: Algorithm
    name_zh: str
    name_en: str


@dataclass(frozen=True, slots=True)
class TrustView:
    """A checked trust list: ``store`` judges online credentials, ``table`` QR copies."""

    store: TrustStore
    table: TrustTable

    @property
    def specimen(self) -> bool:
        """Whether the pinned root is a specimen root."""
        return self.table.specimen

    def qr_key(self, kid: bytes, *, issued_at: int) -> QrIssuer:
        """Return the key that may have signed a QR copy issued then.

        Raises Refused: ISSUER_UNKNOWN, ISSUER_NOT_AUTHORISED, ISSUER_KEY_WITHDRAWN, ISSUER_KEY_OUT_OF_PERIOD.
        """
        key = self.table.keys.get(kid)
        if key is None:
            raise Refused(Reason.ISSUER_UNKNOWN, "no key of the trust list signed this copy")
        if key.state is KeyState.COMPROMISED:
            raise Refused(Reason.ISSUER_KEY_WITHDRAWN, "the trust list withdraws the key that signed this copy")
        if key.role is not KeyRole.CREDENTIAL or key.state is KeyState.PLANNED or QR_FORM not in key.forms:
            raise Refused(Reason.ISSUER_NOT_AUTHORISED, "the key that signed this copy may not sign QR copies")
        if issued_at < key.valid_from or (key.retired_at is not None and issued_at > key.retired_at):
            raise Refused(Reason.ISSUER_KEY_OUT_OF_PERIOD, "the copy was issued outside the period of its key")
        return QrIssuer(key.point, ES256, key.name_zh, key.name_en)


def fetch_trust(store: WalletStore, transport: Transport, credential_issuer: str, *, now: int) -> TrustView:
    """Return the issuer's current trust list, checked under the pinned root, and store what showing needs of it.

    Raises Unavailable(ISSUER_UNREACHABLE); Refused(WALLET_ROOT_CHANGED) when the list is signed under another root than
    the pinned one, TRUST_LIST_OLDER, ISSUER_ANSWER_INVALID when the list or the first root is no good.
    """
    place = credential_issuer.removesuffix(_ISSUER_PATH)
    pinned = store.trust() if store.copies() else None
    root = _fetch_root(transport, f"{place}/trust/root.pem") if pinned is None else pinned.root
    content = _checked(_fetched(transport, f"{place}/trust/list", MAX_BYTES), root, pinned, now)
    table = to_trust_table(content)
    store.save_trust(TrustRecord(root, is_specimen(root), content.number, now, _licence_signers(table)))
    return TrustView(to_trust_store(content, root=root), table)


def _checked(token: str, root: bytes, pinned: TrustRecord | None, now: int) -> TrustListContent:
    highest_seen = 0 if pinned is None else pinned.number
    try:
        return read_trust_list(
            token, root=root, highest_seen=highest_seen, now=now, tolerance_seconds=TOLERANCE_SECONDS
        )
    except EidError as err:
        if pinned is not None and err.reason in {Reason.CERTIFICATE_INVALID, Reason.ISSUER_UNKNOWN}:
            raise Refused(
                Reason.WALLET_ROOT_CHANGED, f"the trust list is not signed under the pinned root: {err}"
            ) from err
        reason = err.reason if err.reason is Reason.TRUST_LIST_OLDER else Reason.ISSUER_ANSWER_INVALID
        raise Refused(reason, f"the trust list was refused: {err}") from err


def _fetch_root(transport: Transport, url: str) -> bytes:
    text = _fetched(transport, url, _ROOT_MAX_BYTES)
    try:
        certificates = certificates_from_pem(text.encode("ascii"))
        if len(certificates) != 1:
            raise Refused(Reason.ISSUER_ANSWER_INVALID, "not exactly one root certificate")
        check_root(certificates[0])
    except (EidError, ValueError) as err:
        raise Refused(Reason.ISSUER_ANSWER_INVALID, f"the national root was refused: {err}") from err
    return certificates[0]


def _fetched(transport: Transport, url: str, max_bytes: int) -> str:
    # Both documents prove themselves by signatures, and static hosts name their media types as they like.
    answer = transport.send(HttpRequest("GET", url, accept=_ANY, max_bytes=max_bytes))
    if answer.status >= 500:
        raise Unavailable(Reason.ISSUER_UNREACHABLE, f"the trust data is not served: status {answer.status}")
    if answer.status != 200:
        raise Refused(Reason.ISSUER_ANSWER_INVALID, f"the trust data is not there: status {answer.status}")
    try:
        return answer.body.decode("ascii")
    except UnicodeDecodeError as err:
        raise Refused(Reason.ISSUER_ANSWER_INVALID, "the trust data is not text") from err


def _licence_signers(table: TrustTable) -> tuple[LicenceSigner, ...]:
    return tuple(
        LicenceSigner(key.kid, key.point, key.valid_from, key.retired_at or 0)
        for key in table.keys.values()
        if key.role is KeyRole.POLICY and key.state is not KeyState.COMPROMISED
    )
