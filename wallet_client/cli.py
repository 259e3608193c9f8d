"""``eid wallet``: accept, list, show, present, refresh, history."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from core.errors import MalformedInput, Refused
from core.reasons import Reason

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from formats.dataset import Group
    from formats.encoding.cbor import CborMap
    from wallet_client.online import OnlineChoice, OnlineRequest, ShownOnline
    from wallet_client.ports import Transport
    from wallet_client.presenting import Choice, ShownCode
    from wallet_client.records import Showing
    from wallet_client.wallet import HeldCredential, Refreshed, Wallet
    from wallet_client.wording import Wording

DEFAULT_HOME: Final = "eid-wallet"
_DECLINED: Final = 1
_CHALLENGE_FILE_MAX_BYTES: Final = 4096
_ONLINE_FORMATS: Final = ("dc+sd-jwt", "mso_mdoc")

app = typer.Typer(name="wallet", help="钱包 / The wallet", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="一个 JSON 对象 / print one JSON object")]
Lang = Annotated[str | None, typer.Option("--lang", envvar="EID_LANG", help="zh | en")]
Home = Annotated[Path, typer.Option("--wallet-home", envvar="EID_WALLET_HOME", help="钱包目录 / folder of the wallet")]
Groups = Annotated[str | None, typer.Option("--groups", help="逗号分隔 / comma-separated, e.g. name,portrait,age_18")]


@app.command()
def accept(
    offer: Annotated[str, typer.Argument(help="领证链接、JSON 或文件 / offer link, address, JSON, or a file with one")],
    tx_code: Annotated[str | None, typer.Option("--tx-code", help="信函上的验证码 / code from the letter")] = None,
    home: Home = Path(DEFAULT_HOME),
    lang: Lang = None,
    as_json: Json = False,
) -> None:
    """领取证件；中断后再次执行即可继续 / Accept an offer; after a break the same command goes on."""
    wording = _wording(lang)
    with _opened(home, wording, create=True) as wallet:
        accepted = wallet.accept(offer, tx_code)
    held = accepted.credential
    facts = {
        **_credential_facts(held),
        "root_sha256": accepted.root_fingerprint,
        "root_is_new": accepted.root_is_new,
        "specimen": accepted.specimen,
    }
    lines = [wording.say("accepted", bureau=(held.bureau_zh, held.bureau_en))]
    lines += [wording.say("specimen")] if accepted.specimen else []
    lines += [f"{wording.say('root')}:", f"  {accepted.root_fingerprint}"] if accepted.root_is_new else []
    _print(as_json, facts, [*lines, *_credential_lines(held, wording)])


@app.command(name="list")
def list_credentials(home: Home = Path(DEFAULT_HOME), lang: Lang = None, as_json: Json = False) -> None:
    """列出证件，需要时自动更新 / List the credentials; refreshes by itself when it is due."""
    wording = _wording(lang)
    with _opened(home, wording) as wallet:
        refreshed = wallet.refresh_if_due()
        held = wallet.list()
    lines = [line for credential in held for line in _credential_lines(credential, wording)]
    facts = {"credentials": [_credential_facts(one) for one in held], **_refresh_facts(refreshed)}
    _print(as_json, facts, (lines or [wording.say("empty")]) + _refresh_lines(refreshed, wording))


@app.command()
def show(
    credential: Annotated[str | None, typer.Argument(help="证件编号，默认最新 / its name; default: the newest")] = None,
    home: Home = Path(DEFAULT_HOME),
    lang: Lang = None,
    as_json: Json = False,
) -> None:
    """查看本人证件内容，不出示 / Look at what a credential says; nothing is shown to anybody."""
    wording = _wording(lang)
    with _opened(home, wording) as wallet:
        groups = wallet.facts(credential)
    facts = {group.word: {str(key): _plain(value) for key, value in values.items()} for group, values in groups.items()}
    lines = [line for group, values in groups.items() for line in _group_lines(group, values, wording)]
    _print(as_json, {"groups": facts}, lines)


@app.command()
def present(
    challenge: Annotated[
        str | None, typer.Option("--challenge", help="质询码文本或文件 / text of the post's code, or a file with it")
    ] = None,
    groups: Groups = None,
    qr: Annotated[Path | None, typer.Option("--qr", help="二维码图片文件 / write the code as PNG")] = None,
    online: Annotated[bool, typer.Option("--online", help="在线出示，输出文本 / print an online presentation")] = False,
    client_id: Annotated[str | None, typer.Option("--client-id", help="在线核验方 / who asks online")] = None,
    nonce: Annotated[str | None, typer.Option("--nonce", help="请求中的随机数 / nonce of the request")] = None,
    response_uri: Annotated[
        str | None, typer.Option("--response-uri", help="应答地址，mdoc 必需 / where the answer goes; mdoc needs it")
    ] = None,
    form: Annotated[str, typer.Option("--form", help="dc+sd-jwt | mso_mdoc")] = "dc+sd-jwt",
    yes: Annotated[bool, typer.Option("--yes", help="不再询问 / agree without being asked")] = False,
    home: Home = Path(DEFAULT_HOME),
    lang: Lang = None,
    as_json: Json = False,
) -> None:
    """出示二维码：先看谁要看、为什么、看什么 / Show a code; first who asks, why, and for which fields."""
    wording = _wording(lang)
    if online:
        request = _online_request(client_id, nonce, response_uri, form, a_code=challenge is not None or qr is not None)
        _present_online(request, form, _groups(groups), home, wording, yes=yes, as_json=as_json)
        return
    if not (client_id is nonce is response_uri is None):
        raise typer.BadParameter("a request is answered online", param_hint="--online")
    asked = None if challenge is None else _challenge_text(challenge)
    with _opened(home, wording) as wallet:
        choice = wallet.choose(_groups(groups), challenge=asked)
        _ask_consent(_consent_lines(choice, wording), wording, yes=yes, quiet=as_json and yes)
        code = wallet.present(choice)
        _draw(code, choice, qr, wording, as_json=as_json)
        while choice.mode == "one-way" and not (yes or as_json) and _again(wording):
            code = wallet.redraw(code.showing)
            _draw(code, choice, qr, wording, as_json=False)
        refreshed = wallet.refresh_if_due()
    for line in _refresh_lines(refreshed, wording):
        typer.echo(line, err=True)


@app.command()
def refresh(home: Home = Path(DEFAULT_HOME), lang: Lang = None, as_json: Json = False) -> None:
    """联网取新副本 / Fetch new copies."""
    wording = _wording(lang)
    with _opened(home, wording) as wallet:
        refreshed = wallet.refresh()
    _print(as_json, _refresh_facts(refreshed), _refresh_lines(refreshed, wording))


@app.command()
def history(
    export: Annotated[Path | None, typer.Option("--export", help="导出为 JSON 文件 / write it as a JSON file")] = None,
    delete: Annotated[str | None, typer.Option("--delete", help="删除一条或 all / delete one number, or all")] = None,
    home: Home = Path(DEFAULT_HOME),
    lang: Lang = None,
    as_json: Json = False,
) -> None:
    """出示记录，只在本机 / What was shown, when and to whom; it exists here only."""
    wording = _wording(lang)
    number = _showing_number(delete)
    with _opened(home, wording) as wallet:
        rows = wallet.history()
        if export is not None:
            _write(
                export, json.dumps([_showing_facts(row.id, row.record) for row in rows], ensure_ascii=False).encode()
            )
        deleted = wallet.forget(number) if delete is not None else 0
    if delete is not None and number is not None and not deleted:
        raise Refused(Reason.SHOWING_UNKNOWN, "there is no showing of that number")
    lines = [wording.say("exported", count=len(rows), path=str(export))] if export is not None else []
    lines += [wording.say("deleted", count=deleted)] if delete is not None else []
    if export is None and delete is None:
        lines = [_showing_line(row.id, row.record, wording) for row in rows] or [wording.say("no_history")]
    facts = {"showings": [_showing_facts(row.id, row.record) for row in rows], "deleted": deleted}
    _print(as_json, facts, lines)


# --- opening


@contextmanager
def _opened(home: Path, wording: Wording, *, create: bool = False) -> Iterator[Wallet]:
    from core.clock import SystemClock
    from core.entropy import SystemEntropy
    from wallet_client.store import STORE_NAME, WalletStore
    from wallet_client.wallet import Wallet

    clock, entropy = SystemClock(), SystemEntropy()
    missing = not (home / STORE_NAME).exists()
    if missing and not create:
        raise Refused(Reason.WALLET_EMPTY, f"there is no wallet in {home}")
    store = WalletStore.open(home, _pin(wording, is_new=missing), clock=clock, entropy=entropy, create=create)
    try:
        yield Wallet(store, clock=clock, entropy=entropy, connect=_connect)
    finally:
        store.close()


def _connect() -> AbstractContextManager[Transport]:
    from wallet_client.transport import HttpTransport

    return HttpTransport()


def _pin(wording: Wording, *, is_new: bool) -> str:
    pin = os.environ.get("EID_WALLET_PIN")
    if pin is not None:
        return pin
    if not sys.stdin.isatty():
        raise Refused(Reason.WALLET_PIN_WRONG, "no PIN: set EID_WALLET_PIN, or use a terminal")
    pin = _prompt(wording.say("new_pin" if is_new else "pin"))
    if is_new and _prompt(wording.say("new_pin")) != pin:
        raise Refused(Reason.WALLET_PIN_UNFIT, wording.say("pins_differ"))
    return pin


def _prompt(text: str) -> str:
    return str(typer.prompt(text, hide_input=True, err=True))


def _wording(lang: str | None) -> Wording:
    from wallet_client.wording import Wording

    if lang not in {None, "", "zh", "en"}:
        raise typer.BadParameter("zh | en", param_hint="--lang")
    return Wording.chosen(lang, os.environ.get("LC_ALL") or os.environ.get("LANG") or "")


def _groups(text: str | None) -> tuple[Group, ...] | None:
    from wallet_client.presenting import groups_from_words

    return None if text is None else groups_from_words(text.split(","))


def _challenge_text(given: str) -> str:
    """Return the challenge's text: as given, or from the file of that name without its final line break."""
    if given.startswith("EIDC1:"):
        return given
    try:
        with Path(given).open("rb") as file:
            content = file.read(_CHALLENGE_FILE_MAX_BYTES)
        return content.decode("ascii").removesuffix("\n").removesuffix("\r")
    except (OSError, ValueError) as err:
        raise MalformedInput(Reason.CHALLENGE_INVALID, "neither a challenge nor a text file that holds one") from err


