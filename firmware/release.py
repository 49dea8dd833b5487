"""`release SITE.toml`: one try to leave every device on its fallback.

The service runs it whenever the daemon has ended, for whatever reason.
"""

import argparse
import sys
from pathlib import Path

from drivers.clock import MonotonicClock
from firmware import build
from firmware.config.file import load
from firmware.image import Image


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("site", metavar="SITE.toml", type=Path)


def run(args: argparse.Namespace) -> int:
    file = load(args.site)
    silent = 0
    for line in build.lines(file, Image(len(file.devices)), MonotonicClock(), build.real_port):
        line.release()
        for index, _, _, fault, _ in line.health()[1]:
            if fault:
                silent += 1
                name = file.devices[index].name
                print(f"{name}: not released ({fault}); its own fail-safe has to act", file=sys.stderr)
    return 1 if silent else 0
