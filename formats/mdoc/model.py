"""The words of mdoc as values (ISO/IEC 18013-5:2021, status as in its second edition)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from formats.cose import UnverifiedForeignSign1
from formats.encoding.cbor import ForeignValue
from formats.sd_cwt.model import Assurance, KeyStorage, StatusReference

DOCTYPE: Final = "cn.eid.resident_id.1"
NAMESPACE: Final = DOCTYPE
FORM: Final = "mso_mdoc"
VERSION: Final = "1.0"

MAX_BYTES: Final = 65_536
MAX_NAME_CHARACTERS: Final = 200
MIN_RANDOM_BYTES: Final = 16
DIGEST_ID_LIMIT: Final = 1 << 31

TAG_TDATE: Final = 0
TAG_CBOR: Final = 24
TAG_FULL_DATE: Final = 1004
VALUE_TAGS: Final = (TAG_TDATE, TAG_FULL_DATE)
"""The tags an element's value may carry: the dates of RFC 8949 and RFC 8943."""


class MdocTerms(NamedTuple):
    """What the MSO of one copy says beside its digests.

    issued_at:    ``signed``, and ``validFrom`` of what we issue; rounded by the caller.
    expires_at:   ``validUntil``.
    holder_point: the device key, 33 bytes.
    key_storage, assurance: None only in credentials of others.
    These two and ``specimen`` stand in ``deviceKeyInfo.keyInfo``, where the holder cannot hide them.
    """

    doctype: str
    issued_at: int
    expires_at: int
    holder_point: bytes
    status: StatusReference
    key_storage: KeyStorage | None
    assurance: Assurance | None
    specimen: bool


class KeyAuthorizations(NamedTuple):
    """What the device key may sign about its holder by itself: whole namespaces, or single elements of others."""

    namespaces: frozenset[str]
    elements: frozenset[tuple[str, str]]


class UnverifiedMso(NamedTuple):
    """A mobile security object as read; nothing in it is trusted yet.

    hash_name: as ``hashlib`` knows the digest algorithm.
    digests:   by namespace, then by digestID.
    """

    terms: MdocTerms
    valid_from: int
    hash_name: str
    digests: Mapping[str, Mapping[int, bytes]]
    authorised: KeyAuthorizations


class UnverifiedItem(NamedTuple):
    """One element as shown.

    tagged: the IssuerSignedItemBytes exactly as received, tag 24 included: what the digest is over.
    """

    digest_id: int
    element: str
    value: ForeignValue
    tagged: bytes


class UnverifiedIssuerSigned(NamedTuple):
    """The issued part of an mdoc taken apart, before any signature or digest is checked.

    namespaces: what is shown, in the order received.
    chain:      the certificates of ``x5chain``, DER, leaf first; empty without one.
    """

    namespaces: Mapping[str, tuple[UnverifiedItem, ...]]
    mso: UnverifiedMso
    issuer_auth: UnverifiedForeignSign1

    @property
    def terms(self) -> MdocTerms:
        """The clear facts of the copy."""
        return self.mso.terms

    @property
    def chain(self) -> tuple[bytes, ...]:
        """The certificates the sender names."""
        return self.issuer_auth.chain
