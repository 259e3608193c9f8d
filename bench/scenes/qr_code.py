"""QR codes: from text to verdict offline with every check, and verifying and issuing the SD-CWT behind them."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cache, partial
from typing import Final

from bench.measuring import Figure, Target, block, ratio
from bench.proving import flipped, prove, prove_green, prove_red, prove_refused
from bench.raw import one_signature, two_verifications
from core.entropy import SystemEntropy
from core.errors import Refused
from core.reasons import Reason
from formats import qr_token, signature_checks
from formats.bundle.envelope import Bundle, Floors, open_bundle
from formats.bundle.trust_table import TrustTable
from formats.cose import Checks, check_signature
from formats.dataset import GROUPS, CredentialDataset, Group
from formats.encoding import cbor
from formats.encoding.cbor import CborMap
from formats.sd_cwt.model import Assurance, SdCwtClaims
from formats.sd_cwt.pack import pack
from formats.sd_cwt.unpack import open_disclosures, read_kbt
from formats.site_policy import BUILT_IN, ELECTRONIC_FORMS, Mode, SitePolicy
from keys.algorithms import ES256
from keys.signing import InProcessSigner
from tests.builders.people import a_person
from tests.builders.qr import (
    MONDAY,
    NOW,
    Copy,
    a_snapshot,
    bundle_parts,
    clear_claims,
    issue,
    show_one_way,
    signed_policy,
    signed_snapshot,
    signer,
)
from tests.builders.verdicts import portrait
from verifier.checkpoint.clock import ReaderClock
from verifier.checkpoint.decision import judge
from verifier.checkpoint.expected import OneWay
from verifier.checkpoint.offline import BundleStatus
from verifier.checkpoint.replay import InMemorySeen, Seen
from verifier.checkpoint.verdict import Verdict

_QUEUE: Final = 25
_BUSY_MEMORY: Final = 10_000
_PORTRAIT_BYTES: Final = 554
_BATCH: Final = 10
_BATCHES: Final = 5
_WITHOUT_PORTRAIT: Final = (Group.NAME,)
_WITH_PORTRAIT: Final = (Group.NAME, Group.NUMBER_TAIL, Group.PORTRAIT)

NAME_ONLY: Final = SitePolicy(
    policy_id="meeting-room",
    site_kind="meeting-room",
    name_zh="会议签到",
    name_en="Meeting room",
    required=frozenset({Group.NAME}),
    optional=frozenset({Group.NUMBER_TAIL}),
    ground_required=False,
    modes=frozenset(Mode),
    forms=ELECTRONIC_FORMS,
    max_status_age_seconds=12 * 3600,
    max_trust_age_seconds=72 * 3600,
    unmanned=False,
    minimum_assurance=Assurance.BASIC,
    minimum_age=None,
    retention="nothing",
)


@dataclass(frozen=True, slots=True)
class Post:
    """A reader that holds one verified bundle: what ``judge`` is called with, everything switched on."""

    bundle: Bundle
    statuses: BundleStatus
    clock: ReaderClock

    def judged(self, text: str, *, policy: str, seen: Seen) -> Verdict:
        """Return the verdict on a one-way code. This is the call that is timed."""
        return signature_checks.run(
            judge(
                text,
                trust=self.bundle.trust,
                statuses=self.statuses,
                policy=self.bundle.policies[policy],
                expected=OneWay(),
                clock=self.clock,
                seen=seen,
                training=True,
            )
        )


@cache
def a_post() -> Post:
    """Open a signed bundle: trust table, two policies, and a snapshot of 2^20 entries with 2 % that are not valid."""
    places = random.Random("revoked").sample([place for place in range(1 << 20) if place != 123_456], 20_972)
    snapshot = a_snapshot(dict.fromkeys(places, 0))
    parts = bundle_parts(
        snapshots=(signed_snapshot(snapshot),),
        policies=(signed_policy(BUILT_IN["rail-gate"]), signed_policy(NAME_ONLY)),
    )
    opening = open_bundle(
        parts.packed(), list_signer_point=signer("list signer").point, specimen=True, floors=Floors(), now=NOW
    )
    bundle = signature_checks.run(opening)
    return Post(bundle, BundleStatus(bundle), ReaderClock(NOW, doubtful=False, confirmed=True))


@cache
def a_holder() -> CredentialDataset:
    """A person whose small portrait makes a code of about 1,400 bytes."""
    return a_person(qr_portrait=portrait(_PORTRAIT_BYTES), name_latin=None)


def offline_verdicts() -> list[Figure]:
    """Give the two figures of the offline decision, proven first."""
    post = a_post()
    return [
        _offline("qr-offline-name", post, _WITHOUT_PORTRAIT, NAME_ONLY.policy_id),
        _offline("qr-offline-portrait", post, _WITH_PORTRAIT, "rail-gate"),
    ]


def _offline(name: str, post: Post, groups: Sequence[Group], policy: str) -> Figure:
    copy = issue(person=a_holder())
    code = show_one_way(copy, groups=groups)
    prove_offline(lambda text, seen: post.judged(text, policy=policy, seen=seen), code, copy)
    busy = [f"{number:057d}".encode() for number in range(_BUSY_MEMORY)]

    def prepare() -> Callable[[], None]:
        # A queue at a post: the bureau's key comes back, no holder does, and the memory of the post is busy.
        codes = [_stranger(groups) for _ in range(_QUEUE)]
        seen = InMemorySeen()
        for key in busy:
            seen.first_seen(key, NOW, NOW + 90)

        def run() -> None:
            for text in codes:
                post.judged(text, policy=policy, seen=seen)

        return run

    size = len(qr_token.decode(code))
    return Figure(
        name=name,
        measures=f"checkpoint.decision.judge, text of {size} bytes to GREEN, bundle of 2^20 entries, new holders",
        sample=block(_QUEUE, prepare),
        score=ratio,
        target=Target("x", goal=3, floor=5),
        base=two_verifications(),
    )


def _stranger(groups: Sequence[Group]) -> str:
    copy = issue(person=a_holder(), holder=InProcessSigner.generate())
    return show_one_way(copy, groups=groups)


def prove_offline(judged: Callable[[str, Seen], Verdict], code: str, copy: Copy) -> None:
    """Demand GREEN once, AMBER's memory the second time, and RED for one bit flipped in either signature or the text."""
    seen = InMemorySeen()
    prove_green(judged(code, seen))
    prove(judged(code, seen).reasons == (Reason.SEEN_HERE,), "the same code is GREEN twice")
    token = qr_token.decode(code)
    # Both signatures close their structures; the issuer's is copied unchanged into the token.
    issuer_signature = copy.sd_cwt[-64:]
    in_issuer_signature = flipped(token, token.index(issuer_signature) + 40)
    for bent, reason in (
        (flipped(token, -20), Reason.HOLDER_SIGNATURE_INVALID),
        (in_issuer_signature, Reason.ISSUER_SIGNATURE_INVALID),
    ):
        prove_red(judged(qr_token.encode(bent), InMemorySeen()), reason)


