from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from core.errors import EidError, MalformedInput, Unavailable
from core.reasons import Reason
from wallet_client.addresses import check_address, is_loopback, origin
from wallet_client.ports import HttpRequest
from wallet_client.transport import HttpTransport


def reason_of(action: Callable[[], object]) -> Reason:
    with pytest.raises(EidError) as caught:
        action()
    return caught.value.reason


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/redirect":
            self.send_response(302)
            self.send_header("Location", "/plain")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Type", "Application/JSON; charset=utf-8")
        self.send_header("DPoP-Nonce", "the-nonce")
        self.send_header("Set-Cookie", "a=b")
        if self.path == "/compressed":
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        cookie = self.headers.get("Cookie", "")
        self.wfile.write(b"x" * 2000 if self.path == "/large" else b'{"cookie":"%s"}' % cookie.encode())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.send_response(401)
        self.send_header("WWW-Authenticate", "DPoP")
        self.end_headers()
        seen = (self.headers.get("Content-Type"), self.headers.get("DPoP"), self.headers.get("Accept"))
        self.wfile.write(repr((seen, body)).encode())

    def log_message(self, *args: object) -> None:
        del args


@pytest.fixture(scope="module")
def place() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_answer_is_read_with_the_headers_a_wallet_needs(place: str) -> None:
    with HttpTransport() as transport:
        answer = transport.send(HttpRequest("GET", f"{place}/plain"))
        assert (answer.status, answer.media_type, answer.dpop_nonce) == (200, "application/json", "the-nonce")
        assert answer.json() == {"cookie": ""}


def test_what_is_sent_arrives(place: str) -> None:
    request = HttpRequest("POST", f"{place}/x", media_type="text/x", body=b"body", headers={"DPoP": "proof"})
    with HttpTransport() as transport:
        answer = transport.send(request)
        assert (answer.status, answer.authenticate) == (401, "DPoP")
        assert answer.body == repr((("text/x", "proof", "application/json"), b"body")).encode()
        empty = transport.send(HttpRequest("POST", f"{place}/x", accept="*/*"))
        assert empty.body == repr(((None, None, "*/*"), b"")).encode()


def test_cookies_are_not_sent_back(place: str) -> None:
    with HttpTransport() as transport:
        transport.send(HttpRequest("GET", f"{place}/plain"))
        assert transport.send(HttpRequest("GET", f"{place}/plain")).json() == {"cookie": ""}


def test_a_redirect_is_not_followed(place: str) -> None:
    with HttpTransport() as transport:
        assert transport.send(HttpRequest("GET", f"{place}/redirect")).status == 302


def test_refuses_an_answer_that_is_too_large_or_compressed(place: str) -> None:
    with HttpTransport() as transport:
        with pytest.raises(MalformedInput):
            transport.send(HttpRequest("GET", f"{place}/large", max_bytes=1999))
        assert transport.send(HttpRequest("GET", f"{place}/large", max_bytes=2000)).status == 200
        with pytest.raises(MalformedInput):
            transport.send(HttpRequest("GET", f"{place}/compressed"))


def test_nobody_there_is_unreachable() -> None:
    with HttpTransport() as transport, pytest.raises(Unavailable) as caught:
        transport.send(HttpRequest("GET", "http://127.0.0.1:1/"))
    assert caught.value.reason is Reason.ISSUER_UNREACHABLE


def test_an_address_that_is_not_allowed_is_refused_before_anything_is_sent() -> None:
    with HttpTransport() as transport:
        for url in ("http://eid.example/", "https://10.0.0.1/", "file:///etc/hostname"):
            assert reason_of(lambda at=url: transport.send(HttpRequest("GET", at))) is Reason.ADDRESS_NOT_ALLOWED  # type: ignore[misc]  # a value bound in the loop


@pytest.mark.parametrize(
    "url",
    [
        "https://eid.example/issuer",
        "https://eid.example:8443/a?b=c",
        "https://8.8.8.8/",
        "http://127.0.0.1:8000/issuer",
        "http://127.9.9.9/",
        "http://localhost:8000/",
        "http://[::1]:8000/",
        "https://127.0.0.1/",
    ],
)
def test_these_addresses_are_allowed(url: str) -> None:
    check_address(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "eid.example",
        "http://eid.example/",
        "ftp://eid.example/",
        "file:///etc/hostname",
        "https://",
        "https:///path",
        "https://user@eid.example/",
        "https://user:word@eid.example/",
        "https://:word@eid.example/",
        "https://eid.example/#part",
        "https://eid.example:99999/",
        "https://[::1/",
        "https://eid.example/ space",
        "https://eid.example/\\path",
        "https://eid.example/\x7f",
        "https://例.example/",
        "https://10.0.0.1/",
        "https://192.168.1.1/",
        "https://172.16.0.1/",
        "https://169.254.169.254/latest",
        "https://100.64.0.1/",
        "https://0.0.0.0/",
        "https://[fe80::1]/",
        "https://[fd00::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://10.1/",
        "https://167772161/",
        "https://0x0a000001/",
        "https://internal.0x7f/",
        "http://localhost.example/",
        "http://127.0.0.1.example/",
        "https://eid.example/" + "a" * 2048,
    ],
)
def test_these_addresses_are_refused(url: str) -> None:
    assert reason_of(lambda: check_address(url)) is Reason.ADDRESS_NOT_ALLOWED


def test_an_origin_is_scheme_host_and_port() -> None:
    assert origin("https://EID.example/a") == origin("https://eid.example:443/b")
    assert origin("https://eid.example/") != origin("https://eid.example:8443/")
    assert origin("https://eid.example/") != origin("http://eid.example/")


def test_loopback_is_a_name_or_an_address_of_this_machine() -> None:
    assert [host for host in ("localhost", "127.0.0.1", "::1", "::ffff:127.0.0.1") if not is_loopback(host)] == []
    assert [host for host in ("", "eid.example", "10.0.0.1", "::", "localhost.") if is_loopback(host)] == []
