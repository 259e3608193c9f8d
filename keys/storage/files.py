"""Private keys and secrets at rest: one encrypted file each, certificates as PEM beside them."""

from __future__ import annotations

import json
import os
import re
from binascii import Error as HexError
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from core.entropy import Entropy, SystemEntropy
from core.errors import Conflict, Misconfigured, NotFound, Refused
from core.reasons import Reason
from keys.algorithms import ALGORITHMS, ES256, Algorithm
from keys.certificates import certificates_from_pem, certificates_to_pem
from keys.signing import KeyPurpose, LocalSigner, generate_signer, signer_from_secret

_KDF_FILE: Final = "passphrase.json"
_KEY_MAGIC: Final = b"EIDKEY1\n"
_SECRET_MAGIC: Final = b"EIDSEC1\n"
_CHECK_TEXT: Final = b"eid key folder"
_NONCE_BYTES: Final = 12
_SECRET_BYTES: Final = 32
_SCRYPT: Final = {"n": 2**15, "r": 8, "p": 1}
_SCRYPT_MAX: Final = {"n": 2**20, "r": 16, "p": 8}
_KEY_NAME: Final = re.compile(r"([a-z-]+)-([0-9a-f]{16})\.key")
_SECRET_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


@dataclass(frozen=True, slots=True)
class StoredKey:
    """What a folder says about one key without opening it."""

    purpose: KeyPurpose
    key_id: bytes
    created_at: int


