"""SD-JWT VC: twelve claims, all selectively disclosable, five shown with key binding; issued, and verified online."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from bench import peers
from bench.measuring import Figure, Sampler, Target, block, ratio, ratio_of_difference, repeated
from bench.proving import flipped, prove, prove_green, prove_red
from bench.raw import one_signature, two_verifications
from core.entropy import SystemEntropy
from core.reasons import Reason
from formats.bundle.status_snapshot import SnapshotList, StatusSnapshot
from formats.bundle.trust_table import KeyRole, KeyState, TrustedKey, TrustTable
from formats.dataset import Group
from formats.encoding import base64url
from formats.encoding.json import JsonValue
from formats.sd_cwt.model import Assurance, KeyStorage, StatusReference
from formats.sd_jwt.key_binding import bind
from formats.sd_jwt_vc import (
    VCT,
    CredentialTerms,
    check_issuer,
    check_issuer_signature,
    open_disclosures,
    pack_credential,
    read_credential,
    select,
)
from formats.site_policy import ELECTRONIC_FORMS, Mode, SitePolicy
from keys.certificates import Root
from keys.signing import InProcessSigner, KeyPurpose
from keys.trust import TrustAnchor
from tests.builders.trust import BUREAU, DAY, NOW, PUBLIC_URL, bare_trust, document_signer, national_root, seeded_signer
from verifier.checkpoint.clock import ReaderClock
from verifier.checkpoint.offline import BundleStatus
from verifier.checkpoint.verdict import Verdict
from verifier.checks.case import ExpectedBinding
from verifier.trust import IssuerTrust
from verifier.verification import verify_presentation

NONCE: Final = "bm9uY2Utb2YtdGhpcy1yZXF1ZXN0"
AUDIENCE: Final = "https://verifier.example.test"
_AUTHORITY: Final = "样例市公安局示范区分局"
_STATUS_URI: Final = f"{PUBLIC_URL}/status/{BUREAU}/1"
_BLOCK: Final = 25
_NEW_ISSUERS: Final = 10

TWELVE: Final[dict[str, JsonValue]] = {
    "full_name": "样小明",
    "birthdate": "1990-01-01",
    "personal_administrative_number": "690101199001010018",
    "number_tail": "0018",
    "sex": 1,
    "nationalities": ["CN"],
    "ethnicity": "汉",
    "ethnicity_code": "01",
    "document_type": "居民身份证",
    "document_number": "690101199001010018",
    "date_of_expiry": "2040-05-01",
    "issuing_authority": _AUTHORITY,
}
FIVE: Final = ("full_name", "birthdate", "number_tail", "sex", "ethnicity")


@dataclass
class _Snapshots:
    snapshots: Mapping[str, StatusSnapshot]


@dataclass(frozen=True, slots=True)
class Desk:
    """A verifier with everything switched on: pinned root, trust table, status list, site policy."""

    trust: IssuerTrust
    statuses: BundleStatus
    policy: SitePolicy

    def judged(self, text: str) -> Verdict:
        """Return the verdict on a presentation. This is the call that is timed."""
        return verify_presentation(
            text,
            expected=ExpectedBinding(NONCE, AUDIENCE),
            trust=self.trust,
            statuses=self.statuses,
            policy=self.policy,
            clock=ReaderClock(NOW, doubtful=False, confirmed=True),
        )


@cache
def the_root() -> Root:
    """The pinned root."""
    return national_root()


@cache
def the_issuer() -> InProcessSigner:
    """The bureau's document signer with its certificate."""
    return document_signer(the_root())


@cache
def the_holder() -> InProcessSigner:
    """The wallet's key."""
    return seeded_signer("holder")


