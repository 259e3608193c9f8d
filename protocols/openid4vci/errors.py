"""Error codes of the credential endpoint (OpenID4VCI 1.0, 8.3.1.2)."""

from __future__ import annotations

from enum import StrEnum


class CredentialErrorCode(StrEnum):
    """What the credential endpoint answers with status 400. Token faults use the codes of RFC 6750 instead."""

    INVALID_CREDENTIAL_REQUEST = "invalid_credential_request"
    UNKNOWN_CREDENTIAL_CONFIGURATION = "unknown_credential_configuration"
    UNKNOWN_CREDENTIAL_IDENTIFIER = "unknown_credential_identifier"
    INVALID_PROOF = "invalid_proof"
    INVALID_NONCE = "invalid_nonce"
    INVALID_ENCRYPTION_PARAMETERS = "invalid_encryption_parameters"
    CREDENTIAL_REQUEST_DENIED = "credential_request_denied"
