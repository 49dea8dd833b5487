"""`carry SITE.toml`: a gateway for radio meters. The newest frame of each, still encrypted, once a day over MQTT."""

import argparse
import sys
from pathlib import Path

from firmware.carrying.carrier import Carrier
from firmware.config.carry import load
from firmware.run import on_signals


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("site", metavar="SITE.toml", type=Path, help="needs [site], one radio line, [mqtt] and [carry]")


def run(args: argparse.Namespace) -> int:
    file = load(args.site)
    carrier = Carrier(file, lambda words: print(words, file=sys.stderr, flush=True))
    on_signals(carrier.stop)
    print(f"{file.site} carries from {file.line.options['stick']} on {file.line.options['port']} to "
          f"mqtt://{file.mqtt.host}:{file.mqtt.port}; Ctrl-C ends it", flush=True)
    carrier.run()
    return 0
