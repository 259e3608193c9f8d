"""Posts in the database."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select

from core.errors import NotFound
from core.reasons import Reason
from issuer.posts import Post
from issuer.storage.tables import BureauTable

_POST = BureauTable.metadata.tables["post"]
_COLUMNS = (_POST.c.bureau, _POST.c.post_id, _POST.c.place, _POST.c.site_kind, _POST.c.point)


class SqlPostBook:
    """Posts of all bureaus, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, post: Post, *, by: str, now: int) -> None:
        """Store a new post. Raises Conflict at the end of the transaction when the id is taken."""
        self._connection.execute(
            insert(_POST).values(
                bureau=post.bureau,
                post_id=post.post_id,
                place=post.place,
                site_kind=post.site_kind,
                point=post.point,
                added_by=by,
                added_at=now,
            )
        )

    def get(self, bureau: str, post_id: str) -> Post:
        """Return one post. Raises NotFound(POST_UNKNOWN)."""
        query = select(*_COLUMNS).where(_POST.c.bureau == bureau, _POST.c.post_id == post_id)
        row = self._connection.execute(query).one_or_none()
        if row is None:
            raise NotFound(Reason.POST_UNKNOWN, f"there is no post {post_id} in this bureau")
        return Post(*row)

    def listing(self, bureau: str) -> tuple[Post, ...]:
        """Return all posts of a bureau by id."""
        query = select(*_COLUMNS).where(_POST.c.bureau == bureau).order_by(_POST.c.post_id)
        return tuple(Post(*row) for row in self._connection.execute(query))
