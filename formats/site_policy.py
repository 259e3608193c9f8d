"""What a kind of site may ask, how it checks and what it keeps: values that cannot exist outside the rules."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from core.errors import EidError, MalformedInput, Refused
from core.reasons import Reason
from formats import cose
from formats.cose import Checks, Sign1Draft
from formats.dataset import GROUPS, Group
from formats.encoding import cbor
from formats.encoding.cbor import CborMap, CborValue
from formats.sd_cwt.model import Assurance
from keys.algorithms import ES256

TYP = "eid-policy+cose"
MAX_BYTES = 4096
HOUR = 3600

POLICE = "police-spot-check"
SITE_KINDS = (POLICE, "rail-gate", "hotel", "net-cafe", "government-counter", "parcel-desk", "age-limited-shop")
"""The built-in site kinds; on the wire their place in this tuple, from 1, stands for the word."""

PAPER = "claim-169"
FORMS = frozenset({"dc+sd-jwt", "mso_mdoc", "eid1", PAPER})
ELECTRONIC_FORMS = FORMS - {PAPER}

KeyLookup: TypeAlias = Callable[[bytes], "bytes | None"]
"""From a kid to the 33-byte point of a key trusted for the part that is read; None when there is none."""

_CHALLENGE_ONLY = frozenset({Group.ADDRESS, Group.CITIZEN_NUMBER})
_LONGEST_WORD = 40
_LONGEST_TEXT = 80


class Mode(StrEnum):
    """How a showing is fresh: it answers this post's challenge, or it lives for sixty seconds."""

    CHALLENGE = "challenge"
    ONE_WAY = "one_way"


@dataclass(frozen=True, slots=True)
class SitePolicy:
    """The rules of one kind of site.

    required, optional: groups that must, and that may, be shown; nothing else may be asked.
    ground_required:    the officer names the legal ground (or purpose) before the holder is asked.
    forms:              accepted credential forms; paper only where it is named.
    unmanned:           no person compares the face: attested holder keys only, never paper.
    minimum_age:        14, 16, 18, 60, 65 or None; answered by the age groups, never by a birth date.
    retention:          what the site keeps, in words.
    number:             grows with each version of the policy; a reader refuses to go back.
    Raises ValueError for a combination the rules of the QR presentation forbid.
    """

    policy_id: str
    site_kind: str
    name_zh: str
    name_en: str
    required: frozenset[Group]
    optional: frozenset[Group]
    ground_required: bool
    modes: frozenset[Mode]
    forms: frozenset[str]
    max_status_age_seconds: int
    max_trust_age_seconds: int
    unmanned: bool
    minimum_assurance: Assurance
    minimum_age: int | None
    retention: str
    number: int = 1

    def __post_init__(self) -> None:
        broken = _broken_rule(self)
        if broken is not None:
            raise ValueError(broken)

    @property
    def groups(self) -> frozenset[Group]:
        """Every group the site may ask for."""
        return self.required | self.optional


def age_group(minimum_age: int) -> Group:
    """Return the group that answers whether this age is reached."""
    return Group.AGE_18 if minimum_age == 18 else Group.OTHER_AGES


def _broken_rule(policy: SitePolicy) -> str | None:
    groups = policy.groups
    needs_challenge = policy.site_kind == POLICE or policy.ground_required or bool(groups & _CHALLENGE_ONLY)
    rules = (
        (bool(policy.required) and not policy.required & policy.optional, "a policy requires a group, and none twice"),
        (bool(policy.modes), "a policy accepts at least one mode"),
        (bool(policy.forms) and policy.forms <= FORMS, "a policy accepts known forms, at least one"),
        (
            not needs_challenge or policy.modes == {Mode.CHALLENGE},
            "police, ground, address and full number: challenge only",
        ),
        (policy.site_kind != POLICE or policy.ground_required, "the police name their ground"),
        (not groups >= {Group.CITIZEN_NUMBER, Group.NUMBER_TAIL}, "no full number where the tail serves"),
        (policy.minimum_age is None or Group.BIRTH_DATE not in groups, "no birth date where an age answer serves"),
        (policy.minimum_age in {None, 14, 16, 18, 60, 65}, "an age limit of the table"),
        (
            policy.minimum_age is None or age_group(policy.minimum_age) in policy.required,
            "an age limit requires the group that answers it",
        ),
        (not policy.unmanned or PAPER not in policy.forms, "an unmanned gate never accepts paper"),
        (policy.max_status_age_seconds > 0 and policy.max_trust_age_seconds > 0, "lists have a largest age"),
        (policy.number > 0, "policies are numbered from 1"),
    )
    return next((rule for kept, rule in rules if not kept), None)