def a_desk(*issuers: InProcessSigner) -> Desk:
    """Return a verifier whose trust table admits these keys; nothing of theirs has been looked at yet."""
    keys = {key.key_id: _row(key) for key in issuers}
    table = TrustTable(7, NOW - 3600, NOW + 30 * DAY, specimen=True, keys=keys)
    entries = {place * 50: 0 for place in range(1, 20_000)}
    snapshot = StatusSnapshot(BUREAU, 11, NOW - 3600, NOW + DAY, {_STATUS_URI: SnapshotList(1 << 20, entries)})
    policy = SitePolicy(
        policy_id="counter",
        site_kind="counter",
        name_zh="窗口",
        name_en="Counter",
        required=frozenset({Group.NAME, Group.BIRTH_DATE}),
        optional=frozenset({Group.NUMBER_TAIL, Group.CIVIL}),
        ground_required=False,
        modes=frozenset({Mode.CHALLENGE}),
        forms=ELECTRONIC_FORMS,
        max_status_age_seconds=12 * 3600,
        max_trust_age_seconds=72 * 3600,
        unmanned=False,
        minimum_assurance=Assurance.FULL,
        minimum_age=None,
        retention="nothing",
    )
    anchor = TrustAnchor(KeyPurpose.NATIONAL_ROOT, the_root().certificate)
    return Desk(IssuerTrust(anchor, table), BundleStatus(_Snapshots({BUREAU: snapshot})), policy)


def _row(key: InProcessSigner) -> TrustedKey:
    return TrustedKey(
        kid=key.key_id,
        point=key.point,
        role=KeyRole.CREDENTIAL,
        bureau=BUREAU,
        name_zh=_AUTHORITY,
        name_en="Sample City Public Security Bureau, Model District",
        country="CN",
        scope=("6901",),
        forms=frozenset({"dc+sd-jwt", "mso_mdoc"}),
        valid_from=NOW - 2 * DAY,
        retired_at=None,
        state=KeyState.ACTIVE,
    )


def issued(issuer: InProcessSigner, *, holder: InProcessSigner | None = None, digests: int = 24) -> str:
    """Return one signed copy. This is the call that is timed; 24 digests are what the product always makes."""
    terms = CredentialTerms(
        vct=VCT,
        issued_at=NOW - DAY,
        expires_at=NOW + 20 * DAY,
        holder_point=(holder or the_holder()).point,
        status=StatusReference(_STATUS_URI, 4711),
        issuer=PUBLIC_URL,
        key_storage=KeyStorage.SOFTWARE,
        assurance=Assurance.FULL,
        specimen=True,
    )
    return pack_credential(TWELVE, terms, entropy=SystemEntropy(), signer=issuer, digests=digests)


def shown(issuer: InProcessSigner) -> str:
    """Return a presentation of five claims by a holder never seen before."""
    holder = InProcessSigner.generate()
    selected = select(issued(issuer, holder=holder), [(name,) for name in FIVE])
    return bind(selected, nonce=NONCE, audience=AUDIENCE, now=NOW, signer=holder)


def prove_online(judged: Callable[[str], Verdict], text: str) -> None:
    """Demand GREEN, and RED with its reason for one bit flipped in either signature or in a disclosure."""
    prove_green(judged(text))
    credential, binding = text[: text.index("~")], text[text.rindex("~") + 1 :]
    disclosures = text[len(credential) : len(text) - len(binding)]
    bent = (
        (_bent_signature(credential) + disclosures + binding, Reason.ISSUER_SIGNATURE_INVALID),
        (credential + disclosures + _bent_signature(binding), Reason.HOLDER_SIGNATURE_INVALID),
        (credential + _bent_disclosure(disclosures) + binding, Reason.SD_HASH_MISMATCH),
    )
    for tampered, reason in bent:
        prove_red(judged(tampered), reason)


def _bent_signature(jws: str) -> str:
    head, _, signature = jws.rpartition(".")
    return f"{head}.{base64url.encode(flipped(base64url.decode(signature), 40))}"


def _bent_disclosure(disclosures: str) -> str:
    _, first, *rest = disclosures.split("~")
    # The last octet of a disclosure closes its array; the salt lies before.
    return "~".join(("", base64url.encode(flipped(base64url.decode(first), 5)), *rest))