def verified(token: bytes, trust: TrustTable) -> Checks[dict[Group, CborMap]]:
    """Verify a key-binding token and the SD-CWT inside, and open what it shows; base45, time, replay, policy are apart.

    Strict structure, the key of the trust table that the kid names, both signatures, all disclosures. This is timed.
    """
    read = read_kbt(token)
    key = trust.keys[read.sd_cwt.kid]
    if not (yield from check_signature(read.sd_cwt.sign1, key.point, ES256)):
        raise Refused(Reason.ISSUER_SIGNATURE_INVALID, "the issuer's signature does not hold")
    if not (yield from check_signature(read.sign1, read.sd_cwt.claims.holder_point33, ES256)):
        raise Refused(Reason.HOLDER_SIGNATURE_INVALID, "the holder's signature does not hold")
    return open_disclosures(read.sd_cwt)


def verifying() -> list[Figure]:
    """Give the figure of verifying an SD-CWT with its key-binding token, proven first."""
    trust = a_post().bundle.trust
    copy = issue(person=a_holder())
    token = qr_token.decode(show_one_way(copy, groups=_WITH_PORTRAIT))
    prove_verified(lambda data: signature_checks.run(verified(data, trust)), token, copy)

    def prepare() -> Callable[[], None]:
        tokens = [qr_token.decode(_stranger(_WITH_PORTRAIT)) for _ in range(_QUEUE)]

        def run() -> None:
            for data in tokens:
                signature_checks.run(verified(data, trust))

        return run

    return [
        Figure(
            name="sd-cwt-verify",
            measures=f"sd_cwt.unpack.read_kbt + both signatures + open_disclosures, {len(token)} bytes, 3 of 10 groups;"
            " base45, time, replay and policy apart, new holders",
            sample=block(_QUEUE, prepare),
            score=ratio,
            target=Target("x", goal=2, floor=3),
            base=two_verifications(),
        )
    ]


