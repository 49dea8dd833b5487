"""All of it or nothing, for SQLite connections that commit by themselves (isolation_level None)."""

import contextlib
import sqlite3
from collections.abc import Iterator


@contextlib.contextmanager
def once(db: sqlite3.Connection) -> "Iterator[None]":
    """What fails inside is raised again, after the rollback."""
    db.execute("begin immediate")
    try:
        yield
        db.execute("commit")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            db.execute("rollback")
        raise
