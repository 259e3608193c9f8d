"""The demonstration: one resident's card from the register to the checkpoint, every actor a process with its own home."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Final

from api.demo.stage import BUREAU, OTHER_READER, READER, WALLET, WALLET_PIN, Said, Stage, Step
from core.clock import Clock, FixedClock, rfc3339
from core.entropy import SystemEntropy
from core.errors import Unavailable
from core.reasons import Reason
from formats import qr_token
from formats.qr_picture import draw_png, version_of
from issuer.register.golden import GOLDEN_COUNT as GOLDEN
from wallet_client.presenting import groups_from_words
from wallet_client.store import WalletStore
from wallet_client.transport import HttpTransport
from wallet_client.wallet import Wallet

PEOPLE: Final = 200
BAD_SHARE: Final = 0.03
REGISTRAR: Final = "registrar-1"
APPROVER: Final = "approver-1"
POST: Final = "post-1"
OTHER_POST: Final = "post-2"
GATE: Final = "rail-gate"
POLICE: Final = "police-spot-check"
COUNTER: Final = "government-counter"
TWO_MINUTES: Final = 120
HALF_A_DAY_AND_AN_HOUR: Final = 13 * 3600
DONE: Final = "done"

_GATE_GROUPS: Final = "name,number_tail,portrait"


def tell(folder: Path, *, clock: Clock, say: Callable[[str], None]) -> Stage:
    """Play the whole story in ``folder`` and return the stage with its steps.

    Raises Unavailable(DEMO_FAILED) when a command fails; a step that ends otherwise than it must is in the steps.
    """
    stage = Stage(folder, say)
    stage.clear()
    stage.passphrase_file.write_text(SystemEntropy().random_bytes(24).hex() + "\n", encoding="ascii")
    stage.passphrase_file.chmod(0o600)
    say(f"口令 · passphrase of the demonstration's keys: {stage.passphrase_file}")
    stage.public_url = f"http://127.0.0.1:{_free_port()}"
    found_and_import(stage)
    record = _first_record(stage)
    with stage.serving() as milliseconds:
        stage.add(Step("启动服务", "serve on loopback", DONE, DONE, milliseconds, remark=stage.public_url))
        credential = issue(stage, record)
        ready_the_readers(stage)
        show_one_way(stage, clock)
        answer_a_challenge(stage)
        show_online(stage)
        forge(stage)
        revoke(stage, credential)
    grow_old(stage, clock)
    return stage


def found_and_import(stage: Stage) -> None:
    """The bureau: founded, its register imported, its cases approved by a second officer."""
    said = stage.eid(BUREAU, "init")
    stage.add(Step("初始化（样证）", "found the bureau (SPECIMEN)", DONE, _done(said), said.milliseconds))
    register = stage.file("register.csv")
    said = stage.eid(BUREAU, "records", "sample", str(PEOPLE), str(register), "--bad-share", str(BAD_SHARE))
    planted = len(said.rows("bad"))
    stage.add(Step("生成虚构人员", "synthetic people", DONE, _done(said), said.milliseconds, remark=f"{PEOPLE}"))
    said = stage.eid(BUREAU, "records", "import", str(register), "--officer", REGISTRAR)
    added, bad = said.number("added"), said.number("bad_rows")
    outcome = DONE if (added, bad) == (PEOPLE - planted, planted) else f"{added} / {bad}"
    stage.add(
        Step("导入登记信息", "import the register", DONE, outcome, said.milliseconds, remark=f"+{added}, {bad} ✗")
    )
    said = stage.eid(BUREAU, "cases", "approve", "--all", "--officer", APPROVER, "--reason", "checked against the file")
    outcome = DONE if said.number("approved") == added else f"{said.number('approved')}"
    stage.add(
        Step("第二名民警批准", "approved by a second officer", DONE, outcome, said.milliseconds, remark=f"{added}")
    )


def issue(stage: Stage, record: str) -> str:
    """The offer, and the wallet that accepts it over HTTP; returns the credential's id."""
    said = stage.eid(
        BUREAU, "offers", "create", "--record", record, "--officer", REGISTRAR, "--qr", str(stage.file("offer.png"))
    )
    credential, link, code = said.text("credential_id"), said.text("offer"), said.text("tx_code")
    stage.add(_drawn("生成领证码", "offer with a transaction code", said, link, "offer.png", level="M"))
    said = stage.eid(WALLET, "wallet", "accept", link, "--tx-code", code)
    stage.add(Step("钱包领取", "the wallet accepts over HTTP", DONE, _done(said), said.milliseconds))
    return credential


