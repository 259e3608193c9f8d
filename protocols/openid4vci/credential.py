"""Credential request and response (OpenID4VCI 1.0, 8.2 and 8.3)."""

from __future__ import annotations

from typing import Final, Self

from pydantic import Field

from core.errors import Refused
from core.reasons import Reason
from protocols.wire import WireModel

REQUEST_MAX_BYTES: Final = 128 * 1024
RESPONSE_MAX_BYTES: Final = 1024 * 1024
PROOF_TYPE: Final = "jwt"


class CredentialRequest(WireModel):
    """What a wallet asks for: one configuration, and one key proof for each copy it wants."""

    credential_configuration_id: str = Field(min_length=1, max_length=200)
    proofs: dict[str, list[str]]

    @classmethod
    def read(cls, value: object, *, reason: Reason = Reason.REQUEST_MALFORMED) -> Self:
        """Return the request in a decoded JSON value.

        Raises Refused with the reason the wire needs: CREDENTIAL_IDENTIFIER_UNKNOWN (we hand out none),
        ENCRYPTION_UNSUPPORTED, PROOF_INVALID for missing or foreign proofs; MalformedInput for everything else.
        """
        if isinstance(value, dict):
            if "credential_identifier" in value and "credential_configuration_id" not in value:
                raise Refused(Reason.CREDENTIAL_IDENTIFIER_UNKNOWN, "no credential identifiers were handed out")
            if "credential_identifier" in value:
                value = {**value, "credential_configuration_id": None}
            if "credential_response_encryption" in value:
                raise Refused(Reason.ENCRYPTION_UNSUPPORTED, "encrypted responses are not announced here")
            if "proofs" not in value and type(value.get("credential_configuration_id")) is str:
                raise Refused(Reason.PROOF_INVALID, "the request carries no key proofs")
        return super().read(value, reason=reason)

    def proof_texts(self) -> tuple[str, ...]:
        """Return the key proofs; Refused(PROOF_INVALID) unless ``jwt`` is the one proof type and has at least one."""
        if len(self.proofs) != 1 or not self.proofs.get(PROOF_TYPE):
            raise Refused(Reason.PROOF_INVALID, "proofs must hold exactly one type, jwt, with at least one proof")
        return tuple(self.proofs[PROOF_TYPE])


class IssuedCredential(WireModel):
    """One element of ``credentials``: the credential as its format puts it into JSON."""

    credential: str = Field(min_length=1)


class CredentialResponse(WireModel):
    """The issued copies, in the order of the proofs."""

    credentials: list[IssuedCredential] = Field(min_length=1)
