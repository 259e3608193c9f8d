"""Founding a deployment: its roots, its signers with their certificates, and the first trust list."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from core.entropy import Entropy
from core.errors import MalformedInput
from core.reasons import Reason
from formats import claim_169, qr_token
from formats.bundle import trust_table
from formats.bundle.trust_table import KeyRole
from formats.mdoc import model as mdoc
from formats.sd_jwt_vc import VCT
from formats.trust_list import BureauEntry, Service, TrustListContent, sign_trust_list, to_trust_table
from issuer.policy import DAY, monday
from keys.algorithms import ES256, Algorithm
from keys.certificate_profiles import SPECIMEN_PREFIX
from keys.certificates import (
    Root,
    Subject,
    Validity,
    build_bundle_signer,
    build_card_signer,
    build_document_signer,
    build_list_signer,
    build_national_root,
    build_policy_signer,
    build_reader_root,
    build_status_signer,
    build_vical_signer,
)
from keys.lifecycle import KeyState
from keys.signing import KeyPurpose, Signer

OPERATOR_ID: Final = "000000000000"
"""The trust list's entry for the operator of the scheme, to whom the policy signers belong."""

FORMS: Final = frozenset({qr_token.FORM, "dc+sd-jwt", mdoc.FORM})
"""The forms a document signer of ours may sign."""

ONLINE_FORMS: Final = FORMS - {qr_token.FORM}
"""Those of them that may be signed in another suite than ES256, then by a document signer of their own."""

TYPES: Final = frozenset({VCT, mdoc.DOCTYPE})
"""The credential types of the online forms."""

CARD_FORMS: Final = frozenset({claim_169.FORM})
"""The forms a card signer may sign."""

_BUREAU: Final = re.compile(r"[0-9]{12}", re.ASCII)
_DIVISION: Final = re.compile(r"[0-9]{6}", re.ASCII)
_CONTACT: Final = re.compile(r"https://[!-~]+|[!-?A-~]+@[!-?A-~]+", re.ASCII)
_ROOT_YEARS: Final = 9
_SIGNER_DAYS: Final = 400
_LIST_SIGNER_DAYS: Final = 1100
_NEXT_UPDATE_DAYS: Final = 30


class KeyStore(Protocol):
    """Makes and keeps private keys."""

    def create(self, purpose: KeyPurpose, *, created_at: int, algorithm: Algorithm = ES256) -> Signer:
        """Make a fresh key and keep it."""
        ...

    def attach_certificates(self, purpose: KeyPurpose, key_id: bytes, certificates: Sequence[bytes]) -> None:
        """Keep a key's certificates beside it, leaf first."""
        ...


@dataclass(frozen=True, slots=True)
class FoundingPlan:
    """What is to be founded.

    bureau:     12-digit organ code; division its six-digit place, which is also its scope.
    operator_zh, operator_en: who runs the scheme. contact: an e-mail address or https URI, written into certificates.
    public_url: where the issuer is reached.
    specimen:   everything is marked as a specimen, from the root down.
    status_signer_eku: the usage of a separate signer of status lists; None: the document signers sign them.
    suite:      what the online forms are signed in; another than ES256 gives them a document signer of their own.
    """

    bureau: str
    name_zh: str
    name_en: str
    division: str
    country: str
    operator_zh: str
    operator_en: str
    contact: str
    public_url: str
    specimen: bool
    suite: Algorithm = ES256
    status_signer_eku: str | None = None


@dataclass(frozen=True, slots=True)
class Founded:
    """What was founded: the two root certificates (DER) and the content of the first trust list."""

    national_root: bytes
    reader_root: bytes
    trust_list: TrustListContent


@dataclass(frozen=True, slots=True)
class PublishedTrust:
    """One issue of the trust list: the signed list for the web, and the same as a signed table for bundles."""

    number: int
    trust_list: str
    table: bytes


def found(plan: FoundingPlan, *, keys: KeyStore, now: int, entropy: Entropy) -> Founded:
    """Make every key and certificate of the plan and return the roots and the first trust list.

    Keys start a day before the week of their first credential, because credentials are dated to the start of the week.
    Raises MalformedInput(REQUEST_MALFORMED) for a plan that cannot be, before any key is made.
    """
    check_plan(plan)
    return _Founding(plan, keys, now, entropy).run()