def verifying() -> list[Figure]:
    """Give the figures of verifying: with the chain known, and at first sight of an issuer."""
    desk, text = a_desk(the_issuer()), shown(the_issuer())
    prove_online(desk.judged, text)
    cached = block(_BLOCK, lambda: _judging(desk, [shown(the_issuer()) for _ in range(_BLOCK)]))
    first_sight = block(_NEW_ISSUERS, _strangers)
    return [
        Figure(
            name="sd-jwt-vc-verify",
            measures="verification.verify_presentation, 12 claims, 5 shown, key binding, status, policy; chain known, new holders",
            sample=cached,
            score=ratio,
            target=Target("x", goal=2, floor=3),
            base=two_verifications(),
            others=_peer_verifier(text),
        ),
        Figure(
            name="sd-jwt-vc-first-sight",
            measures="what the first presentation of an issuer costs more: certificate read and its path checked",
            sample=first_sight,
            less=cached,
            score=ratio_of_difference,
            target=Target("x", goal=0.75, floor=1),
            base=two_verifications(),
        ),
    ]


def _strangers() -> Callable[[], None]:
    # New keys in each round, so that nothing about them can have been remembered.
    issuers = [document_signer(the_root(), _fresh_name()) for _ in range(_NEW_ISSUERS)]
    texts = [shown(issuer) for issuer in issuers]
    return _judging(a_desk(*issuers), texts)


def _judging(desk: Desk, texts: Sequence[str]) -> Callable[[], None]:
    def run() -> None:
        for text in texts:
            desk.judged(text)

    return run


def _fresh_name() -> str:
    return SystemEntropy().random_bytes(16).hex()


def _peer_verifier(text: str) -> dict[str, Sampler]:
    others: dict[str, Sampler] = {}
    peer = peers.sd_jwt_verifier(text, issuer=the_issuer(), audience=AUDIENCE, nonce=NONCE)
    if peer is not None:
        opened = peer()
        prove(isinstance(opened, dict) and opened["full_name"] == TWELVE["full_name"], "sd-jwt reads something else")
        others["PyPI sd-jwt"] = repeated(10, peer)
    in_node = peers.npm_sd_jwt_verifier(text, issuer=the_issuer(), nonce=NONCE, now=NOW)
    if in_node is not None:
        answer, others["npm @sd-jwt/sd-jwt-vc"] = in_node
        prove(answer["payload"]["full_name"] == TWELVE["full_name"], "@sd-jwt/sd-jwt-vc reads something else")
    return others


def issuing() -> list[Figure]:
    """Give the figure of issuing, its result verified first."""
    issuer = the_issuer()
    prove_issued(issued(issuer))
    others = {"without decoys": repeated(_BLOCK, lambda: issued(issuer, digests=12))}
    clear: dict[str, JsonValue] = {"vct": VCT, "iss": PUBLIC_URL, "iat": NOW - DAY, "exp": NOW + 20 * DAY}
    peer = peers.sd_jwt_issuer(clear, TWELVE, the_holder())
    if peer is not None:
        others["PyPI sd-jwt"] = repeated(10, peer)
    in_node = peers.npm_sd_jwt_issuer(clear, TWELVE, issuer=the_issuer(), holder=the_holder())
    if in_node is not None:
        token, others["npm @sd-jwt/sd-jwt-vc"] = in_node
        prove(token.count("~") == len(TWELVE) + 1, "@sd-jwt/sd-jwt-vc issues something else")
    return [
        Figure(
            name="sd-jwt-vc-issue",
            measures="sd_jwt_vc.pack_credential, 12 claims, 24 digests (12 decoys), x5c, cnf, status",
            sample=repeated(_BLOCK, lambda: issued(issuer)),
            score=ratio,
            target=Target("x", goal=5.5, floor=8),
            base=one_signature(),
            others=others,
        )
    ]


def prove_issued(text: str) -> None:
    """Demand that what is issued verifies under the root and opens to the twelve claims."""
    credential = read_credential(text)
    check_issuer_signature(credential, check_issuer(credential, bare_trust(the_root()), now=NOW))
    opened = open_disclosures(credential)
    prove({name: opened.get(name) for name in TWELVE} == TWELVE, "the credential opens to other claims")
    prove(issued(the_issuer()) != text, "two copies are the same")