class KeyFiles:
    """The keys in one folder, all under one passphrase.

    A key file holds the private scalar under AES-256-GCM, or the name of another suite than ES256 and that suite's secret;
    purpose, key id and creation time are its associated data, so a file renamed to another purpose does not open. The encrypting key comes from scrypt over the passphrase and the
    folder's salt, derived once: opening ten keys costs one scrypt.
    Nothing is ever overwritten: files appear whole (temporary file, fsync, link) or not at all.
    Errors: Misconfigured(PASSPHRASE_MISSING | PASSPHRASE_WRONG | KEY_FILE_DAMAGED), NotFound(KEY_UNKNOWN).
    """

    def __init__(self, folder: Path, passphrase: bytes, *, entropy: Entropy | None = None) -> None:
        self._folder = folder
        self._passphrase = passphrase
        self._entropy = entropy if entropy is not None else SystemEntropy()
        self._lock = Lock()
        self._cipher: AESGCM | None = None

    def create(self, purpose: KeyPurpose, *, created_at: int, algorithm: Algorithm = ES256) -> LocalSigner:
        """Make a fresh key, store it, and return its signer (without certificates yet).

        Raises Misconfigured(SUITE_UNAVAILABLE) for a suite this machine lacks.
        """
        signer = generate_signer(algorithm)
        self.store(purpose, signer, created_at=created_at)
        return signer

    def store(self, purpose: KeyPurpose, signer: LocalSigner, *, created_at: int) -> None:
        """Store an existing key, with its certificates if it has any; Conflict(KEY_STATE) if it is there already."""
        nonce = self._entropy.random_bytes(_NONCE_BYTES)
        created = created_at.to_bytes(8, "big")
        sealed = self._open_cipher(create=True).encrypt(
            nonce, _labelled(signer), _key_context(purpose, signer.key_id, created)
        )
        self._write_new(self._key_path(purpose, signer.key_id), _KEY_MAGIC + created + nonce + sealed)
        if signer.certificates:
            self.attach_certificates(purpose, signer.key_id, signer.certificates)

    def attach_certificates(self, purpose: KeyPurpose, key_id: bytes, certificates: Sequence[bytes]) -> None:
        """Put a key's certificate chain (DER, leaf first) beside it; Conflict(KEY_STATE) if it has one already."""
        self._write_new(self._key_path(purpose, key_id).with_suffix(".pem"), certificates_to_pem(certificates))

    def open(self, purpose: KeyPurpose, key_id: bytes | None = None) -> LocalSigner:
        """Return the signer for one key; without ``key_id`` the one created last for this purpose."""
        if key_id is None:
            key_id = self._newest(purpose)
        path = self._key_path(purpose, key_id)
        content = _read(path)
        start = len(_KEY_MAGIC) + 8 + _NONCE_BYTES
        if not content.startswith(_KEY_MAGIC) or len(content) <= start:
            raise _damaged(path)
        created = content[len(_KEY_MAGIC) : len(_KEY_MAGIC) + 8]
        nonce = content[len(_KEY_MAGIC) + 8 : start]
        cipher = self._open_cipher(create=False)
        try:
            algorithm, secret = _unlabelled(
                cipher.decrypt(nonce, content[start:], _key_context(purpose, key_id, created))
            )
            signer = signer_from_secret(algorithm, secret, self._certificates(path))
        except (InvalidTag, ValueError) as err:
            raise _damaged(path) from err
        if signer.key_id != key_id:
            raise _damaged(path)
        return signer

    def listing(self) -> tuple[StoredKey, ...]:
        """Return what keys are here, by purpose and age; needs no passphrase."""
        if not self._folder.is_dir():
            return ()
        found = [
            _stored_key(path, match) for path in self._folder.iterdir() if (match := _KEY_NAME.fullmatch(path.name))
        ]
        return tuple(sorted(found, key=lambda key: (key.purpose, key.created_at, key.key_id)))

    def secret(self, name: str, size_bytes: int) -> bytes:
        """Return a symmetric secret, made on first use; every later call, in any process, returns the same bytes.

        name: lower-case letters, digits and hyphens, for example ``field-encryption``.
        """
        if not _SECRET_NAME.fullmatch(name):
            raise ValueError("a secret's name is lower-case letters, digits and hyphens")
        path = self._folder / f"{name}.secret"
        context = b"eid-secret-1\0" + name.encode()
        cipher = self._open_cipher(create=True)
        if not path.exists():
            nonce = self._entropy.random_bytes(_NONCE_BYTES)
            sealed = cipher.encrypt(nonce, self._entropy.random_bytes(size_bytes), context)
            # Another process may have made it meanwhile: then its bytes are the secret.
            with suppress(Conflict):
                self._write_new(path, _SECRET_MAGIC + nonce + sealed)
        content = _read(path)
        start = len(_SECRET_MAGIC) + _NONCE_BYTES
        if not content.startswith(_SECRET_MAGIC):
            raise _damaged(path)
        try:
            secret = cipher.decrypt(content[len(_SECRET_MAGIC) : start], content[start:], context)
        except (InvalidTag, ValueError) as err:
            raise _damaged(path) from err
        if len(secret) != size_bytes:
            raise _damaged(path)
        return secret

    def check_passphrase(self) -> None:
        """Raise Misconfigured(PASSPHRASE_WRONG) now rather than at the first signature."""
        self._open_cipher(create=False)

    def _newest(self, purpose: KeyPurpose) -> bytes:
        keys = [key for key in self.listing() if key.purpose is purpose]
        if not keys:
            raise NotFound(Reason.KEY_UNKNOWN, f"there is no {purpose} key in {self._folder}")
        return keys[-1].key_id

    def _key_path(self, purpose: KeyPurpose, key_id: bytes) -> Path:
        return self._folder / f"{purpose}-{key_id.hex()}.key"

    def _certificates(self, key_path: Path) -> tuple[bytes, ...]:
        path = key_path.with_suffix(".pem")
        if not path.exists():
            return ()
        try:
            return certificates_from_pem(_read(path))
        except Refused as err:
            raise _damaged(path) from err

    def _open_cipher(self, *, create: bool) -> AESGCM:
        with self._lock:
            if self._cipher is None:
                self._cipher = self._derive_cipher(create=create)
            return self._cipher

    def _derive_cipher(self, *, create: bool) -> AESGCM:
        if not self._passphrase:
            raise Misconfigured(Reason.PASSPHRASE_MISSING, "the key folder needs a passphrase")
        path = self._folder / _KDF_FILE
        if create and not path.exists():
            if self.listing() or any(self._folder.glob("*.secret")):
                # A new salt would lock out every key that is here.
                raise _damaged(path)
            self._create_kdf_file(path)
        if not path.exists():
            raise NotFound(Reason.KEY_UNKNOWN, f"there are no keys in {self._folder}")
        parameters = _read_kdf_file(path)
        cipher = AESGCM(self._derive(parameters.salt, parameters.n, parameters.r, parameters.p))
        try:
            cipher.decrypt(parameters.nonce, parameters.check, _kdf_context(parameters.salt))
        except InvalidTag as err:
            raise Misconfigured(Reason.PASSPHRASE_WRONG, f"the passphrase does not open {self._folder}") from err
        return cipher

    def _derive(self, salt: bytes, n: int, r: int, p: int) -> bytes:
        return Scrypt(salt=salt, length=32, n=n, r=r, p=p).derive(self._passphrase)

    def _create_kdf_file(self, path: Path) -> None:
        salt, nonce = self._entropy.random_bytes(16), self._entropy.random_bytes(_NONCE_BYTES)
        key = self._derive(salt, _SCRYPT["n"], _SCRYPT["r"], _SCRYPT["p"])
        check = AESGCM(key).encrypt(nonce, _CHECK_TEXT, _kdf_context(salt))
        body = {
            "version": 1,
            "kdf": "scrypt",
            **_SCRYPT,
            "salt": salt.hex(),
            "nonce": nonce.hex(),
            "check": check.hex(),
        }
        body["sum"] = _kdf_sum(body)
        with suppress(Conflict):
            self._write_new(path, json.dumps(body, indent=1).encode() + b"\n")

    def _write_new(self, path: Path, content: bytes) -> None:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as err:
            raise Misconfigured(Reason.FILE_UNWRITABLE, f"{self._folder} cannot be made: {err.strerror}") from err
        try:
            _write_new(path, content, suffix=self._entropy.random_bytes(8).hex())
        except FileExistsError as err:
            raise Conflict(Reason.KEY_STATE, f"{path.name} exists already and is not overwritten") from err
        except OSError as err:
            raise Misconfigured(Reason.FILE_UNWRITABLE, f"{path} cannot be written: {err.strerror}") from err