def ready_the_readers(stage: Stage) -> None:
    """Two readers: each pins the root, takes its post's key, and loads a bundle."""
    root = stage.homes / BUREAU / "public" / "trust" / "root.pem"
    stage.eid(
        BUREAU, "posts", "add", OTHER_POST, "--place", "样例站二号口", "--site-kind", POLICE, "--officer", REGISTRAR
    )
    for home, post in ((READER, POST), (OTHER_READER, OTHER_POST)):
        bundle = stage.file(f"{post}.eid")
        made = stage.eid(BUREAU, "bundle", "make", str(bundle), "--post", post)
        stage.eid(home, "trust", "pin", str(root), offline=True)
        stage.eid(home, "posts", "enrol", str(stage.homes / BUREAU / "posts" / post), offline=True)
        said = stage.eid(home, "bundle", "update", str(bundle), offline=True)
        remark = f"{made.number('bytes')} B, № {said.number('number')}"
        stage.add(
            Step(f"{post} 载入数据包", f"{post} loads its bundle", DONE, _done(said), said.milliseconds, remark=remark)
        )


def show_one_way(stage: Stage, clock: Clock) -> None:
    """One code: GREEN offline, AMBER the second time, RED two minutes later."""
    said = _present(stage, "one-way.png", "--groups", _GATE_GROUPS)
    stage.add(_drawn("出示二维码", "the wallet shows a one-way code", said, said.text("text"), "one-way.png"))
    picture = str(stage.file("one-way.png"))
    _judge(stage, "离线核验", "checked offline", "GREEN", picture, "--policy", GATE)
    _judge(stage, "同一二维码再次出示", "the same code again", "AMBER", picture, "--policy", GATE, reason="seen_here")
    later = rfc3339(clock.now() + TWO_MINUTES)
    _judge(
        stage, "两分钟后", "two minutes later", "RED", picture, "--policy", GATE, "--now", later, reason="code_expired"
    )


def answer_a_challenge(stage: Stage) -> None:
    """A challenge answered: GREEN where it was asked, RED at another post."""
    said = stage.eid(
        READER,
        "challenge",
        "--policy",
        POLICE,
        "--ground",
        "event",
        "--qr",
        str(stage.file("challenge.png")),
        offline=True,
    )
    asked = said.text("text")
    stage.add(_drawn("岗位出示质询码", "the post shows its challenge", said, asked, "challenge.png"))
    said = _present(stage, "answer.png", "--challenge", asked)
    stage.add(_drawn("钱包应答", "the wallet answers after consent", said, said.text("text"), "answer.png"))
    picture = str(stage.file("answer.png"))
    stage.eid(OTHER_READER, "challenge", "--policy", POLICE, "--ground", "event", offline=True)
    _judge(
        stage,
        "应答拿到另一岗位",
        "that answer at another post",
        "RED",
        picture,
        "--policy",
        POLICE,
        reason="wrong_audience",
        reader=OTHER_READER,
    )
    _judge(stage, "本岗位核验应答", "the answer checked where it was asked", "GREEN", picture, "--policy", POLICE)


def show_online(stage: Stage) -> None:
    """An mdoc shown to an online verifier: GREEN, judged offline as one line of a batch."""
    request = ("--client-id", "x509_san_dns:shop.example", "--nonce", SystemEntropy().random_bytes(16).hex())
    way_back = ("--response-uri", "https://shop.example/answers")
    show = ("wallet", "present", "--online", "--form", "mso_mdoc", *request, *way_back)
    said = stage.eid(WALLET, *show, "--groups", "name,document,portrait", "--yes")
    stage.add(Step("在线出示 mdoc", "the wallet shows an mdoc online", DONE, _done(said), said.milliseconds))
    stage.file("mdoc.txt").write_text(said.text("line") + "\n", encoding="ascii")
    said = stage.eid(READER, "verify", "--batch", str(stage.file("mdoc.txt")), "--policy", COUNTER, offline=True)
    stage.add(Step("核验 mdoc", "the mdoc checked", "GREEN", said.text("verdict"), said.milliseconds))


def forge(stage: Stage) -> None:
    """One bit flipped in a fresh code."""
    said = _present(stage, "forged.png", "--groups", _GATE_GROUPS)
    forged = flip_a_bit(said.text("text"))
    stage.file("forged.txt").write_text(forged, encoding="ascii")
    _draw(forged, stage.file("forged.png"))
    _judge(
        stage,
        "改动一个比特",
        "one bit flipped",
        "RED",
        str(stage.file("forged.png")),
        "--policy",
        GATE,
        reason="holder_signature_invalid",
    )


