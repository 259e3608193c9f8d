from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from core.errors import Conflict, Misconfigured, NotFound
from core.reasons import Reason
from keys.algorithms import ALGORITHMS, ES256, Algorithm
from keys.signing import InProcessSigner, KeyPurpose, verify_signature
from keys.storage.files import KeyFiles, StoredKey
from tests.builders.suites import document_signer_of, suite_signer
from tests.builders.trust import document_signer, national_root, seeded_signer

PASSPHRASE = b"correct horse battery staple"
SIGNER = seeded_signer("stored")


@pytest.fixture
def keys(tmp_path: Path) -> KeyFiles:
    return KeyFiles(tmp_path / "keys", PASSPHRASE)


def key_file(folder: Path) -> Path:
    return next((folder / "keys").glob("*.key"))


def test_a_stored_key_signs_after_a_restart(keys: KeyFiles, tmp_path: Path) -> None:
    made = keys.create(KeyPurpose.DOCUMENT_SIGNER, created_at=1_790_000_000)
    again = KeyFiles(tmp_path / "keys", PASSPHRASE).open(KeyPurpose.DOCUMENT_SIGNER, made.key_id)
    assert verify_signature(made.point, made.algorithm, b"m", again.sign(b"m"))
    assert again.certificates == ()


@pytest.mark.parametrize("algorithm", ALGORITHMS, ids=lambda row: row.name)
def test_a_key_of_each_suite_signs_after_a_restart(keys: KeyFiles, tmp_path: Path, algorithm: Algorithm) -> None:
    made = keys.create(KeyPurpose.ONLINE_SIGNER, created_at=1, algorithm=algorithm)
    again = KeyFiles(tmp_path / "keys", PASSPHRASE).open(KeyPurpose.ONLINE_SIGNER)
    assert (again.algorithm, again.point, again.key_id) == (algorithm, made.point, made.key_id)
    assert verify_signature(made.point, algorithm, b"m", again.sign(b"m"))


@pytest.mark.parametrize("algorithm", ALGORITHMS, ids=lambda row: row.name)
def test_a_stored_key_of_each_suite_keeps_its_certificate_and_shows_no_secret(
    keys: KeyFiles, tmp_path: Path, algorithm: Algorithm
) -> None:
    signer = document_signer_of(algorithm)
    keys.store(KeyPurpose.ONLINE_SIGNER, signer, created_at=1)
    assert keys.open(KeyPurpose.ONLINE_SIGNER).certificates == signer.certificates
    assert signer.secret() not in key_file(tmp_path).read_bytes()
    assert (algorithm.name.encode() in key_file(tmp_path).read_bytes()) is False


def test_a_scalar_that_begins_like_a_suites_name_is_still_a_scalar(keys: KeyFiles) -> None:
    signer = InProcessSigner.from_scalar(b"SM2-SM3:" + bytes(23) + b"\1")
    keys.store(KeyPurpose.POST, signer, created_at=1)
    assert keys.open(KeyPurpose.POST).point == signer.point


def test_the_first_suites_keys_are_kept_as_they_always_were(keys: KeyFiles, tmp_path: Path) -> None:
    keys.store(KeyPurpose.POST, SIGNER, created_at=1)
    keys.store(KeyPurpose.ONLINE_SIGNER, suite_signer(ALGORITHMS[1]), created_at=1)
    sizes = {path.name.split("-")[0]: path.stat().st_size for path in (tmp_path / "keys").glob("*.key")}
    # Magic, creation time, nonce, scalar, tag; another suite adds its name and a colon.
    assert sizes == {"post": 8 + 8 + 12 + 32 + 16, "online": 8 + 8 + 12 + 8 + 32 + 16}
    assert keys.open(KeyPurpose.POST).algorithm is ES256


def test_the_files_hold_no_secret_and_are_the_owners_alone(keys: KeyFiles, tmp_path: Path) -> None:
    keys.store(KeyPurpose.POST, SIGNER, created_at=1)
    secret = keys.secret("field-encryption", 32)
    for path in (tmp_path / "keys").iterdir():
        content = path.read_bytes()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        for private in (SIGNER.scalar(), secret):
            assert private not in content
            assert private.hex().encode() not in content
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    assert not list((tmp_path / "keys").glob(".*"))


def test_certificates_lie_beside_their_key_as_pem(keys: KeyFiles, tmp_path: Path) -> None:
    signer = document_signer(national_root())
    keys.store(KeyPurpose.DOCUMENT_SIGNER, signer, created_at=1)
    assert keys.open(KeyPurpose.DOCUMENT_SIGNER).certificates == signer.certificates
    name = f"document-signer-{signer.key_id.hex()}.pem"
    assert (tmp_path / "keys" / name).read_bytes().startswith(b"-----BEGIN CERTIFICATE-----")


