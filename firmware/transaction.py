"""All of it or nothing, for SQLite connections that commit by themselves (isolation_level None); whose fault one is."""

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


def is_damage(error: Exception) -> bool:
    """Of what stands in the file: "malformed", "not a database", two rows where one may be; or a row that was spoiled
    and claims to be a text, but not of UTF-8. All else is the disk's, or ours."""
    if isinstance(error, sqlite3.OperationalError):
        return "decode" in str(error)
    return type(error) in (sqlite3.DatabaseError, sqlite3.IntegrityError)
