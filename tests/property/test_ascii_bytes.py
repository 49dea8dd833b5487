"""The readers of P1 and D0 under any bytes: nothing raised, nothing held without bound, no intact telegram lost."""

import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st

from drivers import d0, p1
from drivers.ciphers import gcm_open, gcm_seal
from drivers.dataset import DataError, entries, plain, with_parity
from drivers.obis_reading import reading_of
from drivers.p1 import MOST_BYTES, Reader, Telegram
from drivers.p1_sealed import SealedReader
from hal.faults import DeviceError
from hal.values import Phases
from sim.d0_meter import D0Meter
from sim.p1_meter import LAYOUTS, P1Meter
from sim.rng import Rng

KEY = bytes(range(16))
COUNT = 6_000  # mutated telegrams
MARKS = (b"/", b"\r\n", b"!", b"\r\n!", b"(", b")", b"1-0:1.8.0", b"*kWh)", b"\xdb\x08", b"\x82", b"\x02", b"\x03")


def a_telegram(rng: Rng, seal: bool = False, counter: int = 0) -> bytes:
    power_w = Phases(rng.between(-9_000, 9_000), rng.between(-9_000, 9_000), rng.between(-9_000, 9_000))
    layout = LAYOUTS[rng.below(len(LAYOUTS))]
    sealing = (lambda iv, text, covered: gcm_seal(KEY, iv, text, covered)) if seal else None
    if seal:
        layout = ("luxembourg", "austria")[rng.below(2)]
    meter = P1Meter(layout, rng.below(1_000), sealing)
    meter.counter = counter
    return meter.frame(rng.below(1 << 30), power_w, power_w, Phases(230_000, 0, 0), rng.below(1 << 30), 9)


def mutated(data: bytes, rng: Rng) -> bytes:
    for _ in range(1 + rng.below(3) * rng.below(3)):
        at = rng.below(len(data)) if data else 0
        kind = rng.below(6)
        if kind == 0:
            data = data[:at] + bytes((rng.below(256),)) + data[at + 1:]
        elif kind == 1:
            data = data[:at] + data[at + rng.between(1, 4):]
        elif kind == 2:
            data = data[:at] + MARKS[rng.below(len(MARKS))] + data[at:]
        elif kind == 3:
            data = data[:at] + data[at:at + 30] + data[at:]
        elif kind == 4:
            data = data[:at] + bytes((data[at] ^ 1 << rng.below(8),)) + data[at + 1:] if data else data
        else:
            data = data[:at]
    return data


def looked_at(telegram: Telegram) -> None:
    """Everything a driver makes of a telegram; only DeviceError may come."""
    p1.submeters(telegram)
    p1.meter_id(telegram)
    d0.meter_id(telegram.lines)
    with contextlib.suppress(DeviceError):
        reading_of(entries(telegram.lines), 0, (0, 1, 2), False)


def test_mutated_telegrams_raise_nothing_foreign() -> None:
    rng = Rng(41)
    taken = 0
    for number in range(COUNT):
        data = mutated(a_telegram(rng), rng)
        if number % 2:  # under a fitting CRC
            text = data[:data.rfind(b"!") + 1]
            data = text + b"%04X\r\n" % p1.crc16(text)
        for telegram in Reader().feed(data):
            looked_at(telegram)
            taken += 1
    assert COUNT // 20 < taken < COUNT


def test_mutated_readouts_and_identifications_raise_nothing_foreign() -> None:
    rng = Rng(42)
    good = D0Meter().block(Phases(1, -2, 3), 4_000, 5)
    refused = 0
    for _ in range(COUNT // 2):
        data = mutated(good if rng.chance(900) else D0Meter().ident(), rng)
        try:
            d0.ident_of(data)
            text = bytes(byte & 0x7F for byte in data)
            start, end = text.find(b"\x02"), text.rfind(b"\x03")
            if 0 <= start < end:  # a fitting check
                inner = text[start:end + 1]
                data = with_parity(inner + bytes((d0.block_check(inner[1:]),)))
            lines = d0.readout(data)
            if lines is not None:
                looked_at(Telegram(0, "", lines, True))
        except DataError:
            refused += 1
    assert refused > COUNT // 50


def test_damaged_streams_lose_no_intact_telegram() -> None:
    """Sealed or with a CRC; one without may take bytes for its own that nothing tells from its own."""
    rng = Rng(43)
    for seal in (False, True):
        for _ in range(40):
            reader = SealedReader(gcm_open, KEY) if seal else Reader()
            stream, wanted = b"", []
            for counter in range(10):
                data = a_telegram(rng, seal, counter)
                if not seal and data[-2:] == b"\x8d\n":
                    continue
                if rng.chance(600):
                    wanted.append(len(stream))
                    stream += data
                else:
                    stream += mutated(data, rng)
            found: "list[int]" = []
            while stream:
                size = rng.between(1, 700)
                found += [one.offset for one in reader.feed(stream[:size])]
                stream = stream[size:]
            assert set(wanted) <= set(found)


@given(st.lists(st.one_of(st.binary(max_size=40), st.sampled_from(MARKS)), max_size=60),
       st.lists(st.integers(min_value=0, max_value=90), max_size=20))
@settings(max_examples=150, deadline=None)
def test_any_bytes_in_any_pieces(parts: "list[bytes]", sizes: "list[int]") -> None:
    data = b"".join(parts)
    for make in (Reader, lambda: SealedReader(gcm_open, KEY)):
        whole, pieces, at, found = make(), make(), 0, []
        for size in sizes:
            found += pieces.feed(data[at:at + size])
            at += size
        found += pieces.feed(data[at:])
        assert found == whole.feed(data)



def test_hostile_streams_cost_a_bounded_number_of_checks() -> None:
    """Start marks and end marks without number: each end costs at most four checks, each of at most what is held."""
    for unit in (b"/", b"\n/", b"\n!", b"/\n!", b"\r\n!ABCD\r\n/", b"\xdb\x08"):
        data = unit * (4 * MOST_BYTES // len(unit))
        reader, sealed = Reader(), SealedReader(gcm_open, KEY)
        for at in range(0, len(data), 1_000):
            reader.feed(data[at:at + 1_000])
            sealed.feed(data[at:at + 1_000])
            assert len(reader._held) <= 2 * MOST_BYTES
            assert len(sealed._held) <= MOST_BYTES
        assert reader.damaged <= data.count(b"!")


@given(st.binary(max_size=200))
def test_parity_there_and_back(data: bytes) -> None:
    text = bytes(byte & 0x7F for byte in data)
    assert plain(with_parity(text)) == text