def _showing_number(delete: str | None) -> int | None:
    if delete is None or delete == "all":
        return None
    if not (delete.isascii() and delete.isdigit() and len(delete) <= 15):
        raise typer.BadParameter("a number, or all", param_hint="--delete")
    return int(delete)


# --- consent and drawing


def _ask_consent(lines: list[str], wording: Wording, *, yes: bool, quiet: bool) -> None:
    if not quiet:
        for line in lines:
            typer.echo(line, err=True)
    if yes:
        return
    if not sys.stdin.isatty() or not typer.confirm(wording.say("agree"), err=True):
        typer.echo(wording.say("declined"), err=True)
        raise typer.Exit(_DECLINED)


def _consent_lines(choice: Choice, wording: Wording) -> list[str]:
    from wallet_client.wording import ground_name, group_names, site_kind_name

    lines = [wording.say("one_way")]
    if choice.mode != "one-way":
        lines = [
            wording.say("who", place=choice.place, kind=site_kind_name(choice.site_kind)),
            wording.say("post", post=choice.post_id, licence=choice.licence_number),
            wording.say("why", ground=ground_name(choice.ground)),
        ]
    lines.append(wording.say("fields", groups=group_names(choice.groups)))
    held_back = [group for group in choice.asked if group not in choice.groups]
    return lines + ([wording.say("held_back", groups=group_names(held_back))] if held_back else [])


