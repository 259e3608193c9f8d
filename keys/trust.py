"""What is trusted, and for what: pinned roots with their purpose, and the signers below them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from core.errors import Refused
from core.reasons import Reason
from keys.algorithms import Algorithm
from keys.certificate_profiles import EKU_DOCUMENT_SIGNER
from keys.certificates import CheckedLeaf, check_chain, is_specimen
from keys.lifecycle import KeyState, may_sign_status
from keys.signing import KeyPurpose


@dataclass(frozen=True, slots=True)
class TrustAnchor:
    """One root certificate (DER) with the one purpose it is trusted for: NATIONAL_ROOT or READER_ROOT."""

    purpose: KeyPurpose
    certificate: bytes

    @property
    def specimen(self) -> bool:
        """Whether it is a specimen root: the mode of everything below it follows from this, not from a switch."""
        return is_specimen(self.certificate)


@dataclass(frozen=True, slots=True)
class TrustedSigner:
    """One credential-signing key of a bureau, as the trust list has it.

    point:      33 bytes; the raw key for ML-DSA-44. certificate: DER.
    scope:      division prefixes the bureau's powers reach, for example ``("110105",)``.
    types:      the credential types (``vct``, doctype) the key may sign.
    valid_from, retired_at: it signs credentials issued from the one to the other, both included; None = not retired.
    """

    point: bytes
    certificate: bytes
    bureau: str
    name_zh: str
    name_en: str
    country: str
    scope: tuple[str, ...]
    types: frozenset[str]
    valid_from: int
    retired_at: int | None
    state: KeyState


class AuthorisedIssuer(NamedTuple):
    """A signer that may sign the credential in hand.

    signer: its row in the trust list; None when only a root is pinned and the certificate speaks for itself.
    bureau: the bureau's id; status lists must be signed under the same one.
    """

    leaf: CheckedLeaf
    signer: TrustedSigner | None

    @property
    def point(self) -> bytes:
        """The key that verifies the credential."""
        return self.leaf.point

    @property
    def algorithm(self) -> Algorithm:
        """The one algorithm of that key: the header must name it."""
        return self.leaf.algorithm

    @property
    def bureau(self) -> str:
        """The 12-digit organ code, from the certificate; the trust list was checked to say the same.

        With a bare root it is whatever the certificate says, or stands for this very certificate.
        """
        return self.leaf.authority


@dataclass(frozen=True, slots=True)
class TrustStore:
    """The root of credentials and, where a trust list is known, the signers it admits.

    signers: by point; None means a bare root: every document signer below it counts, for every type.
    number, issued_at, next_update: of the trust list; None and zero for a bare root.
    """

    anchor: TrustAnchor
    signers: Mapping[bytes, TrustedSigner] | None
    number: int | None = None
    issued_at: int = 0
    next_update: int = 0

    def authorise(self, chain: Sequence[bytes], *, credential_type: str, issued_at: int, now: int) -> AuthorisedIssuer:
        """Return the issuer of a credential, given the certificate chain in its header (DER, leaf first).

        Raises Refused, in this order: the certificate's own reasons (``keys.certificates.check_chain``),
        ISSUER_UNKNOWN, ISSUER_KEY_WITHDRAWN, ISSUER_NOT_AUTHORISED, ISSUER_KEY_OUT_OF_PERIOD.
        """
        issuer = self._find(chain, now)
        signer = issuer.signer
        if signer is None:
            return issuer
        if credential_type not in signer.types:
            raise Refused(Reason.ISSUER_NOT_AUTHORISED, "the trust list does not admit this key for this type")
        if signer.state is KeyState.PLANNED or issued_at < signer.valid_from:
            raise Refused(Reason.ISSUER_KEY_OUT_OF_PERIOD, "it was issued before the key's first day")
        # A key that signs no credentials now, and of which no list says until when it did, has no time of its own.
        if signer.state is not KeyState.ACTIVE if signer.retired_at is None else issued_at > signer.retired_at:
            raise Refused(Reason.ISSUER_KEY_OUT_OF_PERIOD, "it was issued after the key was retired")
        return issuer

    def authorise_status(self, chain: Sequence[bytes], *, issuer: AuthorisedIssuer, now: int) -> CheckedLeaf:
        """Return the signer of a status list that speaks for ``issuer``'s credentials.

        Raises what ``authorise`` raises about certificates, ISSUER_KEY_OUT_OF_PERIOD for a key that signs no lists now,
        and STATUS_WRONG_BUREAU for a signer under another bureau.
        """
        found = self._find(chain, now)
        if found.signer is not None and (not may_sign_status(found.signer.state) or now < found.signer.valid_from):
            raise Refused(Reason.ISSUER_KEY_OUT_OF_PERIOD, "the key signs no status lists now")
        if found.bureau != issuer.bureau:
            raise Refused(Reason.STATUS_WRONG_BUREAU, "the status list is signed under another bureau")
        return found.leaf

    def _find(self, chain: Sequence[bytes], now: int) -> AuthorisedIssuer:
        leaf = check_chain(chain, root=self.anchor.certificate, eku=EKU_DOCUMENT_SIGNER, now=now)
        if self.signers is None:
            return AuthorisedIssuer(leaf, None)
        signer = self.signers.get(leaf.point)
        if signer is None or signer.certificate != chain[0]:
            raise Refused(Reason.ISSUER_UNKNOWN, "the certificate is not in the trust list")
        if signer.state is KeyState.COMPROMISED:
            raise Refused(Reason.ISSUER_KEY_WITHDRAWN, "the trust list withdraws this key")
        if signer.bureau != leaf.bureau:
            raise Refused(Reason.ISSUER_NOT_AUTHORISED, "the trust list names another bureau for this key")
        return AuthorisedIssuer(leaf, signer)
