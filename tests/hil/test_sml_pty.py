"""The SML head over a real pseudo terminal: frames in pieces, gaps, a pulled head, a second reader."""

import os
import subprocess
import sys
import threading
import time
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.clock import MonotonicClock
from drivers.serial_stream import SerialStream
from drivers.sml_head import SmlHead, build
from hal.faults import TIMEOUT, DeviceError
from hal.values import Phases
from sim.sml_meter import SmlMeter

ROOT = Path(__file__).parents[2]
NONE = Phases(0, 0, 0)


class Wire:
    """The meter's side: a thread that sends frame after frame until it is stopped."""

    def __init__(self, pause_s: float) -> None:
        self.master, slave = os.openpty()
        tty.setraw(slave)
        self.path = os.ttyname(slave)
        self._slave = slave
        self._pause_s = pause_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._send)
        self._thread.start()

    def _send(self) -> None:
        meter, count = SmlMeter(), 0
        while not self._stop.is_set():
            count += 1
            data = meter.frame(count * 1000, Phases(count, 0, 0), NONE, NONE, count, 0) + b"\x1b" * (count % 3)
            for at in range(0, len(data), 61):
                os.write(self.master, data[at:at + 61])
                self._stop.wait(self._pause_s)

    def close(self) -> None:
        self._stop.set()
        self._thread.join(5)
        os.close(self.master)
        os.close(self._slave)


@pytest.fixture
def wire() -> "Iterator[Wire]":
    wire = Wire(0.02)
    yield wire
    wire.close()


def head_on(stream: SerialStream) -> SmlHead:
    return build(stream, {"clock": MonotonicClock(), "phases": (0, 1, 2), "role": "meter", "mounting": "normal"})


def test_frames_arrive_fresh_and_in_order(wire: Wire) -> None:
    stream, clock = SerialStream(wire.path), MonotonicClock()
    head = head_on(stream)
    watts = []
    for _ in range(8):
        got = head.read(clock.now_ms())
        assert got.import_wh == got.total_w
        assert 0 <= clock.now_ms() - got.t_ms <= 4_000
        watts.append(got.total_w)
    stream.close()
    assert watts == sorted(set(watts))


def test_after_a_long_pause_nothing_old_is_believed(wire: Wire) -> None:
    """Two seconds unread: a dozen frames wait in the port, of which none may come out dated now."""
    stream, clock = SerialStream(wire.path), MonotonicClock()
    head = head_on(stream)
    first = head.read(clock.now_ms()).total_w
    time.sleep(2)
    asked_ms = clock.now_ms()
    got = head.read(asked_ms)
    stream.close()
    assert first is not None
    assert got.total_w is not None
    assert got.total_w > first + 5
    assert got.t_ms >= asked_ms


def test_a_port_that_is_gone_is_a_timeout_and_comes_back() -> None:
    wire = Wire(0.01)
    stream, clock = SerialStream(wire.path), MonotonicClock()
    head = head_on(stream)
    assert head.read(clock.now_ms()).total_w
    wire.close()
    for _ in range(2):
        with pytest.raises(DeviceError) as caught:
            head.read(clock.now_ms())
        assert caught.value.kind == TIMEOUT
    wire = Wire(0.01)
    stream._port = wire.path  # an adapter comes back under its name; a pty takes the next number
    assert head.read(clock.now_ms()).total_w
    stream.close()
    wire.close()


def test_a_head_is_read_by_one_only(wire: Wire) -> None:
    first, second = SerialStream(wire.path), SerialStream(wire.path)
    assert first.read(1, 1000)
    with pytest.raises(DeviceError):
        second.read(1, 1000)
    first.close()
    assert second.read(1, 1000)
    second.close()


def test_decode_reads_a_port(wire: Wire) -> None:
    done = subprocess.run([sys.executable, "-m", "firmware", "decode", "sml", wire.path, "--json", "--frames", "3",
                           "--seconds", "20"], cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count('"power_w"') == 3
    silent = os.openpty()
    done = subprocess.run([sys.executable, "-m", "firmware", "decode", "sml", os.ttyname(silent[1]), "--seconds", "1"],
                          cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    assert "no intact SML frame" in done.stderr
    for end in silent:
        os.close(end)
