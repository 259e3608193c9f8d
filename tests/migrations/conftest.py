from __future__ import annotations

from tests.contracts.conftest import database_url

__all__ = ["database_url"]
