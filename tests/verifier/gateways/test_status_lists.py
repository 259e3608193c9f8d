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
from formats.status_list import cwt_token
from formats.status_list.cwt_token import build_cwt
from formats.status_list.entries import build_entries
from formats.status_list.history import past_name
from formats.status_list.token import MEDIA_TYPE
from keys.signing import InProcessSigner
from tests.builders.people import a_person
from tests.builders.presentations import (
    INDEX,
    ISSUER,
    OTHER_ISSUER,
    ROOT,
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
from tests.builders.trust import BUREAU, DAY, NOW, OTHER_BUREAU, status_signer
from verifier.checkpoint.offline import EntryState, StatusAnswer
from verifier.gateways.status_lists import (
    KEEP_SECONDS,
    HttpTokens,
    OnlineStatuses,
    PublishedFolder,
    StatedTokens,
    is_fetchable,
)

pytestmark = pytest.mark.usefixtures("each_suite")

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
    assert asked == [f"/status/1?a=b {MEDIA_TYPE}, {cwt_token.MEDIA_TYPE};q=0.5 identity"]


def test_takes_the_cwt_form_as_bytes_where_the_server_has_no_other() -> None:
    tokens = HttpTokens()
    with a_server(giving(b"\xd2\x84", media_type=cwt_token.MEDIA_TYPE)) as address:
        assert tokens.fetch(f"{address}/status/1") == b"\xd2\x84"
    tokens.close()


def test_asks_for_the_past_by_time_beside_whatever_the_address_asks_already() -> None:
    asked: list[str] = []

    def handle(request: BaseHTTPRequestHandler) -> None:
        asked.append(request.path)
        giving(b"a.b.c")(request)

    tokens = HttpTokens()
    with a_server(handle) as address:
        tokens.fetch(f"{address}/status/1", at=1795136400)
        tokens.fetch(f"{address}/status/1?a=b", at=1795136400)
    tokens.close()
    assert asked == ["/status/1?time=1795136400", "/status/1?a=b&time=1795136400"]


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
    "media_type", ["application/jwt", "text/html", "application/cwt", "application/statuslist", "application/json"]
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


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nX-", b"HT"])
def test_gives_up_on_a_server_whose_head_drips(head: bytes) -> None:
    def handle(request: BaseHTTPRequestHandler) -> None:
        try:
            request.wfile.write(head)
            for _ in range(100):
                request.wfile.write(b"a")
                request.wfile.flush()
                time.sleep(0.05)
        except OSError:
            pass

    started = time.monotonic()
    assert refused_fetch(handle, total_seconds=0.2) is Reason.STATUS_UNKNOWN
    assert time.monotonic() - started < 3


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


@pytest.mark.parametrize("host", ["a..b", "xn--", "a" * 64 + ".test"])
def test_a_host_that_no_name_server_could_know_is_unreachable(host: str) -> None:
    tokens = HttpTokens()
    with pytest.raises(Unavailable) as caught:
        tokens.fetch(f"https://{host}/l")
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

    def fetch(self, uri: str, *, at: int | None = None) -> str:  # it has nothing of any time
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


def test_reads_its_own_past_from_its_own_files(tmp_path: Path) -> None:
    past = tmp_path / BUREAU / "past" / "a-1"
    past.mkdir(parents=True)
    (past / past_name(100, 300)).write_text("a.a.a")
    (past / f"{past_name(100, 300)}.cwt").write_bytes(b"\xd2")
    (past / past_name(200, 400)).write_text("b.b.b")
    tokens = PublishedFolder("https://a.example.test", tmp_path, Nowhere())
    uri = f"https://a.example.test/status/{BUREAU}/a-1"
    assert [tokens.fetch(uri, at=inside) for inside in (100, 199, 200, 400)] == ["a.a.a", "a.a.a", "b.b.b", "b.b.b"]
    for outside in (99, 401):
        with pytest.raises(Unavailable):
            tokens.fetch(uri, at=outside)
    with pytest.raises(Unavailable):
        tokens.fetch(uri + "2", at=100)


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
        self.times: list[int | None] = []

    def fetch(self, uri: str, *, at: int | None = None) -> str:
        self.fetched.append(uri)
        self.times.append(at)
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


INVALID_LISTS: dict[str, Callable[[], str | None]] = {
    "none to be had": lambda: None,
    "no token": lambda: "no token",
    "tampered": lambda: tampered(status_token()),
    "another address": lambda: status_token(uri=STATUS_URI + "2"),
    "expired": lambda: status_token(issued_at=NOW - DAY, expires_at=NOW - 31),
    "of the future": lambda: status_token(issued_at=NOW + 31),
    "by a stranger": lambda: status_token(signer=THIEF.with_certificates(*ISSUER.certificates)),
    "without certificates": lambda: status_token(signer=THIEF),
    "another type": lambda: sign_compact(b"{}", ISSUER, typ="dc+sd-jwt"),
    "a bomb": bomb,
}


@pytest.mark.parametrize("name", INVALID_LISTS)
def test_a_list_that_does_not_hold_is_unknown_and_never_valid(name: str) -> None:
    assert look_up(INVALID_LISTS[name]()) is None


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


# --- the CWT form ----------------------------------------------------------------------------------------------------


def cwt(changes: dict[int, int] | None = None, **terms: Any) -> str:
    """A published list in its CWT form, as it is stated: base64url."""
    right: dict[str, Any] = {
        "bits": 2, "issued_at": NOW - 60, "expires_at": NOW + DAY, "ttl_seconds": 300, "signer": ISSUER
    }  # fmt: skip
    bits = terms.get("bits", 2)
    entries = build_entries(1 << 14, bits, changes or {})
    return base64url.encode(build_cwt(terms.pop("uri", STATUS_URI), entries, **{**right, **terms}))


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_a_list_in_the_cwt_form_says_the_same(bits: int) -> None:
    assert look_up(cwt({INDEX: 1}, bits=bits)) == look_up(status_token({INDEX: 1}))
    answer = look_up(cwt(bits=bits))
    assert answer == StatusAnswer(EntryState.VALID, as_of=NOW - 60, expires_at=NOW + DAY, number=None)


INVALID_CWTS: dict[str, Callable[[], str]] = {
    "another address": lambda: cwt(uri=STATUS_URI + "2"),
    "expired": lambda: cwt(issued_at=NOW - DAY, expires_at=NOW - 31),
    "of the future": lambda: cwt(issued_at=NOW + 31),
    "by a stranger": lambda: cwt(signer=THIEF.with_certificates(*ISSUER.certificates)),
    "without certificates": lambda: cwt(signer=THIEF),
    "loose base64url": lambda: cwt() + "=",
    "tag 61 around it": lambda: base64url.encode(b"\xd8\x3d" + base64url.decode(cwt())),
}


@pytest.mark.parametrize("name", INVALID_CWTS)
def test_a_list_in_the_cwt_form_that_does_not_hold_is_unknown_and_never_valid(name: str) -> None:
    assert look_up(INVALID_CWTS[name]()) is None


def test_refuses_the_list_of_another_bureau_in_the_cwt_form() -> None:
    table = trust_table(trusted_key(), trusted_key(OTHER_ISSUER, bureau=OTHER_BUREAU))
    with pytest.raises(Refused) as caught:
        look_up(cwt(signer=OTHER_ISSUER), trust=a_trust(table))
    assert caught.value.reason is Reason.STATUS_WRONG_BUREAU


# --- separate signers of status lists --------------------------------------------------------------------------------

SEPARATE = status_signer(ROOT)
SEPARATE_ELSEWHERE = status_signer(ROOT, bureau=OTHER_BUREAU)


def with_separate(signer: InProcessSigner = SEPARATE, **changes: Any) -> Any:
    row = {"role": KeyRole.STATUS, "forms": frozenset(), **changes}
    return a_trust(trust_table(trusted_key(), trusted_key(signer, **row)))


@pytest.mark.parametrize("form", [status_token, cwt])
def test_a_separate_signer_counts_where_the_trust_table_admits_it(form: Callable[..., str]) -> None:
    token = form({INDEX: 1}, signer=SEPARATE)
    answer = look_up(token, trust=with_separate())
    assert answer is not None
    assert answer.state is EntryState.REVOKED


@pytest.mark.parametrize(
    "changes",
    [
        {"role": KeyRole.CREDENTIAL},
        {"role": KeyRole.BUNDLE},
        {"state": KeyState.COMPROMISED},
        {"valid_from": NOW + 1},
        {"bureau": OTHER_BUREAU},
        {"point": ISSUER.point},
    ],
)
def test_a_separate_signer_of_another_row_is_unknown(changes: dict[str, Any]) -> None:
    assert look_up(status_token(signer=SEPARATE), trust=with_separate(**changes)) is None


def test_a_separate_signer_that_is_not_listed_is_unknown() -> None:
    assert look_up(status_token(signer=SEPARATE)) is None
    assert look_up(status_token(signer=SEPARATE), trust=bare_trust()) is None


def test_a_separate_signer_speaks_for_its_own_bureau_only() -> None:
    trust = with_separate(SEPARATE_ELSEWHERE, bureau=OTHER_BUREAU)
    with pytest.raises(Refused) as caught:
        look_up(status_token(signer=SEPARATE_ELSEWHERE), trust=trust)
    assert caught.value.reason is Reason.STATUS_WRONG_BUREAU


def test_a_separate_signer_signs_no_credential() -> None:
    assert judged(Showing(issuer=SEPARATE), trust=with_separate()).deciding is Reason.CERTIFICATE_INVALID


# --- evidence: the list that was in force then -----------------------------------------------------------------------


def as_of(then: int, tokens: Any, **changes: Any) -> StatusAnswer | None:
    statuses = OnlineStatuses(tokens, a_trust(), changes.get("fallback"))
    return statuses.as_of(then).look_up(BUREAU, STATUS_URI, INDEX)


def test_evidence_is_judged_by_the_list_of_that_time_and_asks_for_it() -> None:
    tokens = Counting({STATUS_URI: status_token(issued_at=NOW - DAY, expires_at=NOW)})
    answer = as_of(NOW - DAY, tokens)
    assert answer == StatusAnswer(EntryState.VALID, as_of=NOW - DAY, expires_at=NOW, number=None)
    assert as_of(NOW, tokens) is not None
    assert tokens.times == [NOW - DAY, NOW]


@pytest.mark.parametrize("then", [NOW - 61, NOW - 60 - DAY, NOW + DAY + 1])
@pytest.mark.parametrize("token", [status_token, cwt])
def test_an_answer_that_does_not_contain_the_time_says_nothing(then: int, token: Callable[[], str]) -> None:
    # A static host ignores the question and gives the present list.
    assert as_of(then, StatedTokens({STATUS_URI: token()})) is None


@pytest.mark.parametrize("then", [NOW - 60, NOW + DAY])
def test_an_answer_that_contains_the_time_counts_to_the_second(then: int) -> None:
    assert as_of(then, StatedTokens({STATUS_URI: status_token()})) is not None


def test_a_present_copy_says_nothing_about_the_past_and_the_past_nothing_about_the_present() -> None:
    tokens = Counting({STATUS_URI: status_token({INDEX: 1})})
    statuses = OnlineStatuses(tokens, a_trust())
    statuses.at(NOW).look_up(BUREAU, STATUS_URI, INDEX)
    tokens.tokens[STATUS_URI] = status_token(issued_at=NOW - DAY, expires_at=NOW)
    then = statuses.as_of(NOW - 10).look_up(BUREAU, STATUS_URI, INDEX)
    now = statuses.at(NOW + 1).look_up(BUREAU, STATUS_URI, INDEX)
    assert (then and then.state, now and now.state) == (EntryState.VALID, EntryState.REVOKED)
    assert tokens.times == [None, NOW - 10]


def test_without_a_past_list_the_bundle_is_asked() -> None:
    answer = as_of(NOW - DAY, StatedTokens({}), fallback=Says(as_of=NOW - 2 * DAY))
    assert answer is not None
    assert answer.as_of == NOW - 2 * DAY


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


def test_a_kept_list_of_the_future_says_nothing_either() -> None:
    statuses = OnlineStatuses(StatedTokens({STATUS_URI: status_token(issued_at=NOW)}), a_trust())
    assert statuses.at(NOW).look_up(BUREAU, STATUS_URI, INDEX) is not None
    assert statuses.at(NOW - 31).look_up(BUREAU, STATUS_URI, INDEX) is None
    assert statuses.at(NOW - 30).look_up(BUREAU, STATUS_URI, INDEX) is not None


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
        (status_token, Colour.GREEN, Reason.ALL_CHECKS_PASSED),
        (lambda: status_token({INDEX: 1}), Colour.RED, Reason.STATUS_REVOKED),
        (lambda: status_token({INDEX: 2}), Colour.RED, Reason.STATUS_SUSPENDED),
        (lambda: status_token(size=16), Colour.RED, Reason.STATUS_INDEX_OUT_OF_RANGE),
        (lambda: status_token(uri=STATUS_URI + "2"), Colour.AMBER, Reason.STATUS_UNKNOWN),
        (bomb, Colour.AMBER, Reason.STATUS_UNKNOWN),
    ],
)
def test_a_presentation_is_judged_with_the_list_its_issuer_published(
    token: Callable[[], str], colour: Colour, reason: Reason
) -> None:
    lookup = OnlineStatuses(StatedTokens({STATUS_URI: token()}), a_trust()).at(NOW)
    verdict = judged(Showing(), statuses=lookup)
    assert (verdict.colour, verdict.deciding) == (colour, reason)
    assert lookup.fetched == (STATUS_URI,)


def test_no_list_is_asked_for_a_credential_that_is_refused() -> None:
    lookup = OnlineStatuses(StatedTokens({STATUS_URI: status_token()}), a_trust()).at(NOW)
    assert judged(Showing(person=a_person(portrait=b"x")), statuses=lookup).colour is Colour.RED
    assert lookup.fetched == ()
