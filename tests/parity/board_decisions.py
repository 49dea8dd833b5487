"""Decides on snapshots that were written down, one a line as Python spells them, and prints a checksum of each minute.

The first line is the site, the second the state before the first snapshot. The file runs on CPython and on a board.
"""

import sys
from binascii import crc32

import control.values
import hal.faults
import hal.values
from control.step import step

MINUTE = 60
NAMES = {name: getattr(module, name) for module in (control.values, hal.faults, hal.values) for name in dir(module)}


def minutes(path: str):
    """(how many so far, checksum of all plans so far)."""
    with open(path) as lines:
        site, state = eval(lines.readline(), NAMES), eval(lines.readline(), NAMES)
        number = 0
        for count, line in enumerate(lines, 1):
            state, plan = step(site, state, eval(line, NAMES))
            number = crc32(repr(plan).encode(), number)
            if count % MINUTE == 0:
                yield count, number


if __name__ == "__main__":
    for path in sys.argv[1:]:
        for count, number in minutes(path):
            print(path, count, number)
