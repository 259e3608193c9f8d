"""What a verdict is: its checks, its findings, and the fixed tuples of checks that GREEN demands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from core.reasons import Colour, Reason
from formats.dataset import Group
from formats.encoding.cbor import CborMap, CborValue
from formats.site_policy import Mode

FORM: Final = "eid1"
"""The form judged here, as trust tables, policies and batches spell it."""


class Check(StrEnum):
    """One question put to a code. The text is part of every interface."""

    # Equal like texts, so hashed like texts: the hash of Enum is a call of Python's, for every check that passes.
    __hash__ = str.__hash__

    TEXT = "text"
    STRUCTURE = "structure"
    DOCTYPE = "doctype"
    SPECIMEN = "specimen"
    ISSUER_KNOWN = "issuer_known"
    ISSUER_ROLE = "issuer_role"
    ISSUER_STATE = "issuer_state"
    ISSUER_PERIOD = "issuer_period"
    ISSUER_SIGNATURE = "issuer_signature"
    HOLDER_KEY = "holder_key"
    HOLDER_SIGNATURE = "holder_signature"
    MODE = "mode"
    AUDIENCE = "audience"
    NONCE = "nonce"
    CHALLENGE = "challenge"
    TIME = "time"
    REPLAY = "replay"
    VALIDITY = "validity"
    PROOF_VALIDITY = "proof_validity"
    DIGESTS = "digests"
    CONTENT = "content"
    DISCLOSURES = "disclosures"
    GROUPS = "groups"
    SCOPE = "scope"
    STATUS = "status"
    FORM = "form"
    FIELDS = "fields"
    AGE = "age"
    KEY_STORAGE = "key_storage"
    ASSURANCE = "assurance"
    DOCUMENT = "document"
    STATUS_AGE = "status_age"
    TRUST_AGE = "trust_age"
    PAPER = "paper"
    """In its tuple and never passed: paper is bound to nobody's key."""
    COMPLETE = "complete"
    """Not in the tuples below: its finding says that another check was left out or could not be made."""


# GREEN demands that the checks passed are exactly these. The two are written out, so that taking one entry away or
# leaving one call out is a difference that the tests see.
ONE_WAY_CHECKS: Final[tuple[Check, ...]] = (
    Check.TEXT,
    Check.STRUCTURE,
    Check.SPECIMEN,
    Check.ISSUER_KNOWN,
    Check.ISSUER_ROLE,
    Check.ISSUER_STATE,
    Check.ISSUER_PERIOD,
    Check.ISSUER_SIGNATURE,
    Check.HOLDER_KEY,
    Check.HOLDER_SIGNATURE,
    Check.MODE,
    Check.AUDIENCE,
    Check.TIME,
    Check.REPLAY,
    Check.VALIDITY,
    Check.PROOF_VALIDITY,
    Check.DISCLOSURES,
    Check.GROUPS,
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

CHALLENGE_CHECKS: Final[tuple[Check, ...]] = (
    Check.TEXT,
    Check.STRUCTURE,
    Check.SPECIMEN,
    Check.ISSUER_KNOWN,
    Check.ISSUER_ROLE,
    Check.ISSUER_STATE,
    Check.ISSUER_PERIOD,
    Check.ISSUER_SIGNATURE,
    Check.HOLDER_KEY,
    Check.HOLDER_SIGNATURE,
    Check.MODE,
    Check.AUDIENCE,
    Check.NONCE,
    Check.CHALLENGE,
    Check.TIME,
    Check.VALIDITY,
    Check.PROOF_VALIDITY,
    Check.DISCLOSURES,
    Check.GROUPS,
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


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check.

    reason: why it did not pass; None exactly where ``passed`` is true.
    detail: one plain sentence for the log, without claim values.
    """

    check: Check
    passed: bool
    reason: Reason | None = None
    detail: str = ""

    @property
    def colour(self) -> Colour:
        """What this finding makes of a verdict: a check that did not pass is RED unless the table says AMBER."""
        if self.passed and self.reason is None:
            return Colour.GREEN
        return Colour.AMBER if self.reason is not None and self.reason.colour is Colour.AMBER else Colour.RED


class ShownPerson(NamedTuple):
    """What the holder disclosed, by group, already checked; no group that was not shown is here."""

    groups: Mapping[Group, CborMap]

    def value(self, group: Group, key: int) -> CborValue | None:
        """Return one disclosed value by its CWT label, or None where it was not shown."""
        shown = self.groups.get(group)
        return None if shown is None else shown.get(key)


class Verdict(NamedTuple):
    """The answer for the person at the desk. A named tuple, as all that each judgement makes anew.

    mode:           how the showing is fresh; None for a printed card, which is not.
    person:         what was disclosed; None in a RED verdict.
    bureau ...:     the trust table's names for the key whose signature held; None before that.
    trust_age_seconds, trust_number: of the trust list; None under a bare root, where there is none.
    status_age_seconds, status_number: of the list the status was read from; None where none was read.
    held_by_owner:  true only in a GREEN verdict that shows the signed portrait.
    seen_seconds_ago: when this code was used here before; None where it was not.
    bytes:          size of the token inside the code; 0 where the text could not be read.
    """

    colour: Colour
    findings: tuple[Finding, ...]
    mode: Mode | None
    at: int
    training: bool
    trust_age_seconds: int | None
    trust_number: int | None
    person: ShownPerson | None = None
    bureau: str | None = None
    bureau_name_zh: str | None = None
    bureau_name_en: str | None = None
    status_age_seconds: int | None = None
    status_number: int | None = None
    seen_seconds_ago: int | None = None
    held_by_owner: bool = False
    bytes: int = 0

    def passed(self, check: Check) -> bool:
        """Say whether this check was made and holds."""
        return any(finding.check is check and finding.passed for finding in self.findings)

    @property
    def deciding(self) -> Reason:
        """The reason that gave the colour: the first of the worst findings, or ALL_CHECKS_PASSED."""
        for finding in self.findings:
            if finding.reason is not None and finding.colour is self.colour:
                return finding.reason
        return Reason.ALL_CHECKS_PASSED

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """The reasons of all findings not passed, the deciding one first, each once; empty for GREEN."""
        if self.colour is Colour.GREEN:
            return ()
        found = (finding.reason for finding in self.findings if finding.reason is not None)
        return tuple(dict.fromkeys((self.deciding, *found)))
