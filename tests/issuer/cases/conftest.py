from __future__ import annotations

from tests.issuer.storage.conftest import office

__all__ = ["office"]