def _draw(code: ShownCode, choice: Choice, qr: Path | None, wording: Wording, *, as_json: bool) -> None:
    from formats.qr_picture import draw_png, draw_terminal
    from wallet_client.wording import instant

    if qr is not None:
        _write(qr, draw_png(code.text))
    facts = {
        "text": code.text,
        "mode": code.mode,
        "groups": [group.word for group in code.groups],
        "place": choice.place,
        "ground": choice.ground,
        "showing": code.showing,
        "signed_at": code.signed_at,
        "expires_at": code.expires_at,
        "reused": code.reused,
        "copies_left": code.copies_left,
        "png": None if qr is None else str(qr),
    }
    lines = [draw_terminal(code.text)] if qr is None or sys.stdout.isatty() else []
    lines += [code.text]
    lines += [wording.say("written", path=str(qr))] if qr is not None else []
    lines += [wording.say("valid_until", until=instant(code.expires_at))] if code.expires_at is not None else []
    lines.append(wording.say("reused") if code.reused else wording.say("left", count=code.copies_left))
    _print(as_json, facts, lines)


def _again(wording: Wording) -> bool:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return False
    return str(typer.prompt(wording.say("redraw"), default="", show_default=False, err=True)).strip() == ""


# --- showing online


def _online_request(
    client_id: str | None, nonce: str | None, response_uri: str | None, form: str, *, a_code: bool
) -> OnlineRequest:
    from wallet_client.online import OnlineRequest

    if form not in _ONLINE_FORMATS:
        raise typer.BadParameter(" | ".join(_ONLINE_FORMATS), param_hint="--form")
    if a_code:
        raise typer.BadParameter("an online presentation is no code", param_hint="--challenge, --qr")
    if client_id is None or nonce is None:
        raise typer.BadParameter("who asks, and the nonce of the request", param_hint="--client-id, --nonce")
    if form == "mso_mdoc" and response_uri is None:
        raise typer.BadParameter("an mdoc is bound to where the answer goes", param_hint="--response-uri")
    return OnlineRequest(client_id, nonce, response_uri)


