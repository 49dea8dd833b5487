"""A database that is put aside, its log with it: nothing that was there is lost, and a new one can begin."""

import contextlib
import os
from pathlib import Path


def put_aside(path: Path, word: str) -> Path:
    """Where it is now: behind its name stand `word`, which says why, and a number that was free. Raises OSError."""
    number = 1
    while (aside := path.with_name(f"{path.name}.{word}{number}")).exists():
        number += 1
    for tail in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            os.replace(f"{path}{tail}", f"{aside}{tail}")
    return aside
