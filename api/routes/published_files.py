"""Published files over HTTP: read once per change, with an ETag."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from core.errors import NotFound, Unavailable
from core.reasons import Reason

_KEPT_MAX: Final = 1024


@dataclass(frozen=True, slots=True)
class _Content:
    stamp: tuple[int, int, int]
    body: bytes
    etag: str


class PublishedFiles:
    """Files below one folder, as bytes with their ETag.

    A file's inode, size and time of change tell whether it is still the one read before: files are replaced, never
    written in place.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept: dict[str, _Content] = {}

    def answer(self, request: Request, name: str, *, media_type: str, max_age: int) -> Response:
        """Return the file, or 304 when the caller has it; NotFound(ROUTE_UNKNOWN) where there is none.

        name: path below the folder, made of checked parts by the caller.
        """
        content = self._read(name)
        headers = {
            "ETag": content.etag,
            "Cache-Control": f"public, max-age={max_age}",
            "Access-Control-Allow-Origin": "*",
            "Vary": "Accept",
        }
        if content.etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(content.body, media_type=media_type, headers=headers)

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
        content = _Content(stamp, body, f'"{b64encode(sha256(body).digest()[:16]).decode()}"')
        if len(self._kept) >= _KEPT_MAX:
            self._kept.clear()
        self._kept[name] = content
        return content
