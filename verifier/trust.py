"""Whom a reader trusts: the pinned root, and the verified trust table below it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from core.errors import Refused
from core.reasons import Reason
from formats.bundle.trust_table import KeyRole, TrustedKey, TrustTable
from formats.mdoc import model as mdoc
from formats.sd_jwt_vc import VCT
from formats.trust_list import in_table
from keys.certificate_profiles import EKU_DOCUMENT_SIGNER
from keys.certificates import CheckedLeaf, certificates_from_pem, check_chain, check_root, leaf_key
from keys.cose_key import key_id
from keys.lifecycle import KeyState
from keys.signing import KeyPurpose
from keys.trust import AuthorisedIssuer, TrustAnchor, TrustedSigner, TrustStore

SD_JWT_VC: Final = "dc+sd-jwt"
MDOC: Final = mdoc.FORM
# The one credential type of each online form: a table names forms, a trust store types.
_TYPES: Final = {SD_JWT_VC: VCT, MDOC: mdoc.DOCTYPE}
_STORES_MAX: Final = 1024


def pin(root_pem: bytes) -> TrustAnchor:
    """Return the national root to pin; Refused(CERTIFICATE_INVALID) unless the PEM is exactly one root of the profile."""
    found = certificates_from_pem(root_pem)
    if len(found) != 1:
        raise Refused(Reason.CERTIFICATE_INVALID, "a root is pinned from a PEM of exactly one certificate")
    check_root(found[0])
    return TrustAnchor(KeyPurpose.NATIONAL_ROOT, found[0])


class IssuerTrust:
    """Answers who may sign credentials and their status lists.

    anchor: the pinned national root.
    table:  the verified trust table; None with a bare root: every document signer below it counts, for every type.
    listed: the trust store made from the published list of the same number, where the list itself is at hand; it names
            certificates and credential types one by one. ValueError for one that is not the table's.
    A table alone has raw keys and forms: a certificate in a header is accepted for a key of the table if its path to
    the root holds and it names the key's bureau.
    """

    def __init__(self, anchor: TrustAnchor, table: TrustTable | None, listed: TrustStore | None = None) -> None:
        if listed is not None and (table is None or listed.number != table.number):
            raise ValueError("a list is trusted beside the table of the same number")
        self.anchor = anchor
        self.table = table
        # Asked for each verdict, and the answer is inside a certificate.
        self.specimen = anchor.specimen
        self._listed = listed
        self._stores: dict[bytes, TrustStore] = {}

    def store_for(self, chain: Sequence[bytes]) -> TrustStore:
        """Return the trust store that judges this chain; one made from a table admits at most the key the chain names."""
        if self._listed is not None:
            return self._listed
        if self.table is None:
            return TrustStore(self.anchor, None)
        if not chain:
            return self._store(self.table, {})
        leaf = chain[0]
        store = self._stores.get(leaf)
        if store is None:
            store = self._store(self.table, self._signers(self.table, leaf))
            if store.signers:
                # Anyone can put a listed key into a certificate: what is remembered is let go of again.
                if len(self._stores) >= _STORES_MAX:
                    self._stores.pop(next(iter(self._stores)), None)
                self._stores[leaf] = store
        return store

    def list_signer(self, chain: Sequence[bytes], *, now: int) -> CheckedLeaf:
        """Return the document signer that signed a status list, by the chain in its header.

        Whether its bureau is the credential's is the caller's question. Raises Refused with the certificate's reasons,
        ISSUER_UNKNOWN, ISSUER_KEY_WITHDRAWN, and ISSUER_NOT_AUTHORISED for a key of another role.
        """
        leaf = check_chain(chain, root=self.anchor.certificate, eku=EKU_DOCUMENT_SIGNER, now=now)
        store = self.store_for(chain)
        found = store.authorise_status(chain, issuer=AuthorisedIssuer(leaf, None), now=now)
        key = None if self.table is None else self.table.keys.get(key_id(*found.public_key))
        if self.table is not None and (key is None or key.role is not KeyRole.CREDENTIAL):
            raise Refused(Reason.ISSUER_NOT_AUTHORISED, "the key of this status list does not sign credentials")
        return found

    def _store(self, table: TrustTable, signers: dict[bytes, TrustedSigner]) -> TrustStore:
        return TrustStore(self.anchor, signers, table.number, table.issued_at, table.next_update)

    @staticmethod
    def _signers(table: TrustTable, leaf: bytes) -> dict[bytes, TrustedSigner]:
        public = leaf_key(leaf)
        key = table.keys.get(key_id(*public))
        if key is None or key.point != in_table(public):
            return {}
        return {public.point: _signer(key, public.point, leaf)}


def _signer(key: TrustedKey, point: bytes, certificate: bytes) -> TrustedSigner:
    forms = key.forms & _TYPES.keys() if key.role is KeyRole.CREDENTIAL else frozenset[str]()
    return TrustedSigner(
        point=point,
        certificate=certificate,
        bureau=key.bureau,
        name_zh=key.name_zh,
        name_en=key.name_en,
        country=key.country,
        scope=key.scope,
        types=frozenset(_TYPES[form] for form in forms),
        valid_from=key.valid_from,
        retired_at=key.retired_at,
        state=KeyState[key.state.name],
    )