def _present_online(
    request: OnlineRequest,
    form: str,
    groups: tuple[Group, ...] | None,
    home: Path,
    wording: Wording,
    *,
    yes: bool,
    as_json: bool,
) -> None:
    from wallet_client.records import FORMATS

    with _opened(home, wording) as wallet:
        choice = wallet.choose_online(request, FORMATS[form], groups)
        _ask_consent(_online_consent_lines(choice, wording), wording, yes=yes, quiet=as_json and yes)
        shown = wallet.present_online(choice)
        _print_online(shown, choice, form, wording, as_json=as_json)
        refreshed = wallet.refresh_if_due()
    for line in _refresh_lines(refreshed, wording):
        typer.echo(line, err=True)


def _online_consent_lines(choice: OnlineChoice, wording: Wording) -> list[str]:
    from wallet_client.wording import group_names

    return [
        wording.say("online", client=choice.request.client_id),
        wording.say("fields", groups=group_names(choice.groups)),
    ]


def _print_online(shown: ShownOnline, choice: OnlineChoice, form: str, wording: Wording, *, as_json: bool) -> None:
    from formats.encoding import base64url

    transcript = None if shown.transcript is None else base64url.encode(shown.transcript)
    facts = {
        "text": shown.text,
        "format": form,
        "client_id": choice.request.client_id,
        "nonce": choice.request.nonce,
        "response_uri": choice.request.response_uri,
        "session_transcript": transcript,
        "line": _batch_line(shown, choice, form, transcript),
        "groups": [group.word for group in choice.groups],
        "showing": shown.showing,
        "signed_at": shown.signed_at,
        "reused": shown.reused,
        "copies_left": shown.copies_left,
    }
    lines = [shown.text]
    lines += [] if transcript is None else [wording.say("session", transcript=transcript)]
    lines.append(wording.say("reused") if shown.reused else wording.say("left", count=shown.copies_left))
    _print(as_json, facts, lines)


