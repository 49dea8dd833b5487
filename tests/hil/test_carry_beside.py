"""A house that carries radio frames besides: its fuses do not wait for a folder."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from firmware.carrying.beside import Beside
from firmware.carrying.spool import NAME
from firmware.config.carry import load

ROOT = Path(__file__).parents[2]
SITE = """
[site]
name = "Beside"
latitude = 48.0
longitude = 11.0
[line.air]
kind = "wm-bus"
stick = "hex"
port = "{folder}/air"
[line.net]
kind = "modbus-tcp"
host = "127.0.0.1"
port = 1
[node.house]
rated_a = 35
curve = "sls-e"
meter = "grid"
[device.grid]
driver = "kostal_ksem"
line = "net"
[mqtt]
host = "127.0.0.1"
port = 1
[carry]
line = "air"
folder = "{folder}/file/spool"
"""


def site(folder: Path) -> Path:
    """Its folder cannot be made: a file stands in the way."""
    (folder / "file").write_text("no folder")
    (folder / "site.toml").write_text(SITE.format(folder=folder))
    return folder / "site.toml"


def test_the_folder_is_tried_again(tmp_path: Path, until: "Callable[..., None]") -> None:
    beside = Beside(load(site(tmp_path)), again_s=0.05)
    beside.start()
    until(lambda: "Not a directory" in beside.fault, "a word about the folder")
    (tmp_path / "file").unlink()
    until(lambda: not beside.fault, "the folder")
    assert (tmp_path / "file" / "spool" / NAME).exists()
    beside.stop()
    assert not beside._thread.is_alive()


def test_it_ends_while_it_waits_for_the_folder(tmp_path: Path, until: "Callable[..., None]") -> None:
    beside = Beside(load(site(tmp_path)))
    beside.start()
    until(lambda: bool(beside.fault), "a word about the folder")
    beside.stop()
    assert not beside._thread.is_alive()


def test_the_house_runs_without_it_and_says_so(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-m", "firmware", "run", str(site(tmp_path))], cwd=ROOT, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert process.stdout is not None
    try:
        said = ""
        for line in process.stdout:
            said += line
            if line.startswith("carry: "):
                break
        assert "Beside runs" in said
        assert "Not a directory" in said.splitlines()[-1]
    finally:
        process.terminate()
        assert process.wait(20) == 0
