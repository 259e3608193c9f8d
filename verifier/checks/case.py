"""One credential of the online forms on its way to a verdict; and the SD-JWT VC."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from core.errors import EidError
from core.reasons import Reason
from formats.dataset import Group
from formats.sd_jwt_vc import UnverifiedPresentation
from formats.site_policy import age_group
from keys.trust import AuthorisedIssuer
from verifier.checkpoint.case import BureauNames, Case, Terms
from verifier.checkpoint.verdict import Check
from verifier.trust import IssuerTrust

# GREEN demands that the checks passed are exactly these. They are written out, so that taking one entry away or leaving
# one call out is a difference that the tests see.
SD_JWT_VC_CHECKS: Final[tuple[Check, ...]] = (
    Check.STRUCTURE,
    Check.ISSUER_KNOWN,
    Check.ISSUER_STATE,
    Check.ISSUER_ROLE,
    Check.ISSUER_PERIOD,
    Check.SPECIMEN,
    Check.ISSUER_SIGNATURE,
    Check.HOLDER_SIGNATURE,
    Check.MODE,
    Check.AUDIENCE,
    Check.NONCE,
    Check.TIME,
    Check.VALIDITY,
    Check.PROOF_VALIDITY,
    Check.DISCLOSURES,
    Check.SCOPE,
    Check.STATUS,
    Check.FORM,
    Check.FIELDS,
    Check.AGE,
    Check.KEY_STORAGE,
    Check.ASSURANCE,
    Check.DOCUMENT,
    Check.STATUS_AGE,
    Check.TRUST_AGE,
)

# A group counts as shown when it holds these; one claim more or less of the others is the holder's choice.
_NEEDED: Final = {
    Group.DOCUMENT: frozenset({1, 2, 3, 5, 6, 7}),
    Group.AGE_18: frozenset({18}),
    Group.OTHER_AGES: frozenset({14, 16, 60, 65}),
}
_FIRST: Final = frozenset({1})


@dataclass(frozen=True, slots=True)
class ExpectedBinding:
    """What the key binding must answer: the request this verifier sent. Both texts are compared exactly."""

    nonce: str
    audience: str

    def __post_init__(self) -> None:
        if not self.nonce or not self.audience:
            raise ValueError("a presentation is judged against a nonce and an audience")


class OnlineTerms(Terms, Protocol):
    """The clear claims of a credential that brings its own certificate."""

    @property
    def specimen(self) -> bool:
        """Whether it is marked as a specimen."""
        ...


@dataclass(slots=True)
class OnlineCase(Case):
    """The judgement of one presentation of an online form: what SD-JWT VC and mdoc have in common."""

    trust: IssuerTrust
    terms: OnlineTerms = field(init=False)
    issuer: AuthorisedIssuer = field(init=False)

    def shows(self, group: Group) -> bool:
        """Say whether the holder disclosed what makes this group; here its claims are disclosed one by one."""
        age = self.policy.minimum_age
        asked = age is not None and group is age_group(age)
        needed = frozenset({age}) if asked else _NEEDED.get(group, _FIRST)
        shown = self.person.groups.get(group)
        return shown is not None and needed <= shown.keys()

    def passed_before(self, error: EidError, checks: Collection[Check], told_by: Mapping[Reason, Check]) -> Check:
        """Note the checks of one function that came before the one that failed, and return that one.

        checks:  in the order the function makes them; a reason that is not in ``told_by`` belongs to the first.
        """
        order = tuple(checks)
        failed = told_by.get(error.reason, order[0])
        self.all_passed(order[: order.index(failed)])
        return failed

    def issuer_names(self) -> BureauNames:
        """Return the trust list's names for the issuer's key; with a bare root the certificate's own."""
        issuer, organization = self.issuer, self.issuer.leaf.organization
        if issuer.signer is None:
            return issuer.bureau, organization, organization
        return issuer.bureau, issuer.signer.name_zh, issuer.signer.name_en


@dataclass(slots=True)
class SdJwtCase(OnlineCase):
    """The judgement of one SD-JWT VC presentation."""

    text: str
    expected: ExpectedBinding
    shown: UnverifiedPresentation = field(init=False)
