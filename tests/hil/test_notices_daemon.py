"""A running house whose lines are cut: who is told, and how often, over a real server on this computer."""

import http.server
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from firmware.config.file import load
from firmware.serve import Served
from sim.modbus_slave import always

ROOT = Path(__file__).resolve().parents[2]
TCP = 'kind = "modbus-tcp"\nhost = "127.0.0.1"\nport = %d\n'
GRID, BOX = "Haus Sonnenhang: grid does not answer", "Haus Sonnenhang: carport "
WELL = "Haus Sonnenhang: is well again"


def until(true: "Callable[[], object]", what: str, seconds: float = 60.0) -> None:
    end_s = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end_s, f"not within {seconds} s: {what}"
        time.sleep(0.05)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


class House:
    """Devices and an ntfy server live here, the daemon in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.heard = folder, []  # type: Path, list[tuple[str, str]]
        house = self

        class Ntfy(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                said = json.loads(self.rfile.read(int(self.headers["content-length"])))
                house.heard.append((said["title"], said["message"]))
                self.send_response(200)
                self.send_header("content-length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_: object) -> None:
                """Not to standard error."""

        self._ntfy = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Ntfy)
        threading.Thread(target=self._ntfy.serve_forever, daemon=True).start()
        services = folder / "services"
        services.write_text(f"ntfy://127.0.0.1:{self._ntfy.server_port}/cabinet\n")
        services.chmod(0o600)
        text = re.sub(r"\[(line\.pins|device\.heatpump)\]\n(?:[^\[\n].*\n|\n)*", "", (
            ROOT / "deploy" / "demo.toml").read_text())
        text = re.sub(r'kind = "modbus-rtu"\n(?:\w+ = .*\n)+', lambda _: TCP % free_port(), text)
        text = re.sub(r"\[(page|mqtt|accounts|commands|history|journal|records)\][^\n]*\n(?:[^\[\n].*\n|\n)*", "", text)
        text = text.replace("port = 5021", f"port = {free_port()}").replace("port = 5022", f"port = {free_port()}")
        self._text = f'{text}\n[state]\nfolder = "{folder}"\n'
        self.path = folder / "site.toml"
        self.path.write_text(self._text)
        self.served = Served(load(self.path), "sunny", 7, 42_000_000)
        self.daemon: "subprocess.Popen[bytes] | None" = None

    def start(self, quiet: str) -> None:
        self.path.write_text(self._text + f'\n[notify]\nservices = "{self.folder}/services"\nquiet = "{quiet}"\n'
                             "hold_s = 5\nwell_s = 5\n")
        self.daemon = subprocess.Popen([sys.executable, "-m", "firmware", "run", str(self.path)], cwd=ROOT,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                       env={**os.environ, "TZ": "UTC"})

    def kill(self) -> None:
        if self.daemon is not None:
            self.daemon.kill()
            self.daemon.wait(10)

    def cut(self, is_cut: bool) -> None:
        silent: "dict[int, Any]" = {unit: always("silent") for unit in range(1, 10)} if is_cut else {}
        for line in ("meters", "wallbox"):
            self.served.slaves[line].scripts = silent

    def about(self, begin: str) -> "list[str]":
        return [title for title, _ in self.heard if title.startswith(begin)]

    def close(self) -> None:
        self.kill()
        self.served.close()
        self._ntfy.shutdown()
        self._ntfy.server_close()


@pytest.fixture
def house(tmp_path: Path) -> "Iterator[House]":
    made = House(tmp_path)
    yield made
    made.close()


def test_a_cut_line_is_told_once_in_quiet_hours_over_restarts_and_when_it_is_well(house: House) -> None:
    hour = time.gmtime().tm_hour  # of any zone in Europe it is night now
    house.start(f"{(hour - 2) % 24:02}:00-{(hour + 6) % 24:02}:00")
    notices = house.folder / "notices.json"
    until(notices.exists, "the first decisions")
    house.cut(True)
    until(lambda: house.about(GRID), "the meter of the house connection, by night too")
    assert "Until it is believed again, loads are held at a safe level. Check its power and its cable." in dict(
        house.heard)[GRID]
    until(lambda: "grid" in notices.read_text(), "what was told is kept")
    time.sleep(3)
    assert not house.about(BOX)  # that can wait for the morning
    assert house.about("Haus") == [GRID]
    house.kill()

    house.start("")
    until(lambda: house.about(BOX), "the box, as the night is over")
    until(lambda: "carport" in notices.read_text(), "what was told is kept")
    assert len(house.about("Haus Sonnenhang: grid")) == 1  # a restart tells nothing again
    house.cut(False)
    until(lambda: sum(title == WELL and text.startswith("grid") for title, text in house.heard), "the meter is well")
    until(lambda: sum(title == WELL and text.startswith("carport") for title, text in house.heard), "the box too")
    assert max(house.heard.count(one) for one in house.heard) == 1