def check_plan(plan: FoundingPlan) -> None:
    """Raise MalformedInput(REQUEST_MALFORMED) unless codes, names and contact can stand in certificates and lists."""
    rules = (
        (bool(_BUREAU.fullmatch(plan.bureau)), "a bureau is a 12-digit organ code"),
        (bool(_DIVISION.fullmatch(plan.division)), "a division is a 6-digit code"),
        (bool(_CONTACT.fullmatch(plan.contact)), "a contact is an e-mail address or an https address"),
        *((_is_name(name), "a name has 1 to 64 printable characters") for name in _names(plan)),
    )
    for holds, rule in rules:
        if not holds:
            raise MalformedInput(Reason.REQUEST_MALFORMED, rule)


def _names(plan: FoundingPlan) -> tuple[str, ...]:
    return plan.name_zh, plan.name_en, plan.operator_zh, plan.operator_en


def _is_name(text: str) -> bool:
    # 64 is what X.509 allows an organisation's name.
    return len(text.strip()) > 0 and len(text) <= 64 and text.isprintable()


def publish(content: TrustListContent, signer: Signer, *, national_root: bytes, reader_root: bytes) -> PublishedTrust:
    """Sign one issue of the trust list in both forms, under one number."""
    trust_list = sign_trust_list(content, signer, national_root=national_root, reader_root=reader_root)
    draft = trust_table.draft(to_trust_table(content), signer_kid=signer.key_id)
    return PublishedTrust(content.number, trust_list, draft.finish(signer.sign(draft.to_be_signed())))


def next_issue(content: TrustListContent, *, now: int) -> TrustListContent:
    """Return the same list under the next number, issued now."""
    return replace(content, number=content.number + 1, issued_at=now, next_update=now + _NEXT_UPDATE_DAYS * DAY)


