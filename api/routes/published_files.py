"""Published files over HTTP: read once per change, with an ETag, packed for who takes gzip."""

from __future__ import annotations

import gzip
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from api.routes.accepting import quality
from core.errors import NotFound, Unavailable
from core.reasons import Reason

_KEPT_MAX: Final = 1024
# Packed once per change, while somebody waits for it.
_GZIP_LEVEL: Final = 6


@dataclass(frozen=True, slots=True)
class _Content:
    """packed: the same under gzip, None where nobody may have it so; each has an ETag of its own (RFC 9110 8.8.3.3)."""

    stamp: tuple[int, int, int]
    body: bytes
    etag: str
    packed: bytes | None
    packed_etag: str


class PublishedFiles:
    """Files below one folder, as bytes with their ETag.

    packing: whether a caller that takes gzip gets the files packed.
    shared:  whether caches that many share may keep them, and pages of other origins read them.
    A file's inode, size and time of change tell whether it is still the one read before: files are replaced, never
    written in place.
    """

    def __init__(self, folder: Path, *, packing: bool = False, shared: bool = True) -> None:
        self._folder = folder
        self._shared = shared
        self._packing = packing
        self._kept: dict[str, _Content] = {}

    def answer(self, request: Request, name: str, *, media_type: str, max_age: int) -> Response:
        """Return the file, or 304 when the caller has it; NotFound(ROUTE_UNKNOWN) where there is none.

        name: path below the folder, made of checked parts by the caller.
        """
        content = self._read(name)
        headers = {
            "Cache-Control": f"{'public' if self._shared else 'private'}, max-age={max_age}",
            "Vary": "Accept, Accept-Encoding" if self._packing else "Accept",
        }
        if self._shared:
            headers["Access-Control-Allow-Origin"] = "*"
        body, headers["ETag"] = content.body, content.etag
        if content.packed is not None and quality(request.headers.get("accept-encoding", "identity"), "gzip") > 0:
            body, headers["ETag"] = content.packed, content.packed_etag
            headers["Content-Encoding"] = "gzip"
        if headers["ETag"] in request.headers.get("if-none-match", ""):
            headers.pop("Content-Encoding", None)
            return Response(status_code=304, headers=headers)
        return Response(body, media_type=media_type, headers=headers)

    def _read(self, name: str) -> _Content:
        path = self._folder / name
        try:
            found = path.stat()
            stamp = (found.st_ino, found.st_size, found.st_mtime_ns)
            kept = self._kept.get(name)
            if kept is not None and kept.stamp == stamp:
                return kept
            body = path.read_bytes()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as err:
            raise NotFound(Reason.ROUTE_UNKNOWN, "nothing is published under this name") from err
        except OSError as err:
            raise Unavailable(Reason.STATUS_UNPUBLISHED, "a published file cannot be read") from err
        tag = b64encode(sha256(body).digest()[:16]).decode()
        packed = gzip.compress(body, _GZIP_LEVEL, mtime=0) if self._packing else None
        content = _Content(stamp, body, f'"{tag}"', packed, f'"{tag}-gzip"')
        if len(self._kept) >= _KEPT_MAX:
            self._kept.clear()
        self._kept[name] = content
        return content