def test_certificates_can_be_attached_later_and_once(keys: KeyFiles) -> None:
    signer = document_signer(national_root())
    keys.store(KeyPurpose.DOCUMENT_SIGNER, signer.with_certificates(), created_at=1)
    keys.attach_certificates(KeyPurpose.DOCUMENT_SIGNER, signer.key_id, signer.certificates)
    assert keys.open(KeyPurpose.DOCUMENT_SIGNER).certificates == signer.certificates
    with pytest.raises(Conflict) as caught:
        keys.attach_certificates(KeyPurpose.DOCUMENT_SIGNER, signer.key_id, signer.certificates)
    assert caught.value.reason is Reason.KEY_STATE


def test_the_listing_needs_no_passphrase(keys: KeyFiles, tmp_path: Path) -> None:
    older = keys.create(KeyPurpose.POST, created_at=10)
    newer = keys.create(KeyPurpose.POST, created_at=20)
    keys.secret("nonce", 32)
    assert KeyFiles(tmp_path / "keys", b"").listing() == (
        StoredKey(KeyPurpose.POST, older.key_id, 10),
        StoredKey(KeyPurpose.POST, newer.key_id, 20),
    )
    assert keys.open(KeyPurpose.POST).key_id == newer.key_id


def test_an_absent_folder_lists_nothing(tmp_path: Path) -> None:
    assert KeyFiles(tmp_path / "none", PASSPHRASE).listing() == ()


def test_a_secret_is_made_once_and_stays(keys: KeyFiles, tmp_path: Path) -> None:
    first = keys.secret("look-up", 32)
    assert len(first) == 32
    assert keys.secret("look-up", 32) == first
    assert KeyFiles(tmp_path / "keys", PASSPHRASE).secret("look-up", 32) == first
    assert keys.secret("other", 32) != first


def test_a_secret_moved_to_another_name_does_not_open(keys: KeyFiles, tmp_path: Path) -> None:
    keys.secret("one", 32)
    (tmp_path / "keys" / "one.secret").rename(tmp_path / "keys" / "two.secret")
    with pytest.raises(Misconfigured) as caught:
        keys.secret("two", 32)
    assert caught.value.reason is Reason.KEY_FILE_DAMAGED


@pytest.mark.parametrize("name", ["", "Upper", "../out", "a/b", "-x", "x" * 65])
def test_a_secrets_name_cannot_leave_the_folder(keys: KeyFiles, name: str) -> None:
    with pytest.raises(ValueError):
        keys.secret(name, 32)


def test_a_secret_of_another_size_is_damaged(keys: KeyFiles) -> None:
    keys.secret("size", 16)
    with pytest.raises(Misconfigured) as caught:
        keys.secret("size", 32)
    assert caught.value.reason is Reason.KEY_FILE_DAMAGED


def test_refuses_a_wrong_passphrase(keys: KeyFiles, tmp_path: Path) -> None:
    made = keys.create(KeyPurpose.POST, created_at=1)
    wrong = KeyFiles(tmp_path / "keys", b"wrong")
    for act in (
        wrong.check_passphrase,
        lambda: wrong.open(KeyPurpose.POST, made.key_id),
        lambda: wrong.create(KeyPurpose.POST, created_at=2),
        lambda: wrong.secret("x", 32),
    ):
        with pytest.raises(Misconfigured) as caught:
            act()
        assert caught.value.reason is Reason.PASSPHRASE_WRONG
    assert len(keys.listing()) == 1
    keys.check_passphrase()


