"""From the register to the checkpoint: bureau, wallet and readers as processes with homes of their own."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from pathlib import Path

from api.demo.story import flip_a_bit
from api.wiring.reading import READER_FOLDER, ReaderHome, post_reader
from core.clock import SystemClock, rfc3339
from core.entropy import SystemEntropy
from formats.dataset import Group
from formats.sd_jwt.key_binding import bind
from formats.sd_jwt_vc import claim_paths, select
from keys.signing import InProcessSigner
from tests.api.cli.command import PIN, PROCESS_SECONDS, ROOT
from tests.api.cli.world import APPROVER, GATE_GROUPS, PEOPLE, POST, REGISTRAR
from tests.flows import offline
from tests.flows.loop import GATE, GATE_READER, OTHER_POST, POLICE, Loop
from verifier.checkpoint.report import to_json
from verifier.checks.case import ExpectedBinding
from verifier.reading import Terms, read
from wallet_client.records import Form
from wallet_client.store import WalletStore

GREEN: tuple[int, str, list[str]] = (0, "GREEN", [])
SEEN = (2, "AMBER", ["seen_here"])
ONLINE_SECONDS = 5
HALF_A_DAY_AND_AN_HOUR = 13 * 3600


def test_every_row_of_the_register_is_in_or_listed(loop: Loop) -> None:
    assert loop.imported["read"] == PEOPLE
    assert loop.imported["added"] + loop.imported["bad_rows"] == PEOPLE
    assert loop.imported["bad_rows"] > 0


def test_a_reader_holds_the_pinned_root_and_the_bundle_and_nothing_else(loop: Loop) -> None:
    home = loop.home(GATE_READER)
    files = {str(path.relative_to(home)) for path in home.rglob("*") if path.is_file()}
    memory = {f"reader/reader.sqlite{end}" for end in ("", "-wal", "-shm")}
    assert files - memory == {"reader/root.pem", "reader/bundle.eid"}
    root = loop.home("bureau") / "public" / "trust" / "root.pem"
    assert (home / "reader" / "root.pem").read_bytes() == root.read_bytes()


def test_the_guard_of_the_readers_ends_a_process_that_opens_a_socket() -> None:
    """Without this, a reader that needs no network and one that was let through would look alike."""
    script = (
        "import sys, socket; from tests.flows.offline import refuse_sockets; sys.addaudithook(refuse_sockets);"
        "socket.create_connection(('127.0.0.1', int(sys.argv[1])), timeout=5)"
    )
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        done = subprocess.run(
            [*offline.namespace(), sys.executable, "-c", script, str(listener.getsockname()[1])],
            capture_output=True,
            cwd=ROOT,
            timeout=PROCESS_SECONDS,
            check=False,
        )
    assert done.returncode == offline.OPENED_A_SOCKET


def test_a_shown_code_is_green_offline_then_seen_then_expired(loop: Loop) -> None:
    picture = loop.file("one-way.png")
    show = ("wallet", "present", "--groups", GATE_GROUPS, "--qr", picture, "--yes")
    assert loop.process("wallet", *show).done()["png"] == str(picture)
    assert loop.verdict(GATE_READER, picture, *GATE) == GREEN
    assert loop.verdict(GATE_READER, picture, *GATE) == SEEN
    later = rfc3339(SystemClock().now() + 120)
    assert loop.verdict(GATE_READER, picture, *GATE, "--now", later) == (1, "RED", ["code_expired"])


def test_a_challenge_is_answered_where_it_was_asked_and_nowhere_else(loop: Loop) -> None:
    ask = ("challenge", *POLICE, "--ground", "event")
    asked = loop.process(POST, *ask, no_network=True).done()["text"]
    loop.run(OTHER_POST, *ask).done()
    picture = loop.drawn("answer.png", loop.show("--challenge", asked))
    assert loop.verdict(OTHER_POST, picture, *POLICE) == (1, "RED", ["wrong_audience"])
    assert loop.verdict(POST, picture, *POLICE) == GREEN
    assert loop.verdict(POST, picture, *POLICE) == (1, "RED", ["challenge_already_answered"])


def test_a_flipped_bit_is_red_and_the_api_says_the_same_as_the_command(loop: Loop) -> None:
    code = loop.show()
    for text, expected in ((flip_a_bit(code), (1, "RED", ["holder_signature_invalid"])), (code, GREEN), (code, SEEN)):
        answer = loop.asked_of_the_server(id="x", presentation=text, format="eid1", policy="rail-gate")
        assert (answer["verdict"], answer["reasons"]) == expected[1:]
        assert loop.verdict(GATE_READER, text, *GATE) == expected


def test_an_sd_jwt_vc_of_the_same_wallet_gets_the_same_verdict_everywhere(loop: Loop) -> None:
    presentation = sd_jwt_presentation(loop, nonce="n-1", audience="x509_san_dns:shop.example")
    home = ReaderHome(loop.home(POST) / READER_FOLDER)
    clock = SystemClock()
    reader = post_reader(home.bundle(now=clock.now()), anchor=home.anchor(), memory=home.memory, clock=clock)
    for nonce, audience, expected in (
        ("n-1", "x509_san_dns:shop.example", ("GREEN", [])),
        ("n-2", "x509_san_dns:shop.example", ("RED", ["nonce_mismatch"])),
        ("n-1", "x509_san_dns:other.example", ("RED", ["wrong_audience"])),
    ):
        answer = loop.asked_of_the_server(
            id=1,
            presentation=presentation,
            format="dc+sd-jwt",
            nonce=nonce,
            audience=audience,
            policy="government-counter",
        )
        here = read(presentation, reader, Terms(policy_id="government-counter"), ExpectedBinding(nonce, audience))
        said = to_json(here.verdict)
        assert (answer["verdict"], answer["reasons"]) == expected
        assert (said["verdict"], said["reasons"]) == expected


def test_an_mdoc_shown_by_the_command_is_green_in_its_session_only(loop: Loop) -> None:
    request = ("--client-id", "x509_san_dns:shop.example", "--nonce", "n-1", "--response-uri", "https://shop.example/a")
    groups = ",".join(group.word for group in Group)
    show = ("wallet", "present", "--online", "--form", "mso_mdoc", *request, "--groups", groups, "--yes")
    shown, other = loop.process("wallet", *show).done(), loop.process("wallet", *show, "--nonce", "n-2").done()
    line = {"id": 2, "presentation": shown["text"], "format": shown["format"], "policy": "government-counter"}
    for transcript, expected in (
        (shown["session_transcript"], ("GREEN", [])),
        (other["session_transcript"], ("RED", ["holder_signature_invalid"])),
    ):
        answer = loop.asked_of_the_server(**line, session_transcript=transcript)
        assert (answer["verdict"], answer["reasons"]) == expected


def test_the_line_the_wallet_prints_is_one_line_of_a_batch(loop: Loop) -> None:
    request = ("--client-id", "x509_san_dns:shop.example", "--nonce", "n-1", "--response-uri", "https://shop.example/a")
    groups = ",".join(group.word for group in Group)
    show = ("wallet", "present", "--online", *request, "--groups", groups, "--yes", "--form")
    lines = [loop.process("wallet", *show, form).done()["line"] for form in ("dc+sd-jwt", "mso_mdoc")]
    common = {"format", "presentation", "nonce", "audience"}
    assert [json.loads(line).keys() for line in lines] == [common, common | {"session_transcript"}]
    file = loop.file("lines.jsonl")
    file.write_text("".join(f"{line}\n" for line in lines), encoding="ascii")
    judge = ("verify", "--batch", file, "--policy", "government-counter")
    ran = loop.process(POST, *judge, no_network=True)
    said = [json.loads(answer) for answer in ran.out.splitlines()]
    assert [(answer["verdict"], answer["reasons"]) for answer in said] == [("GREEN", []), ("GREEN", [])]
    file.write_text("".join(f"{line}\n".replace('"n-1"', '"n-2"') for line in lines[:1]), encoding="ascii")
    (other,) = loop.process(POST, *judge, no_network=True).out.splitlines()
    assert (json.loads(other)["verdict"], json.loads(other)["reasons"]) == ("RED", ["nonce_mismatch"])


def sd_jwt_presentation(loop: Loop, *, nonce: str, audience: str) -> str:
    """A presentation of everything in one copy of the wallet, bound to a request."""
    clock = SystemClock()
    store = WalletStore.open(loop.home("wallet"), PIN, clock=clock, entropy=SystemEntropy())
    try:
        held = next(copy.record for copy in store.copies() if copy.record.form == Form.SD_JWT_VC)
    finally:
        store.close()
    issued = held.token.decode("ascii")
    selected = select(issued, claim_paths(issued))
    holder = InProcessSigner.from_scalar(held.scalar)
    return bind(selected, nonce=nonce, audience=audience, now=clock.now(), signer=holder)


def test_an_offer_is_accepted_once_and_copies_are_fetched_anew(loop: Loop) -> None:
    offer = loop.offer(loop.records[1])
    first = loop.accept(offer, "second-wallet").done()
    assert {form: left["unshown"] for form, left in first["copies"].items()} == {"qr": 10, "sd-jwt-vc": 3, "mdoc": 3}
    again = loop.accept(offer, "third-wallet")
    assert (again.code, again.problem["error"]) == (1, "offer_unknown")
    received = loop.run("second-wallet", "wallet", "refresh", wallet="second-wallet").done()
    assert (received["received"], received["problem"]) == (16, None)
    assert loop.verdict(GATE_READER, loop.show(wallet="second-wallet"), *GATE)[0] in {0, 2}


def test_a_revocation_acts_online_at_once_and_offline_with_the_bundle(loop: Loop) -> None:
    offer = loop.offer(loop.records[2])
    loop.accept(offer, "lost-wallet").done()
    reader = "loss-reader"
    old = loop.bundle("before-loss.eid")
    loop.ready(reader, old)
    assert loop.verdict(reader, loop.show(wallet="lost-wallet"), *GATE, "--online", no_network=False) == GREEN
    revoke = ("status", "revoke", offer["credential_id"], "--reason", "phone_lost", "--officer")
    assert loop.bureau(*revoke, REGISTRAR)["pending"] is not None
    code = loop.show(wallet="lost-wallet")
    loop.bureau(*revoke, APPROVER)
    assert online_verdict(loop, code, since=time.monotonic()) == ("RED", ["status_revoked"])
    online = (loop.show(wallet="lost-wallet"), *GATE, "--online")
    assert loop.verdict(reader, *online, no_network=False) == (1, "RED", ["status_revoked"])
    ran = loop.process(reader, "verify", loop.show(wallet="lost-wallet"), *GATE, no_network=True)
    assert (ran.code, ran.facts["verdict"]) == (0, "GREEN")
    assert ran.facts["status_list"]["age_seconds"] >= 0
    loop.run(reader, "bundle", "update", loop.bundle("after-loss.eid")).done()
    assert loop.verdict(reader, loop.show(wallet="lost-wallet"), *GATE) == (1, "RED", ["status_reported_lost"])
    downgrade = loop.run(reader, "bundle", "update", old)
    assert (downgrade.code, downgrade.problem["error"]) == (1, "bundle_older")


def online_verdict(loop: Loop, code: str, *, since: float) -> tuple[str, list[str]]:
    """What the server says of a code, asked until it says RED or the time for a revocation to act is over.

    The same code is seen again each time, which is AMBER and hides no RED.
    """
    while True:
        answer = loop.asked_of_the_server(presentation=code, format="eid1", policy="rail-gate")
        if answer["verdict"] == "RED" or time.monotonic() - since > ONLINE_SECONDS:
            return answer["verdict"], answer["reasons"]


def test_a_bundle_older_than_the_site_allows_is_amber(loop: Loop) -> None:
    then = SystemClock().now() + HALF_A_DAY_AND_AN_HOUR
    code = loop.show_at(then)
    assert loop.verdict(GATE_READER, code, *GATE, "--now", rfc3339(then)) == (2, "AMBER", ["status_stale"])


def test_no_reader_and_no_wallet_holds_a_key_of_the_bureau(loop: Loop) -> None:
    keys = {path.read_bytes() for path in (loop.home("bureau") / "keys").iterdir() if path.suffix != ".pem"}
    for actor in (GATE_READER, POST, OTHER_POST, "wallet"):
        assert not keys & {path.read_bytes() for path in Path(loop.home(actor)).rglob("*") if path.is_file()}