class _Founding:
    def __init__(self, plan: FoundingPlan, keys: KeyStore, now: int, entropy: Entropy) -> None:
        self._plan = plan
        self._keys = keys
        self._now = now
        self._entropy = entropy
        self._start = monday(now) - DAY

    def run(self) -> Founded:
        national = self._root(KeyPurpose.NATIONAL_ROOT, "National Root")
        reader = self._root(KeyPurpose.READER_ROOT, "Reader Root")
        self._list_signer(national)
        self._vical_signer(national)
        services = (*self._document_signers(national), self._card_signer(national), self._bundle_signer(national))
        if self._plan.status_signer_eku is not None:
            services += (self._status_signer(national, self._plan.status_signer_eku),)
        policy = self._policy_signer(reader)
        # Its checkpoints are verified with the bare key: no certificate, and no place in the trust list.
        self._keys.create(KeyPurpose.AUDIT_SIGNER, created_at=self._now)
        plan = self._plan
        bureau = BureauEntry(plan.bureau, plan.name_zh, plan.name_en, plan.country, (plan.division,), services)
        operator = BureauEntry(OPERATOR_ID, plan.operator_zh, plan.operator_en, plan.country, (), (policy,))
        content = TrustListContent(
            number=1,
            issued_at=self._now,
            next_update=self._now + _NEXT_UPDATE_DAYS * DAY,
            specimen=plan.specimen,
            territory=plan.country,
            operator_zh=plan.operator_zh,
            operator_en=plan.operator_en,
            bureaus=(operator, bureau),
        )
        return Founded(national.certificate, reader.certificate, content)

    def _root(self, purpose: KeyPurpose, name: str) -> Root:
        signer = self._keys.create(purpose, created_at=self._now)
        mark = SPECIMEN_PREFIX if self._plan.specimen else ""
        subject = Subject(self._plan.country, self._plan.operator_en, mark + name)
        build = build_national_root if purpose is KeyPurpose.NATIONAL_ROOT else build_reader_root
        validity = self._validity(_ROOT_YEARS * 365)
        certificate = build(signer, subject, validity, contact=self._plan.contact, entropy=self._entropy)
        self._keys.attach_certificates(purpose, signer.key_id, [certificate])
        return Root(certificate, signer)

    def _list_signer(self, root: Root) -> None:
        signer = self._keys.create(KeyPurpose.LIST_SIGNER, created_at=self._now)
        subject = Subject(self._plan.country, self._plan.operator_en, "National List Signer")
        certificate = build_list_signer(
            root, signer.point, subject, self._validity(_LIST_SIGNER_DAYS), entropy=self._entropy
        )
        self._keys.attach_certificates(KeyPurpose.LIST_SIGNER, signer.key_id, [certificate])

    def _vical_signer(self, root: Root) -> None:
        signer = self._keys.create(KeyPurpose.VICAL_SIGNER, created_at=self._now)
        subject = Subject(self._plan.country, self._plan.operator_en, "VICAL Signer")
        certificate = build_vical_signer(
            root, signer.point, subject, self._validity(_LIST_SIGNER_DAYS), entropy=self._entropy
        )
        self._keys.attach_certificates(KeyPurpose.VICAL_SIGNER, signer.key_id, [certificate])

    def _policy_signer(self, root: Root) -> Service:
        signer = self._keys.create(KeyPurpose.POLICY_SIGNER, created_at=self._now)
        subject = Subject(self._plan.country, self._plan.operator_en, "Policy and Licence Signer")
        certificate = build_policy_signer(
            root, signer.point, subject, self._validity(_LIST_SIGNER_DAYS), entropy=self._entropy
        )
        self._keys.attach_certificates(KeyPurpose.POLICY_SIGNER, signer.key_id, [certificate])
        return self._service(KeyRole.POLICY, certificate)

    def _document_signers(self, root: Root) -> tuple[Service, ...]:
        if self._plan.suite is ES256:
            return (self._document_signer(root, KeyPurpose.DOCUMENT_SIGNER, FORMS, TYPES),)
        return (
            self._document_signer(root, KeyPurpose.DOCUMENT_SIGNER, FORMS - ONLINE_FORMS, frozenset()),
            self._document_signer(root, KeyPurpose.ONLINE_SIGNER, ONLINE_FORMS, TYPES),
        )

    def _document_signer(
        self, root: Root, purpose: KeyPurpose, forms: frozenset[str], types: frozenset[str]
    ) -> Service:
        online = purpose is KeyPurpose.ONLINE_SIGNER
        signer = self._keys.create(purpose, created_at=self._now, algorithm=self._plan.suite if online else ES256)
        certificate = build_document_signer(
            root,
            signer.point,
            self._bureau_subject("Document Signer (online)" if online else "Document Signer"),
            self._validity(_SIGNER_DAYS),
            public_url=self._plan.public_url,
            entropy=self._entropy,
            algorithm=signer.algorithm,
        )
        self._keys.attach_certificates(purpose, signer.key_id, [certificate])
        return self._service(KeyRole.CREDENTIAL, certificate, forms=forms, vcts=types)

    def _card_signer(self, root: Root) -> Service:
        signer = self._keys.create(KeyPurpose.CARD_SIGNER, created_at=self._now)
        certificate = build_card_signer(
            root,
            signer.point,
            self._bureau_subject("Card Signer"),
            self._validity(_SIGNER_DAYS),
            entropy=self._entropy,
        )
        self._keys.attach_certificates(KeyPurpose.CARD_SIGNER, signer.key_id, [certificate])
        return self._service(KeyRole.CARD, certificate, forms=CARD_FORMS)

    def _status_signer(self, root: Root, eku: str) -> Service:
        signer = self._keys.create(KeyPurpose.STATUS_SIGNER, created_at=self._now)
        certificate = build_status_signer(
            root,
            signer.point,
            self._bureau_subject("Status Signer"),
            self._validity(_SIGNER_DAYS),
            eku=eku,
            entropy=self._entropy,
        )
        self._keys.attach_certificates(KeyPurpose.STATUS_SIGNER, signer.key_id, [certificate])
        return self._service(KeyRole.STATUS, certificate)

    def _bundle_signer(self, root: Root) -> Service:
        signer = self._keys.create(KeyPurpose.BUNDLE_SIGNER, created_at=self._now)
        certificate = build_bundle_signer(
            root,
            signer.point,
            self._bureau_subject("Bundle Signer"),
            self._validity(_SIGNER_DAYS),
            entropy=self._entropy,
        )
        self._keys.attach_certificates(KeyPurpose.BUNDLE_SIGNER, signer.key_id, [certificate])
        return self._service(KeyRole.BUNDLE, certificate)

    def _bureau_subject(self, name: str) -> Subject:
        plan = self._plan
        return Subject(plan.country, plan.name_en, name, bureau=plan.bureau)

    def _validity(self, days: int) -> Validity:
        return Validity(self._start, self._start + days * DAY)

    def _service(
        self,
        role: KeyRole,
        certificate: bytes,
        *,
        forms: frozenset[str] = frozenset(),
        vcts: frozenset[str] = frozenset(),
    ) -> Service:
        return Service(role, certificate, forms, vcts, self._start, None, KeyState.ACTIVE)
