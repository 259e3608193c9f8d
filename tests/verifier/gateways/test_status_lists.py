from __future__ import annotations

import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.errors import EidError, Refused, Unavailable
from core.reasons import Colour, Reason
from formats.bundle.trust_table import KeyRole, KeyState
from formats.encoding import base64url
from formats.jose import sign_compact
from formats.status_list.token import MEDIA_TYPE
from tests.builders.people import a_person
from tests.builders.presentations import (
    INDEX,
    ISSUER,
    OTHER_ISSUER,
    STATUS_URI,
    THIEF,
    Says,
    Showing,
    a_trust,
    bare_trust,
    header_of,
    judged,
    jws,
    status_token,
    trust_table,
    trusted_key,
)
from tests.builders.trust import BUREAU, DAY, NOW, OTHER_BUREAU
from verifier.checkpoint.offline import EntryState, StatusAnswer
from verifier.gateways.status_lists import (
    KEEP_SECONDS,
    HttpTokens,
    OnlineStatuses,
    PublishedFolder,
    StatedTokens,
    is_fetchable,
)

Handler = Callable[[BaseHTTPRequestHandler], None]
QUICK = httpx.Timeout(0.3)


@contextmanager
def a_server(handle: Handler) -> Iterator[str]:
    """An HTTP server on this machine; gives its address without a slash at the end."""

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            handle(self)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def giving(body: bytes, *, status: int = 200, media_type: str = MEDIA_TYPE, **headers: str) -> Handler:
    def handle(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        request.send_header("Content-Type", media_type)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()
        request.wfile.write(body)

    return handle


def refused_fetch(handle: Handler, **limits: Any) -> Reason:
    tokens = HttpTokens(**limits)
    try:
        with a_server(handle) as address, pytest.raises(Unavailable) as caught:
            tokens.fetch(f"{address}/status/1")
    finally:
        tokens.close()
    return caught.value.reason


# --- over HTTP -------------------------------------------------------------------------------------------------------


def test_fetches_a_token_and_asks_for_its_media_type() -> None:
    asked: list[str] = []

    def handle(request: BaseHTTPRequestHandler) -> None:
        asked.append(f"{request.path} {request.headers['Accept']} {request.headers['Accept-Encoding']}")
        giving(b"a.b.c", media_type=f"{MEDIA_TYPE}; charset=utf-8")(request)

    tokens = HttpTokens()
    with a_server(handle) as address:
        assert tokens.fetch(f"{address}/status/1?a=b") == "a.b.c"
    tokens.close()
    assert asked == [f"/status/1?a=b {MEDIA_TYPE} identity"]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_follows_no_redirect(status: int) -> None:
    followed: list[str] = []

    def handle(request: BaseHTTPRequestHandler) -> None:
        followed.append(request.path)
        giving(b"", status=status, Location="/elsewhere")(request)

    assert refused_fetch(handle) is Reason.STATUS_UNKNOWN
    assert followed == ["/status/1"]


@pytest.mark.parametrize("status", [204, 400, 401, 404, 410, 500, 503])
def test_takes_no_document_from_an_error(status: int) -> None:
    assert refused_fetch(giving(b"a.b.c", status=status)) is Reason.STATUS_UNKNOWN


@pytest.mark.parametrize(
    "media_type", ["application/jwt", "text/html", "application/statuslist+cwt", "application/json"]
)
def test_takes_no_other_media_type(media_type: str) -> None:
    assert refused_fetch(giving(b"a.b.c", media_type=media_type)) is Reason.STATUS_UNKNOWN


def test_stops_reading_beyond_one_mebibyte() -> None:
    assert refused_fetch(giving(b"A" * ((1 << 20) + 1))) is Reason.STATUS_UNKNOWN


def test_unpacks_nothing_that_was_sent_packed() -> None:
    bomb = zlib.compress(b"A" * 10_000_000)
    assert refused_fetch(giving(bomb, Content_Encoding="deflate")) is Reason.STATUS_UNKNOWN


def test_takes_no_text_that_is_not_ascii() -> None:
    assert refused_fetch(giving("令牌".encode())) is Reason.STATUS_UNKNOWN


def test_gives_up_on_a_server_that_says_nothing() -> None:
    def handle(request: BaseHTTPRequestHandler) -> None:
        time.sleep(0.8)

    started = time.monotonic()
    assert refused_fetch(handle, timeout=QUICK) is Reason.STATUS_UNKNOWN
    assert time.monotonic() - started < 5


def test_gives_up_on_a_server_that_drips() -> None:
    def handle(request: BaseHTTPRequestHandler) -> None:
        giving(b"")(request)
        try:
            for _ in range(40):
                request.wfile.write(b"a")
                request.wfile.flush()
                time.sleep(0.05)
        except OSError:
            pass

    assert refused_fetch(handle, total_seconds=0.2) is Reason.STATUS_UNKNOWN


def test_an_unreachable_server_is_said_to_be_so() -> None:
    with a_server(giving(b"")) as address:
        gone = address
    tokens = HttpTokens()
    with pytest.raises(Unavailable) as caught:
        tokens.fetch(f"{gone}/status/1")
    tokens.close()
    assert caught.value.reason is Reason.STATUS_UNKNOWN


@pytest.mark.parametrize(
    "uri",
    [
        "http://id.example.test/status/1",
        "http://192.168.1.1/status/1",
        "http://169.254.169.254/latest",
        "http://0.0.0.0/",
        "http://127.0.0.1.example.test/",
        "http://localhost.example.test/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "data:text/plain,a",
        "https://user:secret@id.example.test/",
        "https://id.example.test/#part",
        "https:///status",
        "https://id.example.test:0/",
        "https://id.example.test:99999/",
        "http://[::1",
        "//127.0.0.1/status",
        "",
    ],
)
def test_never_asks_an_address_that_is_neither_https_nor_of_this_machine(uri: str) -> None:
    assert not is_fetchable(uri)
    tokens = HttpTokens()
    with pytest.raises(Unavailable) as caught:
        tokens.fetch(uri)
    tokens.close()
    assert caught.value.reason is Reason.STATUS_UNKNOWN


@pytest.mark.parametrize("uri", ["https://id.example.test/status/1", "http://[::1]:8080/a", "http://localhost/a"])
def test_may_ask_https_and_this_machine(uri: str) -> None:
    assert is_fetchable(uri)


# --- from this server's own files ------------------------------------------------------------------------------------


class Nowhere:
    """A place that has nothing, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def fetch(self, uri: str) -> str:
        self.asked.append(uri)
        raise Unavailable(Reason.STATUS_UNKNOWN, "nothing here")


def test_reads_its_own_lists_from_its_own_files_and_asks_others_for_theirs(tmp_path: Path) -> None:
    (tmp_path / BUREAU).mkdir()
    (tmp_path / BUREAU / "a-1").write_text("a.b.c")
    others = Nowhere()
    tokens = PublishedFolder("http://127.0.0.1:8080", tmp_path, others)
    assert tokens.fetch(f"http://127.0.0.1:8080/status/{BUREAU}/a-1") == "a.b.c"
    with pytest.raises(Unavailable):
        tokens.fetch(f"http://127.0.0.1:8080/status/{BUREAU}/a-2")
    assert others.asked == []
    elsewhere = ["https://other.example.test/status/1", f"http://127.0.0.1:8080/status/{BUREAU}/../../secret"]
    for uri in elsewhere:
        with pytest.raises(Unavailable):
            tokens.fetch(uri)
    assert others.asked == elsewhere


def test_an_own_file_that_is_too_large_is_unknown(tmp_path: Path) -> None:
    (tmp_path / BUREAU).mkdir()
    (tmp_path / BUREAU / "a-1").write_bytes(b"A" * ((1 << 20) + 1))
    with pytest.raises(Unavailable):
        PublishedFolder("https://a.example.test", tmp_path, Nowhere()).fetch(
            f"https://a.example.test/status/{BUREAU}/a-1"
        )


# --- what a list says ------------------------------------------------------------------------------------------------


class Counting:
    """Published tokens that can change, and how often each was fetched."""

    def __init__(self, tokens: dict[str, str]) -> None:
        self.tokens = tokens
        self.fetched: list[str] = []

    def fetch(self, uri: str) -> str:
        self.fetched.append(uri)
        if uri not in self.tokens:
            raise Unavailable(Reason.STATUS_UNKNOWN, "nothing here")
        return self.tokens[uri]


def look_up(token: str | None, *, bureau: str = BUREAU, index: int = INDEX, **changes: Any) -> StatusAnswer | None:
    tokens = StatedTokens({} if token is None else {STATUS_URI: token})
    statuses = OnlineStatuses(tokens, changes.get("trust", a_trust()), changes.get("fallback"))
    return statuses.at(NOW).look_up(bureau, STATUS_URI, index)


@pytest.mark.parametrize(
    ("value", "state"), [(0, EntryState.VALID), (1, EntryState.REVOKED), (2, EntryState.SUSPENDED)]
)
def test_a_list_says_valid_revoked_or_suspended_with_its_own_age(value: int, state: EntryState) -> None:
    answer = look_up(status_token({INDEX: value}))
    assert answer == StatusAnswer(state, as_of=NOW - 60, expires_at=NOW + DAY, number=None)


def test_a_value_without_a_meaning_is_unknown() -> None:
    assert look_up(status_token({INDEX: 3})) is None


def test_a_bare_root_admits_the_lists_of_the_same_bureau() -> None:
    assert look_up(status_token(), trust=bare_trust()) is not None


def tampered(token: str) -> str:
    header, payload, signature = token.split(".")
    return f"{header}.{base64url.encode(base64url.decode(payload).replace(b'idx', b'idx') + b' ')}.{signature}"


def bomb() -> str:
    packed = base64url.encode(zlib.compress(b"\0" * (64 << 20), 9))
    claims = {"sub": STATUS_URI, "iat": NOW, "exp": NOW + DAY, "ttl": 60, "status_list": {"bits": 2, "lst": packed}}
    return jws({**header_of(ISSUER), "typ": "statuslist+jwt"}, claims, ISSUER)


INVALID_LISTS = {
    "none to be had": None,
    "no token": "no token",
    "tampered": tampered(status_token()),
    "another address": status_token(uri=STATUS_URI + "2"),
    "expired": status_token(issued_at=NOW - DAY, expires_at=NOW - 31),
    "of the future": status_token(issued_at=NOW + 31),
    "by a stranger": status_token(signer=THIEF.with_certificates(*ISSUER.certificates)),
    "without certificates": status_token(signer=THIEF),
    "another type": sign_compact(b"{}", ISSUER, typ="dc+sd-jwt"),
    "a bomb": bomb(),
}


@pytest.mark.parametrize("name", INVALID_LISTS)
def test_a_list_that_does_not_hold_is_unknown_and_never_valid(name: str) -> None:
    assert look_up(INVALID_LISTS[name]) is None


@pytest.mark.parametrize("changes", [{"state": KeyState.COMPROMISED}, {"role": KeyRole.CARD}])
def test_a_list_of_a_withdrawn_key_or_another_role_is_unknown(changes: dict[str, Any]) -> None:
    assert look_up(status_token(), trust=a_trust(trust_table(trusted_key(**changes)))) is None


def test_refuses_the_list_of_another_bureau() -> None:
    table = trust_table(trusted_key(), trusted_key(OTHER_ISSUER, bureau=OTHER_BUREAU))
    with pytest.raises(Refused) as caught:
        look_up(status_token(signer=OTHER_ISSUER), trust=a_trust(table))
    assert caught.value.reason is Reason.STATUS_WRONG_BUREAU


def test_a_list_of_another_bureau_that_does_not_hold_accuses_nobody() -> None:
    table = trust_table(trusted_key(), trusted_key(OTHER_ISSUER, bureau=OTHER_BUREAU))
    forged = status_token(signer=THIEF.with_certificates(*OTHER_ISSUER.certificates))
    assert look_up(forged, trust=a_trust(table)) is None


@pytest.mark.parametrize("index", [1 << 14, 1 << 30])
def test_refuses_an_index_beyond_the_list(index: int) -> None:
    with pytest.raises(EidError) as caught:
        look_up(status_token(), index=index)
    assert caught.value.reason is Reason.STATUS_INDEX_OUT_OF_RANGE


def test_falls_back_on_the_bundle_with_the_bundles_age_and_number() -> None:
    answer = look_up(None, fallback=Says(as_of=NOW - 3 * 3600))
    assert answer is not None
    assert (answer.as_of, answer.number) == (NOW - 3 * 3600, 12)
    assert look_up(None, fallback=Says(None)) is None


def test_a_list_that_is_reached_is_asked_before_the_bundle() -> None:
    answer = look_up(status_token({INDEX: 1}), fallback=Says())
    assert answer is not None
    assert answer.state is EntryState.REVOKED


def test_says_which_lists_were_asked_for() -> None:
    lookup = OnlineStatuses(StatedTokens({}), a_trust()).at(NOW)
    assert not lookup.fetched
    lookup.look_up(BUREAU, STATUS_URI, 1)
    lookup.look_up(BUREAU, STATUS_URI, 2)
    assert lookup.fetched == (STATUS_URI,)


# --- how long a copy is kept -----------------------------------------------------------------------------------------


def test_a_copy_is_kept_for_a_few_seconds_and_a_revocation_acts_within_them() -> None:
    tokens = Counting({STATUS_URI: status_token()})
    statuses = OnlineStatuses(tokens, a_trust())

    def state(now: int) -> EntryState | None:
        answer = statuses.at(now).look_up(BUREAU, STATUS_URI, INDEX)
        return None if answer is None else answer.state

    assert [state(NOW), state(NOW + KEEP_SECONDS - 1)] == [EntryState.VALID] * 2
    assert len(tokens.fetched) == 1
    tokens.tokens[STATUS_URI] = status_token({INDEX: 1}, issued_at=NOW + 1)
    assert state(NOW + KEEP_SECONDS) is EntryState.REVOKED
    assert len(tokens.fetched) == 2


def test_a_shorter_ttl_is_honoured() -> None:
    tokens = Counting({STATUS_URI: status_token(ttl_seconds=1)})
    statuses = OnlineStatuses(tokens, a_trust())
    for now in (NOW, NOW + 1, NOW + 2):
        statuses.at(now).look_up(BUREAU, STATUS_URI, INDEX)
    assert len(tokens.fetched) == 3


def test_a_list_that_cannot_be_had_again_is_unknown_when_its_time_is_up() -> None:
    tokens = Counting({STATUS_URI: status_token()})
    statuses = OnlineStatuses(tokens, a_trust())
    assert statuses.at(NOW).look_up(BUREAU, STATUS_URI, INDEX) is not None
    tokens.tokens.clear()
    assert statuses.at(NOW + KEEP_SECONDS).look_up(BUREAU, STATUS_URI, INDEX) is None


def test_a_kept_list_says_nothing_to_another_bureaus_credential() -> None:
    statuses = OnlineStatuses(StatedTokens({STATUS_URI: status_token()}), a_trust())
    assert statuses.at(NOW).look_up(BUREAU, STATUS_URI, INDEX) is not None
    with pytest.raises(Refused) as caught:
        statuses.at(NOW).look_up(OTHER_BUREAU, STATUS_URI, INDEX)
    assert caught.value.reason is Reason.STATUS_WRONG_BUREAU


def test_the_memory_of_lists_is_bounded_and_forgets_the_oldest() -> None:
    uris = [f"{STATUS_URI}-{number}" for number in range(70)]
    tokens = Counting({uri: status_token(uri=uri, size=16) for uri in uris})
    statuses = OnlineStatuses(tokens, a_trust())
    for uri in [*uris, uris[-1], uris[0]]:
        statuses.at(NOW).look_up(BUREAU, uri, 1)
    assert tokens.fetched == [*uris, uris[0]]


# --- together --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("token", "colour", "reason"),
    [
        (status_token(), Colour.GREEN, Reason.ALL_CHECKS_PASSED),
        (status_token({INDEX: 1}), Colour.RED, Reason.STATUS_REVOKED),
        (status_token({INDEX: 2}), Colour.RED, Reason.STATUS_SUSPENDED),
        (status_token(size=16), Colour.RED, Reason.STATUS_INDEX_OUT_OF_RANGE),
        (status_token(uri=STATUS_URI + "2"), Colour.AMBER, Reason.STATUS_UNKNOWN),
        (bomb(), Colour.AMBER, Reason.STATUS_UNKNOWN),
    ],
)
def test_a_presentation_is_judged_with_the_list_its_issuer_published(
    token: str, colour: Colour, reason: Reason
) -> None:
    lookup = OnlineStatuses(StatedTokens({STATUS_URI: token}), a_trust()).at(NOW)
    verdict = judged(Showing(), statuses=lookup)
    assert (verdict.colour, verdict.deciding) == (colour, reason)
    assert lookup.fetched == (STATUS_URI,)


def test_no_list_is_asked_for_a_credential_that_is_refused() -> None:
    lookup = OnlineStatuses(StatedTokens({STATUS_URI: status_token()}), a_trust()).at(NOW)
    assert judged(Showing(person=a_person(portrait=b"x")), statuses=lookup).colour is Colour.RED
    assert lookup.fetched == ()
