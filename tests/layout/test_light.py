"""What the daemon seldom needs is loaded when it is needed: of 60 MB a single library can be a sixth."""

import subprocess
import sys
from pathlib import Path

HEAVY = ("cryptography", "apprise", "requests", "amqtt", "tarfile", "ocpp", "jsonschema", "websockets")


def test_the_daemon_starts_without_what_it_seldom_needs() -> None:
    program = f"import sys, firmware.run; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parents[2], stdout=subprocess.PIPE,
                          text=True, check=True, timeout=60)
    assert done.stdout == "[]\n"
