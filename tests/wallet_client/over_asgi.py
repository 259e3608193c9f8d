"""Our wallet in front of our issuer's whole HTTP side, in one process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import Unavailable
from core.reasons import Reason
from formats.bundle.trust_table import KeyRole
from formats.mdoc.model import DOCTYPE
from formats.sd_jwt_vc import VCT
from formats.trust_list import BureauEntry, Service, TrustListContent, sign_trust_list
from keys.certificates import certificates_to_pem
from keys.lifecycle import KeyState
from keys.signing import KeyPurpose
from tests.builders import trust as trust_builder
from tests.builders.bureau import BUREAU
from tests.builders.issuance import AsgiClient, Desk
from wallet_client.ports import HttpAnswer, HttpRequest


class OverAsgi:
    """The transport port over an application in this process; ``lose_answers`` breaks off after the server's work."""

    def __init__(self, client: AsgiClient, folder: Path) -> None:
        self._client = client
        self._folder = folder
        self.lose_answers: list[str] = []

    @contextmanager
    def connect(self) -> Iterator[OverAsgi]:
        yield self

    def send(self, request: HttpRequest) -> HttpAnswer:
        if request.url.endswith("/trust/root.pem"):
            return HttpAnswer(200, "", (self._folder / "trust" / "root.pem").read_bytes())
        headers = {"Accept": request.accept, **request.headers}
        if request.media_type is not None:
            headers["Content-Type"] = request.media_type
        response = self._client.request(request.method, request.url, content=request.body, headers=headers)
        for path in self.lose_answers:
            if request.url.endswith(path):
                self.lose_answers.remove(path)
                raise Unavailable(Reason.ISSUER_UNREACHABLE, "the answer was lost")
        return HttpAnswer(
            response.status_code,
            response.headers.get("Content-Type", "").split(";")[0],
            response.content,
            response.headers.get("DPoP-Nonce", ""),
            response.headers.get("WWW-Authenticate", ""),
        )


def publish_trust(desk: Desk) -> TrustListContent:
    """Publish the trust list of the desk's bureau, and return what it says."""
    root, reader_root = trust_builder.national_root(), trust_builder.reader_root()
    signer = desk.role.context.signer
    service = Service(
        role=KeyRole.CREDENTIAL,
        certificate=signer.certificates[0],
        forms=frozenset({"eid1", "dc+sd-jwt", "mso_mdoc"}),
        vcts=frozenset({VCT, DOCTYPE}),
        valid_from=desk.role.context.signer_valid_from,
        retired_at=None,
        state=KeyState.ACTIVE,
    )
    bureau = BureauEntry(BUREAU, "样例市公安局", "Sample City Bureau", "CN", ("6901",), (service,))
    now = desk.clock.now()
    content = TrustListContent(1, now, now + 86_400, True, "CN", "样例部", "Ministry of Specimens", (bureau,))
    list_signer = trust_builder.other_signer(root, KeyPurpose.LIST_SIGNER)
    token = sign_trust_list(content, list_signer, national_root=root.certificate, reader_root=reader_root.certificate)
    folder = desk.folder / "trust"
    folder.mkdir()
    (folder / "list").write_text(token)
    (folder / "root.pem").write_bytes(certificates_to_pem([root.certificate]))
    return content