@dataclass(frozen=True, slots=True)
class _KdfParameters:
    salt: bytes
    n: int
    r: int
    p: int
    nonce: bytes
    check: bytes


def _read_kdf_file(path: Path) -> _KdfParameters:
    try:
        body = json.loads(_read(path))
        if not isinstance(body, dict) or body.get("version") != 1 or body.get("kdf") != "scrypt":
            raise _damaged(path)
        if body.get("sum") != _kdf_sum(body):
            raise _damaged(path)
        numbers = {name: body[name] for name in _SCRYPT}
        if any(type(value) is not int or not 1 <= value <= _SCRYPT_MAX[name] for name, value in numbers.items()):
            raise _damaged(path)
        texts = {name: bytes.fromhex(body[name]) for name in ("salt", "nonce", "check")}
    except (ValueError, KeyError, TypeError, RecursionError, HexError) as err:
        raise _damaged(path) from err
    return _KdfParameters(
        salt=texts["salt"],
        n=numbers["n"],
        r=numbers["r"],
        p=numbers["p"],
        nonce=texts["nonce"],
        check=texts["check"],
    )


def _kdf_sum(body: Mapping[str, object]) -> str:
    # Tells a damaged file from a wrong passphrase; the passphrase itself is checked by the cipher.
    text = json.dumps({name: value for name, value in body.items() if name != "sum"}, sort_keys=True)
    return sha256(text.encode()).hexdigest()


def _kdf_context(salt: bytes) -> bytes:
    return b"eid-folder-1\0" + salt


def _key_context(purpose: KeyPurpose, key_id: bytes, created: bytes) -> bytes:
    return b"eid-key-1\0" + purpose.value.encode() + b"\0" + key_id + created


def _labelled(signer: LocalSigner) -> bytes:
    # A bare scalar is the first suite's: that is how all keys were kept before there was a second one.
    label = b"" if signer.algorithm is ES256 else signer.algorithm.name.encode() + b":"
    return label + signer.secret()


def _unlabelled(content: bytes) -> tuple[Algorithm, bytes]:
    label, secret = content[:-_SECRET_BYTES], content[-_SECRET_BYTES:]
    labels = {algorithm.name.encode() + b":": algorithm for algorithm in ALGORITHMS if algorithm is not ES256}
    return (labels[label], secret) if label in labels else (ES256, content)


def _stored_key(path: Path, match: re.Match[str]) -> StoredKey:
    try:
        purpose = KeyPurpose(match[1])
    except ValueError as err:
        raise _damaged(path) from err
    head = _read(path)[: len(_KEY_MAGIC) + 8]
    if not head.startswith(_KEY_MAGIC) or len(head) != len(_KEY_MAGIC) + 8:
        raise _damaged(path)
    return StoredKey(purpose, bytes.fromhex(match[2]), int.from_bytes(head[len(_KEY_MAGIC) :], "big"))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as err:
        raise NotFound(Reason.KEY_UNKNOWN, f"there is no {path.name}") from err
    except OSError as err:
        raise Misconfigured(Reason.FILE_UNREADABLE, f"{path} cannot be read: {err.strerror}") from err


def _write_new(path: Path, content: bytes, *, suffix: str) -> None:
    temporary = path.with_name(f".{path.name}.{suffix}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # A link, unlike a rename, fails when the name is taken.
        path.hardlink_to(temporary)
    finally:
        temporary.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _damaged(path: Path) -> Misconfigured:
    return Misconfigured(Reason.KEY_FILE_DAMAGED, f"{path} is damaged: restore it from the backup")
