"""All settings, read once, frozen, handed down as values."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from core.errors import Misconfigured
from core.reasons import Reason
from keys.certificate_profiles import status_signer_profile

ROLES: Final = ("issuer", "verifier")
_PASSPHRASE_FILE_MAX_BYTES: Final = 4096


class Settings(BaseSettings):
    """One deployment. Every field is read from the environment as ``EID_`` and its name in capitals.

    home:             where data lives: database, keys, published files.
    database_url:     SQLAlchemy address; the default is a SQLite file in ``home``.
    public_url:       what identifiers, ``aud`` and ``htu`` are made from, never the Host header; no slash at its end.
    glyph_font:       TrueType or OpenType file that rare characters of names are drawn with; none: no pictures of them.
    card_font:        TrueType or OpenType file that printed cards are set in; none: Noto Sans CJK of the system.
    bureau:           the bureau this deployment issues for; not needed while the database has one only.
    status_signer_eku: object identifier of the certificate usage of separate signers of status lists, which the draft of
                      Token Status List still leaves open; with it ``eid init`` makes such a signer and lists
                      it. None: the document signers sign their lists.
    roles:            what is switched on, parted by commas.
    behind_tls_proxy: the operator's word that only a TLS-terminating proxy reaches this port.
    """

    model_config = SettingsConfigDict(env_prefix="EID_", frozen=True, extra="ignore", env_ignore_empty=True)

    home: Path = Path("eid-data")
    database_url: SecretStr | None = None
    public_url: str | None = None
    passphrase: SecretStr | None = None
    passphrase_file: Path | None = None
    glyph_font: Path | None = None
    card_font: Path | None = None
    wallet_home: Path = Path("eid-wallet")
    wallet_pin: SecretStr | None = None
    bureau: str | None = Field(default=None, pattern=r"^[0-9]{12}$")
    status_signer_eku: str | None = Field(default=None, pattern=r"^[0-2](\.(0|[1-9][0-9]{0,39}))+$")
    roles: Annotated[frozenset[str], NoDecode] = frozenset(ROLES)
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=1, le=65535)
    behind_tls_proxy: bool = False

    @field_validator("roles", mode="before")
    @classmethod
    def _split_roles(cls, value: object) -> object:
        return frozenset(value.replace(" ", "").split(",")) if isinstance(value, str) else value

    @field_validator("roles")
    @classmethod
    def _known_roles(cls, value: frozenset[str]) -> frozenset[str]:
        if not value or not value <= set(ROLES):
            raise ValueError(f"roles are {', '.join(ROLES)}")
        return value

    @field_validator("status_signer_eku")
    @classmethod
    def _usage_of_its_own(cls, value: str | None) -> str | None:
        if value is not None:
            status_signer_profile(value)
        return value

    @field_validator("public_url")
    @classmethod
    def _plain_url(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("an http(s) URL without query or fragment")
        if parts.username is not None or value.endswith("/"):
            raise ValueError("without a user and without a slash at its end")
        return value

    @property
    def url(self) -> str:
        """The public URL, by default this very port on this machine."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.public_url or f"http://{host}:{self.port}"

    @property
    def database(self) -> str:
        """The SQLAlchemy address of the database."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.home / 'eid.db'}"

    @property
    def keys_folder(self) -> Path:
        """Where encrypted keys lie."""
        return self.home / "keys"

    @property
    def public_folder(self) -> Path:
        """What is published as files: ``status/{bureau}/{list}``, ``trust/list`` and ``trust/root.pem``."""
        return self.home / "public"

    def passphrase_bytes(self) -> bytes:
        """Return the passphrase of the key store; Misconfigured(PASSPHRASE_MISSING) when none was given."""
        if self.passphrase is not None:
            return self.passphrase.get_secret_value().encode()
        if self.passphrase_file is None:
            raise Misconfigured(Reason.PASSPHRASE_MISSING, "set EID_PASSPHRASE or EID_PASSPHRASE_FILE")
        try:
            with self.passphrase_file.open("rb") as file:
                text = file.read(_PASSPHRASE_FILE_MAX_BYTES)
        except OSError as err:
            raise Misconfigured(Reason.PASSPHRASE_MISSING, "EID_PASSPHRASE_FILE cannot be read") from err
        if not text.strip():
            raise Misconfigured(Reason.PASSPHRASE_MISSING, "EID_PASSPHRASE_FILE is empty")
        return text.strip(b"\r\n")


def load_settings(**given: Any) -> Settings:
    """Return the settings of the environment, with what a command was given instead where it is not None.

    Raises Misconfigured(SETTING_INVALID) naming the settings that are wrong, never their values.
    """
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as err:
        names = sorted({f"EID_{str(problem['loc'][0]).upper()}" for problem in err.errors() if problem["loc"]})
        raise Misconfigured(Reason.SETTING_INVALID, f"not valid: {', '.join(names)}") from None


def check_binding(settings: Settings) -> None:
    """Refuse to listen beyond this machine without an https ``public_url`` and a TLS proxy in front.

    Raises Misconfigured(SETTING_INVALID).
    """
    if is_loopback(settings.host):
        return
    if not settings.url.startswith("https://"):
        raise Misconfigured(Reason.SETTING_INVALID, "beyond this machine EID_PUBLIC_URL must be https")
    if not settings.behind_tls_proxy:
        raise Misconfigured(
            Reason.SETTING_INVALID, "put a TLS proxy in front and say so with EID_BEHIND_TLS_PROXY=true"
        )


def is_loopback(host: str) -> bool:
    """Say whether a host names this machine only.

    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, True, False)
    """
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
