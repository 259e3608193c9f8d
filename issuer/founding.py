"""Founding a deployment: its roots, its signers with their certificates, and the first trust list."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from core.entropy import Entropy
from core.errors import MalformedInput
from core.reasons import Reason
from formats import qr_token
from formats.bundle import trust_table
from formats.bundle.trust_table import KeyRole
from formats.sd_jwt_vc import VCT
from formats.trust_list import BureauEntry, Service, TrustListContent, sign_trust_list, to_trust_table
from issuer.policy import DAY, monday
from keys.certificate_profiles import SPECIMEN_PREFIX
from keys.certificates import (
    Root,
    Subject,
    Validity,
    build_bundle_signer,
    build_document_signer,
    build_list_signer,
    build_national_root,
    build_policy_signer,
    build_reader_root,
)
from keys.lifecycle import KeyState
from keys.signing import InProcessSigner, KeyPurpose, Signer

OPERATOR_ID: Final = "000000000000"
"""The trust list's entry for the operator of the scheme, to whom the policy signers belong."""

FORMS: Final = frozenset({qr_token.FORM, "dc+sd-jwt"})
"""The forms a document signer of ours may sign."""

_BUREAU: Final = re.compile(r"[0-9]{12}", re.ASCII)
_DIVISION: Final = re.compile(r"[0-9]{6}", re.ASCII)
_CONTACT: Final = re.compile(r"https://[!-~]+|[!-?A-~]+@[!-?A-~]+", re.ASCII)
_ROOT_YEARS: Final = 9
_SIGNER_DAYS: Final = 400
_LIST_SIGNER_DAYS: Final = 1100
_NEXT_UPDATE_DAYS: Final = 30


class KeyStore(Protocol):
    """Makes and keeps private keys."""

    def create(self, purpose: KeyPurpose, *, created_at: int) -> InProcessSigner:
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
        services = (self._document_signer(national), self._bundle_signer(national))
        policy = self._policy_signer(reader)
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

    def _policy_signer(self, root: Root) -> Service:
        signer = self._keys.create(KeyPurpose.POLICY_SIGNER, created_at=self._now)
        subject = Subject(self._plan.country, self._plan.operator_en, "Policy and Licence Signer")
        certificate = build_policy_signer(
            root, signer.point, subject, self._validity(_LIST_SIGNER_DAYS), entropy=self._entropy
        )
        self._keys.attach_certificates(KeyPurpose.POLICY_SIGNER, signer.key_id, [certificate])
        return self._service(KeyRole.POLICY, certificate)

    def _document_signer(self, root: Root) -> Service:
        signer = self._keys.create(KeyPurpose.DOCUMENT_SIGNER, created_at=self._now)
        certificate = build_document_signer(
            root,
            signer.point,
            self._bureau_subject("Document Signer"),
            self._validity(_SIGNER_DAYS),
            public_url=self._plan.public_url,
            entropy=self._entropy,
        )
        self._keys.attach_certificates(KeyPurpose.DOCUMENT_SIGNER, signer.key_id, [certificate])
        return self._service(KeyRole.CREDENTIAL, certificate, forms=FORMS, vcts=frozenset({VCT}))

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