def _built_in(
    kind: str,
    names: tuple[str, str],
    required: Collection[Group],
    *,
    hours: int,
    retention: str,
    optional: Collection[Group] = (),
    ground_required: bool = False,
    trust_hours: int = 72,
    assurance: Assurance = Assurance.BASIC,
    minimum_age: int | None = None,
) -> SitePolicy:
    groups = {*required, *optional}
    challenge_only = ground_required or not _CHALLENGE_ONLY.isdisjoint(groups)
    return SitePolicy(
        policy_id=kind,
        site_kind=kind,
        name_zh=names[0],
        name_en=names[1],
        required=frozenset(required),
        optional=frozenset(optional),
        ground_required=ground_required,
        modes=frozenset({Mode.CHALLENGE}) if challenge_only else frozenset(Mode),
        forms=ELECTRONIC_FORMS,
        max_status_age_seconds=hours * HOUR,
        max_trust_age_seconds=trust_hours * HOUR,
        unmanned=False,
        minimum_assurance=assurance,
        minimum_age=minimum_age,
        retention=retention,
    )


_IDENTITY = (Group.NAME, Group.CITIZEN_NUMBER, Group.PORTRAIT)

BUILT_IN = {
    policy.policy_id: policy
    for policy in (
        _built_in(
            POLICE,
            ("民警盘查", "Police spot check"),
            _IDENTITY,
            hours=4,
            ground_required=True,
            trust_hours=24,
            assurance=Assurance.FULL,
            retention="case log by law, access log 6 months",
        ),
        _built_in(
            "rail-gate",
            ("铁路进站", "Rail gate"),
            (Group.NAME, Group.NUMBER_TAIL, Group.PORTRAIT),
            hours=12,
            retention="counts only",
        ),
        _built_in(
            "hotel",
            ("旅馆登记", "Hotel registration"),
            (*_IDENTITY, Group.DOCUMENT),
            optional=(Group.AGE_18,),
            hours=12,
            retention="register fields, deleted here after upload to the police",
        ),
        _built_in(
            "net-cafe",
            ("网吧登记", "Internet cafe"),
            (*_IDENTITY, Group.AGE_18),
            minimum_age=18,
            hours=24,
            retention="60 days, encrypted",
        ),
        _built_in(
            "government-counter",
            ("政务窗口", "Government counter"),
            (Group.NAME, Group.PORTRAIT),
            optional=(
                Group.BIRTH_DATE,
                Group.CITIZEN_NUMBER,
                Group.CIVIL,
                Group.ADDRESS,
                Group.DOCUMENT,
                Group.OTHER_AGES,
            ),
            hours=1,
            trust_hours=24,
            assurance=Assurance.FULL,
            retention="in the case file",
        ),
        _built_in(
            "parcel-desk",
            ("快递与楼宇", "Parcel desk or building"),
            (Group.NAME, Group.PORTRAIT),
            hours=72,
            retention="nothing",
        ),
        _built_in(
            "age-limited-shop",
            ("年龄限制商店", "Age-limited shop"),
            (Group.AGE_18, Group.PORTRAIT),
            minimum_age=18,
            hours=72,
            retention="nothing",
        ),
    )
}
"""The policies that ship, by their id."""


def strictest() -> SitePolicy:
    """Return the policy that holds when none is named: the police's, the only one that demands a ground."""
    return BUILT_IN[POLICE]


def write_kind(word: str) -> CborValue:
    """Return a site kind or policy id as it stands on the wire: the number of a built-in kind, else the word."""
    return SITE_KINDS.index(word) + 1 if word in SITE_KINDS else word


def read_kind(value: CborValue) -> str:
    """Return the word of a site kind or policy id; CLAIMS_MALFORMED for an unknown number or another text."""
    if type(value) is int and 0 < value <= len(SITE_KINDS):
        return SITE_KINDS[value - 1]
    word = read_word(value)
    if word in SITE_KINDS:
        raise _malformed("a built-in kind is written as its number")
    return word


def write_groups(groups: Collection[Group]) -> int:
    """Return a set of groups as bits: bit 0 is the first group of the table.

    >>> write_groups({Group.NAME, Group.OTHER_AGES})
    513
    """
    return sum(1 << place for place, group in enumerate(GROUPS) if group in groups)


