"""Settings: defaults that work, and refusals that name the setting and not its value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from api.settings import Settings, check_binding, load_settings
from core.errors import Misconfigured
from core.reasons import Reason


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in [name for name in os.environ if name.startswith("EID_")]:
        monkeypatch.delenv(name)


def refused(**given: Any) -> str:
    with pytest.raises(Misconfigured) as caught:
        load_settings(**given)
    assert caught.value.reason is Reason.SETTING_INVALID
    return caught.value.detail


def test_nothing_set_means_this_machine_only() -> None:
    settings = load_settings()
    assert settings.url == "http://127.0.0.1:8080"
    assert settings.database == "sqlite:///eid-data/eid.db"
    check_binding(settings)


def test_the_environment_is_read_and_a_command_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EID_HOME", "/srv/eid")
    monkeypatch.setenv("EID_PUBLIC_URL", "https://id.example.test")
    monkeypatch.setenv("EID_ROLES", "issuer, verifier")
    settings = load_settings(port=9000, home=None)
    assert settings.home == Path("/srv/eid")
    assert settings.keys_folder == Path("/srv/eid/keys")
    assert (settings.url, settings.port) == ("https://id.example.test", 9000)
    assert settings.roles == {"issuer", "verifier"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("public_url", "id.example.test"), ("public_url", "https://id.example.test/"), ("public_url", "ftp://x"),
        ("public_url", "https://u:p@x"), ("public_url", "https://x?y"), ("roles", "issuer,admin2"), ("roles", ""),
        ("port", 0), ("port", 70000), ("bureau", "69"), ("bureau", "69010100000x"),
    ],
)  # fmt: skip
def test_refuses_settings_that_cannot_be(name: str, value: Any) -> None:
    detail = refused(**{name: value})
    assert f"EID_{name.upper()}" in detail
    assert "x?y" not in detail


def test_settings_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings().port = 1


def test_secrets_are_not_printed() -> None:
    settings = load_settings(passphrase="open sesame", database_url="postgresql://u:hidden@h/d")
    assert "sesame" not in repr(settings)
    assert "hidden" not in repr(settings)
    assert settings.database == "postgresql://u:hidden@h/d"


def test_the_passphrase_comes_from_setting_or_file(tmp_path: Path) -> None:
    assert load_settings(passphrase="open sesame").passphrase_bytes() == b"open sesame"
    path = tmp_path / "passphrase"
    path.write_text("from file\n")
    assert load_settings(passphrase_file=path).passphrase_bytes() == b"from file"
    path.write_text("\n")
    for settings in (
        load_settings(passphrase_file=path),
        load_settings(passphrase_file=tmp_path / "no"),
        load_settings(),
    ):
        with pytest.raises(Misconfigured) as caught:
            settings.passphrase_bytes()
        assert caught.value.reason is Reason.PASSPHRASE_MISSING


@pytest.mark.parametrize(
    "given",
    [
        {"host": "192.0.2.7"},
        {"host": "::"},
        {"host": "192.0.2.7", "public_url": "http://id.example.test", "behind_tls_proxy": True},
        {"host": "192.0.2.7", "public_url": "https://id.example.test"},
    ],
)
def test_refuses_to_listen_beyond_this_machine_without_tls(given: dict[str, Any]) -> None:
    with pytest.raises(Misconfigured) as caught:
        check_binding(load_settings(**given))
    assert caught.value.reason is Reason.SETTING_INVALID


def test_listens_beyond_this_machine_behind_a_tls_proxy() -> None:
    check_binding(Settings(host="::", public_url="https://id.example.test", behind_tls_proxy=True))


def test_the_usage_of_separate_status_signers_is_an_object_identifier_of_its_own() -> None:
    assert load_settings().status_signer_eku is None
    assert load_settings(status_signer_eku="1.3.6.1.5.5.7.3.99").status_signer_eku == "1.3.6.1.5.5.7.3.99"
    # The second is what document signers have: such a certificate would stand in two slots.
    for usage in ("status", "1.0.18013.5.1.2", "1.0.23220.4.1.2", "1..2", "3.1", "1.02", "1"):
        assert "EID_STATUS_SIGNER_EKU" in refused(status_signer_eku=usage)
