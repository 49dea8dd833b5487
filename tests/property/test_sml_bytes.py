"""The SML reader under any bytes: nothing raised, nothing invented, no intact frame lost."""

from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.sml import Frame, Reader, frames_of
from drivers.sml_transport import MAX_FRAME, Transport
from drivers.sml_tree import SmlError
from hal.values import Phases
from sim.rng import Rng
from sim.sml_meter import ABSENT, KERMIT, LAYOUTS, X25, SmlMeter, entry, frame, message, several, text

ESCAPE = b"\x1b\x1b\x1b\x1b"
MARKS = (ESCAPE, b"\x01\x01\x01\x01", ESCAPE + b"\x01\x01\x01\x01", ESCAPE + b"\x1a\x00", b"v")
COUNT = 100_000  # mutated payloads


def pieces(data: bytes, sizes: "list[int]") -> "list[Frame]":
    reader, out, at = Reader(), [], 0
    for size in sizes:
        out += reader.feed(data[at:at + size])
        at += size
    return out + reader.feed(data[at:])


def a_frame(rng: Rng) -> bytes:
    """One of any meter's; its export counter is drawn, so that every frame is another."""
    meter = SmlMeter(LAYOUTS[rng.below(3)], b"HUT", rng.below(1000), (X25, KERMIT)[rng.below(2)], rng.chance(500),
                     rng.chance(200), rng.chance(300), rng.chance(300), rng.chance(300))
    power_w = Phases(rng.between(-9_000, 9_000), rng.between(-9_000, 9_000), rng.between(-9_000, 9_000))
    if rng.chance(300):
        odd = b"x" * rng.below(4) + b"\x1b" * rng.between(1, 20) + MARKS[rng.below(5)]
        listing = several(ABSENT, text(meter.server), ABSENT, ABSENT, several(
            entry("1 0 96 5 0 255", text(odd)), entry("1 0 96 5 1 255", text(rng.next().to_bytes(4, "big")))),
            ABSENT, ABSENT)
        return frame(message(b"\x01", 0x0701, listing), X25, rng.chance(500))
    return meter.frame(rng.below(1 << 30), power_w, power_w, power_w, rng.below(1 << 30), rng.below(1 << 30))


def hurt(data: bytes, rng: Rng) -> bytes:
    at = rng.below(len(data))
    kind = rng.below(5)
    if kind == 0:
        return data[:at] + data[at + 1:]
    if kind == 1:
        return data[:at] + bytes((rng.below(256),)) + data[at:]
    if kind == 2:
        return data[:at] + bytes((data[at] ^ 1 << rng.below(8),)) + data[at + 1:]
    if kind == 3:
        return data[:len(data) - rng.between(1, 12)]
    return data[:len(data) // 2]


@given(st.integers(min_value=0, max_value=1 << 32), st.lists(st.integers(min_value=1, max_value=300), max_size=30))
@settings(max_examples=150, deadline=None)
def test_damaged_streams_lose_no_intact_frame(seed: int, sizes: "list[int]") -> None:
    rng = Rng(seed)
    stream, intact, sent = b"", [], []
    for _ in range(12):
        data = a_frame(rng)
        sent += Reader().feed(data)
        whole = rng.chance(600)
        if whole:
            intact.append((len(stream), sent[-1].entries))
        stream += data if whole else hurt(data, rng)
        stream += b"\x1b" * rng.below(6) if rng.chance(300) else bytes(rng.below(256) for _ in range(rng.below(5)))
    assert len(sent) == 12
    found = pieces(stream, sizes)
    got = [(one.offset, one.entries) for one in found]
    assert all(one in got for one in intact)
    known = [one.entries for one in sent]
    assert all(one.entries in known for one in found)


@given(st.lists(st.one_of(st.binary(max_size=40), st.sampled_from(MARKS)), max_size=60),
       st.lists(st.integers(min_value=0, max_value=90), max_size=20))
@settings(max_examples=150, deadline=None)
def test_any_bytes_in_any_pieces(parts: "list[bytes]", sizes: "list[int]") -> None:
    data = b"".join(parts)
    assert pieces(data, sizes) == pieces(data, [])


@given(st.binary(max_size=600))
@settings(max_examples=150, deadline=None)
def test_any_payload_in_a_good_frame_comes_out_of_the_transport(content: bytes) -> None:
    """Under both habits of escaping; what ends in 0x1B no message does, so the payload ends in 0."""
    payload = content + b"\x00"
    for everywhere in (False, True):
        for kind in (X25, KERMIT):
            (offset, got), = Transport().feed(b"?" + frame(payload, kind, everywhere))
            assert (offset, got.rstrip(b"\x00")) == (1, payload.rstrip(b"\x00"))


def test_mutated_payloads_raise_nothing_foreign() -> None:
    """Bytes flipped, cut, doubled and moved, each under a fitting CRC: read, or refused as SmlError."""
    rng = Rng(20_261)
    payloads = [Transport().feed(a_frame(rng))[0][1] for _ in range(60)]
    refused = 0
    for _ in range(COUNT):
        payload = mutated(payloads[rng.below(len(payloads))], rng)
        try:
            frames_of(0, payload)
        except SmlError:
            refused += 1
    assert COUNT // 2 < refused < COUNT


def test_mutated_payloads_never_stop_the_reader() -> None:
    rng = Rng(7)
    good = a_frame(rng)
    payloads = [Transport().feed(a_frame(rng))[0][1] for _ in range(20)]
    reader = Reader()
    for _ in range(300):
        reader.feed(frame(mutated(payloads[rng.below(len(payloads))], rng), KERMIT)[:MAX_FRAME])
        assert len(reader.feed(good)) == 1


def mutated(payload: bytes, rng: Rng) -> bytes:
    """Most often in one byte, the better to reach the depths."""
    for _ in range(1 + rng.below(3) * rng.below(3)):
        at = rng.below(len(payload)) if payload else 0
        kind = rng.below(6)
        if kind < 2:
            payload = payload[:at] + bytes((rng.below(256),)) + payload[at + 1:]
        elif kind == 2:
            payload = payload[:at] + b"\x71\x01\xff\x8f\x00\x52\x62"[rng.below(7):][:1] + payload[at + 1:]
        elif kind == 3:
            payload = payload[:at] + payload[at + rng.between(1, 4):]
        elif kind == 4:
            payload = payload[:at] + payload[at:at + 9] + payload[at:]
        else:
            payload = payload[:at]
    return payload
