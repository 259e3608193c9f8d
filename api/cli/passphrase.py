"""Asks for the key store's passphrase where the environment gives none and somebody sits at a terminal."""

from __future__ import annotations

import sys

import typer
from pydantic import SecretStr

from api.settings import Settings
from core.errors import Refused
from core.reasons import Reason


def with_passphrase(settings: Settings, *, is_new: bool) -> Settings:
    """Return the settings with a passphrase, asked for on the terminal when neither variable names one.

    is_new: the store is about to be made, so it is typed twice; Refused(PASSPHRASE_WRONG) when the two differ.
    Without a terminal the settings come back as they are, and opening the store says PASSPHRASE_MISSING.
    """
    if settings.passphrase is not None or settings.passphrase_file is not None or not sys.stdin.isatty():
        return settings
    typed = _ask("口令 · Passphrase")
    if is_new and _ask("再次输入 · Again") != typed:
        raise Refused(Reason.PASSPHRASE_WRONG, "the two passphrases differ")
    return settings.model_copy(update={"passphrase": SecretStr(typed)})


def _ask(prompt: str) -> str:
    return str(typer.prompt(prompt, hide_input=True, err=True))
