"""How long each log is kept, as data: never shorter than what has to be proved, never longer than what may be kept.

Deleting takes the oldest of a log and leaves a signed record of it: up to which number, that line's hash, and why. So
the next record still has something to follow, and nobody can take from the middle.
"""

import re
from pathlib import Path
from typing import NamedTuple

from firmware.records.chain import CONSUMER, METROLOGY, SYSTEM

DAY_S = 86_400
ASIDE = re.compile(r".*\.(damaged|before)[0-9]+(-wal|-shm)?")


class Rule(NamedTuple):
    log: str
    least_days: int
    most_days: int
    usual_days: int
    source: str


RULES = (
    # BK6-22-300 annex 1, 7.2: evidence of a command two years; MsbG section 60(6): personal metering data three at most
    Rule(METROLOGY, 730, 1_095, 1_095, "BK6-22-300 7.2; MsbG 60(6)"),
    Rule(CONSUMER, 730, 1_095, 1_095, "BK6-22-300 7.2; MsbG 60(6)"),
    Rule(SYSTEM, 30, 1_095, 365, "own choice; MsbG 60(6)"),
)


def rule(log: str) -> Rule:
    return next(one for one in RULES if one.log == log)


def outlived(folder: Path, name: str, before_s: int) -> "list[str]":
    """Files of that name that were put aside (damaged, or before a backup was put back) and last written before then:
    what they hold may not be kept longer than what is in use. They are deleted; their names."""
    out = []
    for path in sorted(folder.glob(name + ".*")):
        if ASIDE.fullmatch(path.name) and path.stat().st_mtime < before_s:
            path.unlink()
            out.append(path.name)
    return out