def read_groups(value: CborValue) -> frozenset[Group]:
    """Return the groups of a bit set; CLAIMS_MALFORMED for a bit beyond the table."""
    if type(value) is not int or not 0 <= value < 1 << len(GROUPS):
        raise _malformed("not a set of groups")
    return frozenset(group for place, group in enumerate(GROUPS) if value >> place & 1)


def read_word(value: CborValue) -> str:
    """Return a short identifier of printable ASCII without space; CLAIMS_MALFORMED for anything else."""
    if type(value) is not str or not 0 < len(value) <= _LONGEST_WORD or not value.isascii() or not value.isprintable():
        raise _malformed("not a short identifier")
    if " " in value:
        raise _malformed("an identifier has no space")
    return value


def draft(policy: SitePolicy, *, signer_kid: bytes) -> Sign1Draft:
    """Return the policy as a document to be signed by a policy signer."""
    payload: CborMap = {
        1: policy.policy_id,
        2: policy.site_kind,
        3: policy.name_zh,
        4: policy.name_en,
        5: write_groups(policy.required),
        6: write_groups(policy.optional),
        7: policy.ground_required,
        8: [mode.value for mode in sorted(policy.modes)],
        9: list[CborValue](sorted(policy.forms)),
        10: policy.max_status_age_seconds,
        11: policy.max_trust_age_seconds,
        12: policy.unmanned,
        13: int(policy.minimum_assurance),
        14: policy.minimum_age or 0,
        15: policy.retention,
        16: policy.number,
    }
    return cose.own_draft(TYP, signer_kid, cbor.encode(payload))


def read(data: bytes, *, keys: KeyLookup) -> Checks[SitePolicy]:
    """Return a policy whose signature holds under a key that ``keys`` knows.

    Raises MalformedInput or Refused(BUNDLE_INVALID) for anything else: a policy comes in a bundle or not at all.
    """
    try:
        sign1, kid = cose.decode_own(data, typ=TYP, max_bytes=MAX_BYTES)
    except EidError as err:
        raise MalformedInput(Reason.BUNDLE_INVALID, f"a policy is malformed: {err.detail}") from err
    key = keys(kid)
    if key is None or not (yield from cose.check_signature(sign1, key, ES256)):
        raise Refused(Reason.BUNDLE_INVALID, "a policy is not signed by a policy signer")
    try:
        return _from_payload(cbor.decode_map(sign1.payload, max_bytes=MAX_BYTES))
    except (EidError, ValueError) as err:
        raise MalformedInput(Reason.BUNDLE_INVALID, f"a policy breaks its rules: {err}") from err


def _from_payload(payload: CborMap) -> SitePolicy:
    if payload.keys() != set(range(1, 17)):
        raise _malformed("a policy has sixteen entries")
    minimum_age = _number(payload[14])
    return SitePolicy(
        policy_id=read_word(payload[1]),
        site_kind=read_word(payload[2]),
        name_zh=_text(payload[3]),
        name_en=_text(payload[4]),
        required=read_groups(payload[5]),
        optional=read_groups(payload[6]),
        ground_required=_flag(payload[7]),
        modes=frozenset(Mode(word) for word in _words(payload[8])),
        forms=_words(payload[9]),
        max_status_age_seconds=_number(payload[10]),
        max_trust_age_seconds=_number(payload[11]),
        unmanned=_flag(payload[12]),
        minimum_assurance=Assurance(_number(payload[13])),
        minimum_age=minimum_age or None,
        retention=_text(payload[15]),
        number=_number(payload[16]),
    )


def _malformed(detail: str) -> MalformedInput:
    return MalformedInput(Reason.CLAIMS_MALFORMED, detail)


def _text(value: CborValue) -> str:
    if type(value) is not str or not 0 < len(value) <= _LONGEST_TEXT or not value.isprintable():
        raise _malformed("not a short text")
    return value


def _flag(value: CborValue) -> bool:
    if type(value) is not bool:
        raise _malformed("not true or false")
    return value


def _number(value: CborValue) -> int:
    if type(value) is not int or not 0 <= value < 1 << 32:
        raise _malformed("not an unsigned number of 32 bits")
    return value


def _words(value: CborValue) -> frozenset[str]:
    if type(value) is not list:
        raise _malformed("not a list of words")
    words = [read_word(word) for word in value]
    if words != sorted(set(words)):
        raise _malformed("words are sorted, each once")
    return frozenset(words)
