"""The verb `decode modbus`: a line listened to by a third, request and answer put together, and no more than that."""

import argparse
import json
import os
import pty
import threading
import time
import tty
from pathlib import Path

import pytest

from drivers.modbus_rtu import framed, read_request, write_request
from firmware import decode
from firmware.decoders.modbus import MOST_FRAME, Reader
from sim.rng import Rng

ASK = read_request(1, 4, 0x000C, 6).frame()
TELL = framed(bytes.fromhex("01040c c53b8000 00000000 43020000".replace(" ", "")))  # -3000 W, 0 W, 130 W
REFUSE = framed(b"\x01\x84\x02")
WRITE = write_request(2, 16, 261, (160, 0)).frame()
WRITTEN = framed(bytes.fromhex("021001050002"))
SWITCH = write_request(3, 5, 7, (1,)).frame()


def call(*words: str) -> int:
    parser = argparse.ArgumentParser()
    decode.add_arguments(parser)
    return decode.run(parser.parse_args(["modbus", *words]))


def test_request_and_answer_by_what_they_mean(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "line.bin"
    path.write_bytes(b"\x00\xff" + ASK + TELL + ASK + REFUSE + WRITE + WRITTEN)
    assert call(str(path), "--json", "--device", "eastron_sdm630") == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["what"], row["unit"], row["function"], row["address"], row["count"]) for row in rows] == [
        ("request", 1, 4, 12, 6), ("answer", 1, 4, 12, 6), ("request", 1, 4, 12, 6), ("exception", 1, 4, 12, 6),
        ("request", 2, 16, 261, 2), ("answer", 2, 16, 261, 2)]
    assert rows[1]["words"] == [0xC53B, 0x8000, 0, 0, 0x4302, 0]
    assert rows[1]["meaning"] == {"power_w": [-3000, 0, 130]}
    assert (rows[3]["exception"], rows[4]["words"], rows[4]["meaning"]) == (2, [160, 0], {})
    assert bytes.fromhex(rows[0]["frame"]) + b"" == ASK[:-2]


def test_the_table_is_for_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "line.hex"
    path.write_text((ASK + TELL + REFUSE + SWITCH + SWITCH).hex(" ").replace("c5 3b", "c5\n3b"))
    assert call(str(path), "--device", "eastron_sdm630") == 0
    assert capsys.readouterr().out.splitlines() == [
        "unit   1 request   6 input registers at 0x000C",
        "unit   1 answer    6 input registers at 0x000C: C53B 8000 0000 0000 4302 0000",
        "  power_w                -3000 0 130",
        "unit   1 exception input registers: exception 2: illegal data address",
        "unit   3 request   one coil at 0x0007: FF00", "unit   3 answer    one coil at 0x0007", "5 frames, 0 damaged"]


def test_an_answer_without_its_request_is_not_guessed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "line.bin"
    path.write_bytes(TELL + b"damaged" + ASK)
    assert call(str(path), "--device", "eastron_sdm630") == 0
    out = capsys.readouterr().out
    assert "its request was not heard: 0cc53b8000" in out
    assert "power_w" not in out
    assert "2 frames, 1 damaged" in out


def test_wrong_usage_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "line.bin"
    path.write_bytes(b"only noise")
    assert call(str(path)) == 1
    assert "no intact Modbus frame (1 damaged one)" in capsys.readouterr().err
    assert call(str(path), "--device", "sg_ready") == 1
    assert "allowed are abb_b23_b24" in capsys.readouterr().err


def test_a_port_is_listened_to_and_nothing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    ours, theirs = pty.openpty()
    tty.setraw(theirs)  # no echo of its own
    place = os.ttyname(theirs)

    def talk() -> None:
        for _ in range(50):
            os.write(ours, ASK + TELL)
            time.sleep(0.05)

    thread = threading.Thread(target=talk)
    thread.start()
    try:
        assert call(place, "--baud", "19200", "--parity", "E", "--json", "--frames", "4") == 0
        thread.join()
        os.set_blocking(ours, False)
        with pytest.raises(BlockingIOError):
            os.read(ours, 100)
    finally:
        thread.join()
        for end in (ours, theirs):
            os.close(end)
    assert [json.loads(row)["what"] for row in capsys.readouterr().out.splitlines()][:2] == ["request", "answer"]


def test_any_bytes_in_any_pieces_lose_no_whole_frame() -> None:
    """Damaged frames among good ones: nothing raised, little held, the same in one piece and in many."""
    rng = Rng(47)
    for _ in range(300):
        stream, wanted = b"", 0
        for _ in range(12):
            frame = (ASK, TELL, REFUSE, WRITE, WRITTEN, SWITCH)[rng.below(6)]
            if rng.chance(300):
                at = rng.below(len(frame))
                frame = frame[:at] + bytes((rng.below(256),)) * rng.below(4) + frame[at + rng.below(3):]
            else:
                wanted += 1
            stream += frame
        whole, pieces, found = Reader(None), Reader(None), []
        expected = whole.feed(b"\xff" + stream) + whole.rest()
        at = 0
        data = b"\xff" + stream
        while at < len(data):
            size = rng.between(1, 40)
            found += pieces.feed(data[at:at + size])
            assert len(pieces._held) <= MOST_FRAME
            at += size
        found += pieces.rest()
        assert len(expected) >= wanted - 2  # a damaged one may begin a longer one that fits by its checksum
        assert [said.frame for said in found] == [said.frame for said in expected]
