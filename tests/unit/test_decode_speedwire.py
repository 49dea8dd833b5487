"""The verb `decode speedwire`: recorded datagrams in any pieces, and the group itself."""

import argparse
import json
import threading
import time
from pathlib import Path

import pytest

from drivers import speedwire
from firmware import decode
from firmware.decoders.speedwire import Reader
from hal.values import Phases
from sim.network_meters import MulticastSender
from sim.rng import Rng
from sim.speedwire_meter import datagram

W, MA, MV = Phases(1_200, -3_000, 70), Phases(5_220, 13_040, 304), Phases(230_100, 231_000, 229_900)
ONE, OTHER = datagram(1_900_123_456, 5, W, MA, MV, 111, 222), datagram(7, 5, Phases(1, 2, 3), MA, MV, 3, 4)
REPEATED = datagram(1_900_123_456, 5, W, MA, MV, 111, 222, protocol=0x6081)


def call(*words: str) -> int:
    parser = argparse.ArgumentParser()
    decode.add_arguments(parser)
    return decode.run(parser.parse_args(["speedwire", *words]))


def test_every_meter_with_its_number(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "net.bin"
    path.write_bytes(b"noise SM" + ONE + REPEATED + OTHER + ONE[:100])
    assert call(str(path), "--json") == 0
    first, second = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (first["serial"], first["power_w"], first["import_wh"], first["export_wh"]) == (
        "1900123456", -1_730, 111, 222)
    assert second["serial"] == "7"
    assert call(str(path)) == 0
    out = capsys.readouterr().out
    assert "meter 1900123456: sma_serial = 1900123456\n  power    -1730 W\n" in out
    assert "1-0:32.7.0*255" in out
    assert "2 frames, 1 damaged" in out


def test_nothing_of_a_meter_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "net.bin"
    path.write_bytes(REPEATED)
    assert call(str(path)) == 1
    assert "no intact Speedwire datagram of a meter (0 damaged ones)" in capsys.readouterr().err
    assert call("/dev/null") == 1
    assert "allowed are recorded datagrams, udp:" in capsys.readouterr().err


def test_the_group_is_heard(capsys: pytest.CaptureFixture[str]) -> None:
    sender, done = MulticastSender(speedwire.GROUP, speedwire.PORT, "127.0.0.1"), threading.Event()

    def send() -> None:
        until_s = time.monotonic() + 20
        while not done.wait(0.05) and time.monotonic() < until_s:
            sender.send(OTHER)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        assert call("udp://127.0.0.1", "--frames", "2", "--seconds", "15", "--json") == 0
    finally:
        done.set()
        thread.join()
        sender.close()
    assert {json.loads(line)["serial"] for line in capsys.readouterr().out.splitlines()} == {"7"}


def test_any_pieces_give_the_same_and_little_is_held() -> None:
    rng = Rng(48)
    for _ in range(150):
        stream = b""
        for _ in range(8):
            data = (ONE, OTHER, REPEATED)[rng.below(3)]
            if rng.chance(400):
                at = rng.below(len(data))
                data = data[:at] + bytes((rng.below(256),)) * rng.below(5) + data[at + rng.below(40):]
            stream += data
        whole, pieces, found, at = Reader(), Reader(), [], 0
        expected = whole.feed(stream) + whole.rest()
        while at < len(stream):
            size = rng.between(1, 700)
            found += pieces.feed(stream[at:at + size])
            assert len(pieces._held) <= speedwire.MOST_BYTES
            at += size
        assert found + pieces.rest() == expected
        assert pieces.damaged == whole.damaged