def prove_verified(verify: Callable[[bytes], dict[Group, CborMap]], token: bytes, copy: Copy) -> None:
    """Demand the groups shown, and refusal for one bit flipped in either signature or in a disclosure."""
    prove(set(verify(token)) == set(_WITH_PORTRAIT), "the token opens to other groups")
    name = cbor.encode(a_holder().full_name)
    for place, reason in (
        (len(token) - 20, Reason.HOLDER_SIGNATURE_INVALID),
        (token.index(copy.sd_cwt[-64:]) + 40, Reason.ISSUER_SIGNATURE_INVALID),
        # Within a disclosure the holder's signature is what breaks first: it covers the whole SD-CWT.
        (token.index(name) + 3, Reason.HOLDER_SIGNATURE_INVALID),
    ):
        prove_refused(partial(verify, flipped(token, place)), reason)


def issue_sd_cwt(person: CredentialDataset, claims: SdCwtClaims, by: InProcessSigner, *, as_of: date) -> bytes:
    """Return one signed copy with fresh salts. This is the call that is timed."""
    drawn = SystemEntropy().random_bytes(16 * len(GROUPS))
    salts = [drawn[at : at + 16] for at in range(0, len(drawn), 16)]
    draft = pack(person, claims, as_of=as_of, salts=salts, signer_kid=by.key_id, algorithm=ES256)
    return draft.finish(by.sign(draft.to_be_signed()))


def issuing() -> list[Figure]:
    """Give the figure of issuing an SD-CWT, its result shown and judged first."""
    # The same key as the builders', but signing as the product does, not the same way in every run.
    by, holder, person = InProcessSigner.from_scalar(signer("document signer").scalar()), signer("holder"), a_holder()
    claims = clear_claims(holder)
    as_of = datetime.fromtimestamp(MONDAY, UTC).date()

    def issued(to: CredentialDataset = person) -> bytes:
        return issue_sd_cwt(to, claims, by, as_of=as_of)

    def batches() -> Callable[[], None]:
        # A wallet fetches copies by ten; the next person's are another's.
        people = [replace(person, document_number=f"69E{number:08d}") for number in range(_BATCHES)]

        def run() -> None:
            for one in people:
                for _ in range(_BATCH):
                    issued(one)

        return run

    shown = show_one_way(Copy(issued(), holder, claims), groups=_WITH_PORTRAIT)
    prove_green(a_post().judged(shown, policy="rail-gate", seen=InMemorySeen()))
    return [
        Figure(
            name="sd-cwt-issue",
            measures=f"sd_cwt.pack.pack + sign + finish, batches of ten, 10 groups with portrait, {len(issued())} bytes",
            sample=block(_BATCHES * _BATCH, batches),
            score=ratio,
            target=Target("x", goal=6, floor=10),
            base=one_signature(),
        )
    ]
