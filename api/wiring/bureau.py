"""Builds the bureau's own side: its store of register, cases and officers, over the database and key store of a home."""

from __future__ import annotations

from dataclasses import dataclass

from api.settings import Settings
from api.wiring.issuer import FIELD_SECRET
from core.entropy import Entropy
from core.errors import EidError, Misconfigured
from core.reasons import Reason
from issuer.officers import Officer, acting_officer
from issuer.register.ports import Bureau
from issuer.storage.encryption import KEY_SIZE, KeyWrap
from issuer.storage.engine import open_current
from issuer.storage.store import SqlBureauStore
from keys.certificates import certificates_from_pem, is_specimen
from keys.storage.files import KeyFiles


@dataclass(frozen=True, slots=True)
class BureauSide:
    """One bureau's register, cases and officers.

    specimen: whether the home's national root is a specimen root.
    """

    bureau: Bureau
    store: SqlBureauStore
    specimen: bool

    def close(self) -> None:
        """Close the connections to the database."""
        self.store.close()

    def officer(self, officer_id: str) -> Officer:
        """Return the officer who acts. Raises NotFound(OFFICER_UNKNOWN)."""
        with self.store.reading() as books:
            return acting_officer(self.bureau.bureau, officer_id, book=books.officers)


def open_bureau(settings: Settings, keys: KeyFiles, entropy: Entropy) -> BureauSide:
    """Return the bureau's side of a home.

    Raises Misconfigured for a home that was never initialised, a database of another version, a wrong passphrase, or
    several bureaus with none named.
    """
    root = read_root(settings)
    store = open_store(settings, keys, entropy)
    try:
        with store.reading() as books:
            found = (books.register.bureau(settings.bureau),) if settings.bureau else books.register.bureaus()
        if len(found) != 1:
            raise Misconfigured(Reason.SETTING_INVALID, "say which bureau is meant with EID_BUREAU")
    except EidError:
        store.close()
        raise
    return BureauSide(found[0], store, is_specimen(root))


def open_store(settings: Settings, keys: KeyFiles, entropy: Entropy) -> SqlBureauStore:
    """Return the bureaus' store of a home's database, whose version must be this code's."""
    engine = open_current(settings.database)
    return SqlBureauStore(engine, KeyWrap(keys.secret(FIELD_SECRET, KEY_SIZE), entropy))


def create_store(settings: Settings, keys: KeyFiles, entropy: Entropy) -> SqlBureauStore:
    """Return the bureaus' store of a database that is first brought to this code's version."""
    upgrade_database(settings)
    return open_store(settings, keys, entropy)


def upgrade_database(settings: Settings) -> tuple[str | None, str]:
    """Bring a home's database to this code's version; return its revision before and after."""
    # Alembic takes as long to load as everything else together, and only this needs it.
    from issuer.storage.upgrading import upgrade  # noqa: PLC0415  # loaded for this only

    return upgrade(settings.database)


def read_root(settings: Settings) -> bytes:
    """Return the national root (DER) of a home. Raises Misconfigured(HOME_MISSING)."""
    try:
        return certificates_from_pem((settings.public_folder / "trust" / "root.pem").read_bytes())[0]
    except OSError as err:
        raise Misconfigured(Reason.HOME_MISSING, f"{settings.home} holds no bureau yet") from err