def test_refuses_an_empty_passphrase(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as caught:
        KeyFiles(tmp_path, b"").create(KeyPurpose.POST, created_at=1)
    assert caught.value.reason is Reason.PASSPHRASE_MISSING


def test_refuses_a_key_that_is_not_there(keys: KeyFiles) -> None:
    for key_id in (None, bytes(8)):
        with pytest.raises(NotFound) as caught:
            keys.open(KeyPurpose.POST, key_id)
        assert caught.value.reason is Reason.KEY_UNKNOWN
    with pytest.raises(NotFound) as caught:
        keys.check_passphrase()
    assert caught.value.reason is Reason.KEY_UNKNOWN


def test_never_overwrites_a_key(keys: KeyFiles, tmp_path: Path) -> None:
    keys.store(KeyPurpose.POST, SIGNER, created_at=1)
    before = key_file(tmp_path).read_bytes()
    with pytest.raises(Conflict) as caught:
        keys.store(KeyPurpose.POST, SIGNER, created_at=2)
    assert caught.value.reason is Reason.KEY_STATE
    assert key_file(tmp_path).read_bytes() == before
    assert not list((tmp_path / "keys").glob(".*"))


@pytest.mark.parametrize("position", [0, 9, 17, 30, -1])
def test_one_flipped_bit_makes_a_key_file_damaged(keys: KeyFiles, tmp_path: Path, position: int) -> None:
    keys.store(KeyPurpose.POST, SIGNER, created_at=1)
    content = bytearray(key_file(tmp_path).read_bytes())
    content[position] ^= 1
    key_file(tmp_path).write_bytes(bytes(content))
    with pytest.raises(Misconfigured) as caught:
        keys.open(KeyPurpose.POST, SIGNER.key_id)
    assert caught.value.reason is Reason.KEY_FILE_DAMAGED


@pytest.mark.parametrize("size", [0, 5, 16, 28])
def test_a_truncated_key_file_is_damaged(keys: KeyFiles, tmp_path: Path, size: int) -> None:
    keys.store(KeyPurpose.POST, SIGNER, created_at=1)
    key_file(tmp_path).write_bytes(key_file(tmp_path).read_bytes()[:size])
    with pytest.raises(Misconfigured) as caught:
        keys.open(KeyPurpose.POST, SIGNER.key_id)
    assert caught.value.reason is Reason.KEY_FILE_DAMAGED


def test_a_key_cannot_be_renamed_to_another_purpose_or_name(keys: KeyFiles, tmp_path: Path) -> None:
    keys.store(KeyPurpose.POST, SIGNER, created_at=1)
    folder = tmp_path / "keys"
    path = key_file(tmp_path)
    other = seeded_signer("other").key_id
    for purpose, key_id in ((KeyPurpose.NATIONAL_ROOT, SIGNER.key_id), (KeyPurpose.POST, other)):
        path = path.rename(folder / f"{purpose}-{key_id.hex()}.key")
        with pytest.raises(Misconfigured) as caught:
            keys.open(purpose, key_id)
        assert caught.value.reason is Reason.KEY_FILE_DAMAGED


def test_a_damaged_passphrase_file_is_told_from_a_wrong_passphrase(keys: KeyFiles, tmp_path: Path) -> None:
    keys.create(KeyPurpose.POST, created_at=1)
    path = tmp_path / "keys" / "passphrase.json"
    good = json.loads(path.read_text())
    for change in ({"salt": "00" * 16}, {"check": "00"}, {"n": 2**30}, {"version": 2}, {"kdf": "pbkdf2"}, {"sum": ""}):
        path.write_text(json.dumps({**good, **change}))
        with pytest.raises(Misconfigured) as caught:
            KeyFiles(tmp_path / "keys", PASSPHRASE).check_passphrase()
        assert caught.value.reason is Reason.KEY_FILE_DAMAGED
    for text in ("", "[]", "{", '{"version":1,"kdf":"scrypt"}', "[" * 5000):
        path.write_text(text)
        with pytest.raises(Misconfigured) as caught:
            KeyFiles(tmp_path / "keys", PASSPHRASE).check_passphrase()
        assert caught.value.reason is Reason.KEY_FILE_DAMAGED


def test_a_cost_beyond_reason_is_refused_before_it_is_paid(keys: KeyFiles, tmp_path: Path) -> None:
    keys.create(KeyPurpose.POST, created_at=1)
    path = tmp_path / "keys" / "passphrase.json"
    body = json.loads(path.read_text())
    body["n"] = 2**40
    from keys.storage.files import _kdf_sum

    body["sum"] = _kdf_sum(body)
    path.write_text(json.dumps(body))
    with pytest.raises(Misconfigured) as caught:
        KeyFiles(tmp_path / "keys", PASSPHRASE).check_passphrase()
    assert caught.value.reason is Reason.KEY_FILE_DAMAGED


def test_a_damaged_certificate_file_is_named(keys: KeyFiles, tmp_path: Path) -> None:
    signer = document_signer(national_root())
    keys.store(KeyPurpose.DOCUMENT_SIGNER, signer, created_at=1)
    next((tmp_path / "keys").glob("*.pem")).write_text("nothing")
    with pytest.raises(Misconfigured) as caught:
        keys.open(KeyPurpose.DOCUMENT_SIGNER)
    assert caught.value.reason is Reason.KEY_FILE_DAMAGED


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("a file")
    with pytest.raises(Misconfigured) as caught:
        KeyFiles(tmp_path / "keys", PASSPHRASE).create(KeyPurpose.POST, created_at=1)
    assert caught.value.reason is Reason.FILE_UNWRITABLE


def test_a_lost_passphrase_file_is_never_made_anew(keys: KeyFiles, tmp_path: Path) -> None:
    keys.secret("one", 32)
    (tmp_path / "keys" / "passphrase.json").unlink()
    with pytest.raises(Misconfigured) as caught:
        KeyFiles(tmp_path / "keys", PASSPHRASE).create(KeyPurpose.POST, created_at=1)
    assert caught.value.reason is Reason.KEY_FILE_DAMAGED