def _batch_line(shown: ShownOnline, choice: OnlineChoice, form: str, transcript: str | None) -> str:
    """Return the presentation with what it answers, as one line of ``eid verify --batch``."""
    line = {
        "format": form,
        "presentation": shown.text,
        "nonce": choice.request.nonce,
        "audience": choice.request.client_id,
    }
    return json.dumps(line if transcript is None else line | {"session_transcript": transcript})


# --- printing


def _print(as_json: bool, facts: Mapping[str, object], lines: list[str]) -> None:
    for line in [json.dumps(facts, ensure_ascii=False)] if as_json else lines:
        typer.echo(line)


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as err:
        raise Refused(Reason.FILE_UNWRITABLE, f"{path} cannot be written: {type(err).__name__}") from err


def _credential_facts(held: HeldCredential) -> dict[str, object]:
    return {
        "credential": held.name,
        "issuer": held.credential_issuer,
        "bureau_zh": held.bureau_zh,
        "bureau_en": held.bureau_en,
        "accepted_at": held.accepted_at,
        "complete": held.complete,
        "copies": {
            one.form: {"unshown": one.unshown, "shown": one.shown, "expires_at": one.expires_at} for one in held.copies
        },
    }


def _credential_lines(held: HeldCredential, wording: Wording) -> list[str]:
    from wallet_client.wording import form_name, instant

    lines = [wording.say("credential", name=held.name)]
    if held.bureau_zh:
        lines.append("  " + wording.say("bureau", bureau=(held.bureau_zh, held.bureau_en)))
    if not held.complete:
        lines.append("  " + wording.say("incomplete"))
    for one in held.copies:
        form = form_name(one.form)
        if not one.expires_at:
            lines.append("  " + wording.say("no_copies", form=form))
            continue
        until = instant(one.expires_at)
        lines.append("  " + wording.say("copies", form=form, unshown=one.unshown, shown=one.shown, until=until))
    return lines


def _refresh_facts(refreshed: Refreshed | None) -> dict[str, object]:
    if refreshed is None:
        return {"received": 0, "problem": None}
    return {"received": refreshed.received, "problem": refreshed.problem and refreshed.problem.reason.code}


def _refresh_lines(refreshed: Refreshed | None, wording: Wording) -> list[str]:
    if refreshed is None:
        return []
    if refreshed.problem is not None:
        return [wording.say("refresh_failed", why=wording.reason(refreshed.problem.reason))]
    return [wording.say("refreshed", count=refreshed.received)]


def _showing_facts(number: int, row: Showing) -> dict[str, object]:
    return {
        "showing": number,
        "shown_at": row.shown_at,
        "mode": row.mode,
        "place": row.place,
        "site_kind": row.site_kind,
        "post": row.post_id,
        "ground": row.ground,
        "groups": list(row.groups),
        "copy": row.copy_id.hex(),
        "reused": row.reused,
    }


def _showing_line(number: int, row: Showing, wording: Wording) -> str:
    from wallet_client.presenting import groups_from_words
    from wallet_client.wording import ground_name, group_names, instant, site_kind_name

    who = row.place or wording.say("anyone")
    if row.site_kind:
        who = f"{who} ({wording.pick(*site_kind_name(row.site_kind))})"
    ground = f" · {wording.pick(*ground_name(row.ground))}" if row.ground else ""
    return (
        f"{number}  {instant(row.shown_at)}  {who}{ground}  {wording.pick(*group_names(groups_from_words(row.groups)))}"
    )


def _group_lines(group: Group, values: CborMap, wording: Wording) -> list[str]:
    from formats.dataset import ATTRIBUTES, glyphs_in
    from formats.sd_cwt.display import glyph_lines

    drawn = [
        bitmap
        for row in ATTRIBUTES
        if row.name == "glyphs" and row.group is group and row.key is not None and row.key in values
        for _, bitmap in glyphs_in(values[row.key])
    ]
    return [wording.values(group, values), *(line for bitmap in drawn for line in glyph_lines(bitmap))]


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
