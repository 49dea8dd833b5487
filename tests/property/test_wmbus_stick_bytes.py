"""Receivers under any bytes: nothing raised, little held, the next good frame always found."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.wmbus_stick import MOST_HELD
from drivers.wmbus_sticks import KINDS, make
from sim.rng import Rng
from sim.twins.oms_meter import RadioMeter, on_stick

COUNT = 1_500  # damaged streams of each kind


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_streams(kind: str) -> None:
    rng = Rng(4_711)
    meter = RadioMeter(1, 1, mode="mode 7", medium=4)
    end = b"\n" if kind in ("cul", "hex") else b""
    for _ in range(COUNT):
        wires = [on_stick(kind, meter.send(0)) for _ in range(3)]
        hurt = wires[1]
        for _ in range(rng.between(1, 5)):
            at = rng.below(len(hurt))
            hurt = (hurt[:at] + bytes((rng.below(256),)) * rng.below(3) + hurt[at + rng.below(2):]) or b"\x00"
        stick = make(kind)
        first = stick.feed(wires[0] + hurt + end)
        stick.pause()
        assert first[0].frame == make(kind).feed(wires[0])[0].frame
        assert stick.feed(end + wires[2])[-1].frame == make(kind).feed(wires[2])[0].frame


@given(st.sampled_from(sorted(KINDS)), st.lists(st.binary(max_size=400), max_size=12))
@settings(max_examples=150, deadline=None)
def test_any_bytes(kind: str, pieces: "list[bytes]") -> None:
    stick = make(kind)
    for piece in pieces:
        for heard in stick.feed(piece):
            assert len(heard.frame) == heard.frame[0] + 1
        assert len(stick._held) <= MOST_HELD
