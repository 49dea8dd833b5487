"""`restore SITE.toml BACKUP`: puts back what a backup holds, to where the SITE.toml says, while the house does not run.

BACKUP is the .tar.gz of the page, or what `export SITE.toml backup` wrote. All of it is looked through before anything
is touched; what was there is put aside. The records say of themselves that they were put back: what was recorded behind
the backup is missing in them, and published checkpoints tell so.
"""

import argparse
import contextlib
import os
import shutil
import sqlite3
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from drivers.signing import SignerGone
from firmware.aside import put_aside
from firmware.config.file import SiteFile, load
from firmware.errors import UserError
from firmware.history_store import NAME as HISTORY
from firmware.kept import sync
from firmware.records.put_back import Reached, reached, say
from firmware.records.store import NAME as RECORDS

SQLITE = b"SQLite format 3\0"
NEW = ".restored"
MODE = 0o640  # as the service has it: it is about people
TABLES = {"record": RECORDS, "chunk": HISTORY}  # a table that tells whose file it is


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("site", metavar="SITE.toml", type=Path)
    parser.add_argument("backup", metavar="BACKUP", type=Path, help="the .tar.gz of the page, or a file that `export "
                                                                    "SITE.toml backup` wrote")


def run(args: argparse.Namespace) -> int:
    file = load(args.site)
    staged: "dict[Path, Path]" = {}  # the new file -> where it belongs
    try:
        for name, content in _parts(args.backup):
            path = _place(file, name)
            if path is None:
                print(f"{name}: left out, {args.site} " + ("stays as it is" if name == "site.toml" else
                                                           "has no place for it"))
            else:
                staged[_staged(path, content)] = path
        if not staged:
            raise UserError(f"{args.backup}: nothing in it that {args.site} has a place for")
        _put(file, staged)
    except (OSError, sqlite3.Error, tarfile.TarError, EOFError) as error:
        raise UserError(f"{args.backup}: not put back: {error}") from error
    finally:
        for new in staged:
            new.unlink(missing_ok=True)
    return 0


def _put(file: SiteFile, staged: "dict[Path, Path]") -> None:
    before = None
    for path in staged.values():
        if path.suffix == ".sqlite" and path.exists():
            _alone(path)
            before = reached(path) if path.name == RECORDS else before
    for new, path in staged.items():
        aside = _swap(new, path)
        print(f"{path}: put back" + (f"; what was there is {aside.name}" if aside else ""))
        if path.name == RECORDS:
            _say(file, before)


def _say(file: SiteFile, before: "Reached | None") -> None:
    assert file.records is not None
    try:
        print(f"the records say so, signed by key {say(file.records, before)}")
    except FileNotFoundError:
        print("no backup holds the key that signs; another one is made at the next start, and that is recorded")
    except (ValueError, SignerGone) as error:
        print(f"the records do not say so: {error}", file=sys.stderr)


def _parts(backup: Path) -> "Iterator[tuple[str, IO[bytes]]]":
    with open(backup, "rb") as file:
        if file.read(len(SQLITE)) == SQLITE:
            file.seek(0)
            yield _whose(backup), file
            return
    if not tarfile.is_tarfile(backup):
        raise UserError(f"{backup}: neither a .tar.gz of the page nor what `export SITE.toml backup` wrote")
    with tarfile.open(backup) as tar:
        for member in tar:
            content = tar.extractfile(member) if member.isreg() else None
            if content is not None:
                yield member.name, content


def _whose(path: Path) -> str:
    with contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as db:
        there = {row[0] for row in db.execute("select name from sqlite_master where type = 'table'")}
    return next((name for table, name in TABLES.items() if table in there), path.name)


def _place(file: SiteFile, name: str) -> "Path | None":
    """Nothing but what a backup holds, and never out of the folders of the configuration."""
    if name == RECORDS and file.records is not None:
        return Path(file.records.folder) / RECORDS
    if name == HISTORY and file.history is not None:
        return Path(file.history.folder) / HISTORY
    path = PurePosixPath(name)
    if file.state is not None and path.parts[:-1] == ("state",) and path.suffix == ".json":
        return Path(file.state.folder) / path.name
    return None


def _staged(path: Path, content: "IO[bytes]") -> Path:
    """Beside its place, on the disk, looked through."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(path.name + NEW)
    try:
        with open(new, "wb") as out:
            shutil.copyfileobj(content, out)
            out.flush()
            os.fsync(out.fileno())
        if path.suffix == ".sqlite":
            _sound(new)
        new.chmod(path.stat().st_mode & 0o777 if path.exists() else MODE)
        if os.geteuid() == 0:  # the service shall write on
            owner = path.parent.stat()
            os.chown(new, owner.st_uid, owner.st_gid)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
    return new


def _sound(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as db:
        found = db.execute("pragma quick_check(1)").fetchone()[0]
    if found != "ok":
        raise sqlite3.DatabaseError(f"{path.name.removesuffix(NEW)} in it is damaged: {found}")


def _alone(path: Path) -> None:
    """Raises UserError while somebody has it open. What waits in its log is in the file afterwards."""
    with contextlib.closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as db:
        try:
            db.execute("pragma journal_mode = delete").fetchone()
        except sqlite3.OperationalError as error:
            raise UserError(f"{path}: in use ({error}); stop the service first") from error
        except sqlite3.DatabaseError:
            return  # damaged: that is why it is put aside


def _swap(new: Path, path: Path) -> "Path | None":
    aside = put_aside(path, "before") if path.exists() else None
    os.replace(new, path)
    sync(path.parent)
    return aside