def revoke(stage: Stage, credential: str) -> None:
    """Revoked by two officers: RED online at once, GREEN by the old bundle with its age, RED after the update."""
    stage.file(f"{POST}.eid").rename(stage.file("old.eid"))
    asked = ("status", "revoke", credential, "--reason", "phone_lost", "--officer")
    stage.eid(BUREAU, *asked, REGISTRAR)
    said = stage.eid(BUREAU, *asked, APPROVER)
    stage.add(Step("两名民警吊销", "revoked by two officers", DONE, _done(said), said.milliseconds))
    for name in ("revoked-online.png", "revoked-old.png", "revoked-new.png"):
        _present(stage, name, "--groups", _GATE_GROUPS)
    picture = str(stage.file("revoked-online.png"))
    _judge(
        stage,
        "联网核验",
        "checked online",
        "RED",
        picture,
        "--policy",
        GATE,
        "--online",
        reason="status_revoked",
        offline=False,
    )
    _judge(
        stage,
        "旧数据包离线核验",
        "offline, by the old bundle",
        "GREEN",
        str(stage.file("revoked-old.png")),
        "--policy",
        GATE,
    )
    stage.eid(BUREAU, "bundle", "make", str(stage.file(f"{POST}.eid")), "--post", POST)
    stage.eid(READER, "bundle", "update", str(stage.file(f"{POST}.eid")), offline=True)
    _judge(
        stage,
        "更新数据包后",
        "after the bundle update",
        "RED",
        str(stage.file("revoked-new.png")),
        "--policy",
        GATE,
        reason="status_reported_lost",
    )


def grow_old(stage: Stage, clock: Clock) -> None:
    """Thirteen hours later, at the reader that never got a new bundle: AMBER, because its list is too old."""
    then = clock.now() + HALF_A_DAY_AND_AN_HOUR
    text = _present_at(stage, then)
    _draw(text, stage.file("later.png"))
    _judge(
        stage,
        "十三小时后，数据包过旧",
        "thirteen hours later, the bundle is too old",
        "AMBER",
        str(stage.file("later.png")),
        "--policy",
        GATE,
        "--now",
        rfc3339(then),
        reason="status_stale",
        reader=OTHER_READER,
    )


def flip_a_bit(text: str) -> str:
    """Return the same code with the last bit of its holder's signature changed."""
    token = bytearray(qr_token.decode(text))
    token[-1] ^= 1
    return qr_token.encode(bytes(token))


def _first_record(stage: Stage) -> str:
    """Return a plain resident: past the golden records, without warnings."""
    records = stage.eid(BUREAU, "records", "list", "--limit", str(PEOPLE)).rows("records")
    plain = [record for record in records[GOLDEN:] if not record["warnings"]]
    if not plain:
        raise Unavailable(Reason.DEMO_FAILED, "the sample holds no plain resident")
    return str(plain[0]["record_id"])


def _present(stage: Stage, name: str, *arguments: str) -> Said:
    return stage.eid(WALLET, "wallet", "present", *arguments, "--qr", str(stage.file(name)), "--yes")


def _present_at(stage: Stage, now: int) -> str:
    """Return a one-way code as the wallet would make it at a later time: the wallet's own library on that clock."""
    store = WalletStore.open(stage.homes / WALLET, WALLET_PIN, clock=FixedClock(now), entropy=SystemEntropy())
    try:
        wallet = Wallet(store, clock=FixedClock(now), entropy=SystemEntropy(), connect=HttpTransport)
        return wallet.present(wallet.choose(groups_from_words(_GATE_GROUPS.split(",")))).text
    finally:
        store.close()


def _judge(
    stage: Stage,
    zh: str,
    en: str,
    expected: str,
    picture: str,
    *arguments: str,
    reason: str = "",
    reader: str = READER,
    offline: bool = True,
) -> None:
    """Let a reader judge a picture, and keep the step: colour and deciding reason must be the expected ones."""
    said = stage.eid(reader, "verify", picture, *arguments, offline=offline)
    reasons = said.facts.get("reasons")
    deciding = str(reasons[0]) if isinstance(reasons, list) and reasons else ""
    verdict = said.text("verdict")
    came_out = verdict if deciding == reason else f"{verdict} {deciding}"
    listed = said.facts.get("status_list")
    age = listed.get("age_seconds") if isinstance(listed, dict) else None
    remark = f"状态列表 · status list: {age} s" if isinstance(age, int) else ""
    stage.add(Step(zh, en, expected, came_out, said.milliseconds, deciding, remark, Path(picture).name))


def _drawn(zh: str, en: str, said: Said, text: str, picture: str, *, level: str = "L") -> Step:
    return Step(
        zh,
        en,
        DONE,
        _done(said),
        said.milliseconds,
        picture=picture,
        qr_version=version_of(text, error_correction=level),
        qr_level=level,
        qr_bytes=_bytes(text),
    )


def _bytes(text: str) -> int:
    """Return the size of what a code carries: the token's bytes, or the link's."""
    return len(qr_token.decode(text)) if text.startswith(qr_token.PREFIX) else len(text)


def _draw(text: str, path: Path) -> None:
    path.write_bytes(draw_png(text))


def _done(said: Said) -> str:
    return DONE if said.code == 0 else said.problem


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
