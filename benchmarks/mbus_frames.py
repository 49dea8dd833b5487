"""M-Bus frames per second of our reader beside pyMeterBus's, in one run on the same bytes, and what each reads wrong.

    python benchmarks/mbus_frames.py [FRAME.hex ...]     (PYTHONPATH = the repository)

Without arguments the public samples beside the repository are read, where they are there; what is right is said by the
`.norm.xml` beside each (libmbus). Radio telegrams are made up, encrypted, and read with their keys; pyMeterBus has none
of that. The two numbers ours does not find are hex digits in a BCD of an "at error" value, which libmbus adds up as if
they were digits. Ratios count, not the figures of one machine.
"""

import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path

import meterbus

from drivers import mbus_fixed, mbus_records
from drivers.mbus_frame import Reader
from drivers.mbus_telegram import FIXED, of_radio, of_wire
from drivers.oms_reader import OmsReader
from sim.mbus_slave import long_frame
from sim.twins.oms_meter import MODES, RadioMeter

SAMPLES = Path(__file__).parents[1].parent / "shared" / "data" / "meters" / "mbus"
SECONDS = 0.6
SECONDS_OF = {"min": 60, "h": 3_600, "d": 86_400}
NEAR = Decimal("0.000001")
MADE = long_frame(8, 1, 0x72, bytes.fromhex("785634122d2c1b0455000000" + "0c06519700000413a1b200000b2b1307000a5a0602"
                                            "0a5e08020b3b27010004" + "6d130aed2b4c0611090000426cbf2c"))


def ours(raw: bytes) -> "list[Decimal]":
    frame, = Reader().feed(raw)
    telegram = of_wire(frame)
    fixed = mbus_fixed.parse(frame.data) if frame.ci == FIXED else None
    records = fixed.records if fixed else mbus_records.parse(telegram.body).records
    return [Decimal(record.value).scaleb(record.scaler) * SECONDS_OF.get(record.unit, 1)
            for record in records if isinstance(record.value, int)]


def theirs(raw: bytes) -> "list[Decimal]":
    records = getattr(meterbus.load(raw), "records", [])
    values = [record.interpreted["value"] for record in records]
    return [value for value in values if isinstance(value, Decimal)]


def rate(read: "Callable[[bytes], object]", frames: "Sequence[bytes]") -> float:
    """Frames a second."""
    count, begin_s = 0, time.perf_counter()
    while time.perf_counter() - begin_s < SECONDS:
        for frame in frames:
            read(frame)
        count += len(frames)
    return count / (time.perf_counter() - begin_s)


def judged(path: Path, read: "Callable[[bytes], list[Decimal]]") -> "tuple[int, int, str]":
    """(numbers of the sample, of them found, what went wrong)"""
    wanted = []
    for record in ET.fromstring(path.with_suffix(".norm.xml").read_bytes()).findall("DataRecord"):
        text, quantity = record.findtext("Value") or "", record.findtext("Quantity") or ""
        names = ("Fabrication", "version", "Version", "Identification", "location", "flags")
        if text.replace(".", "").replace("-", "").isdigit() and "Time" not in quantity and not any(
                name in quantity for name in names):
            wanted.append(Decimal(text) * (1000 if record.findtext("Unit") == "kWh" else 1)
                          / (1000 if record.findtext("Unit") in ("l", "reserved but historic") else 1))
    try:
        got = read(bytes.fromhex(path.read_text()))
    except Exception as error:
        return len(wanted), 0, f"{type(error).__name__}"
    missing = [value for value in wanted if not any(abs(value - one) <= NEAR for one in got)]
    return len(wanted), len(wanted) - len(missing), " ".join(format(value.normalize(), "f") for value in missing[:3])


def main() -> None:
    paths = [Path(word) for word in sys.argv[1:]] or sorted(SAMPLES.glob("*.hex"))
    frames = [bytes.fromhex(path.read_text()) for path in paths] or [MADE]
    readable = [frame for frame in frames if readable_by_both(frame)]
    mine, other = rate(ours, readable), rate(theirs, readable)
    print(f"wired frames a second, {len(readable)} both can read: ours {mine:,.0f}, pyMeterBus {other:,.0f}"
          f" ({mine / other:.1f} times)")
    for mode in MODES:
        meter = RadioMeter(1, 1, mode=mode, medium=4)
        sent = [meter.send(0) for _ in range(50)]
        keys = {} if mode == "none" else {meter.address.id: (meter.key,)}
        print(f"radio telegrams a second, {mode}: {rate(lambda frame, keys=keys: read(frame, keys), sent):,.0f}")
    print(f"\n{'sample':34} numbers  ours  pyMeterBus  not found by ours / by pyMeterBus")
    sums = [0, 0, 0]
    for path in paths:
        if path.with_suffix(".norm.xml").exists():
            count, mine_found, my_miss = judged(path, ours)
            _, other_found, other_miss = judged(path, theirs)
            sums = [sums[0] + count, sums[1] + mine_found, sums[2] + other_found]
            print(f"{path.stem:34} {count:7} {mine_found:5} {other_found:11}  {my_miss or '-'} / {other_miss or '-'}")
    print(f"{'all':34} {sums[0]:7} {sums[1]:5} {sums[2]:11}")


def readable_by_both(frame: bytes) -> bool:
    try:
        theirs(frame)
        ours(frame)
    except Exception:
        return False  # pyMeterBus's errors have no common base
    return True


def read(frame: bytes, keys: "dict[str, tuple[bytes, ...]]") -> object:
    told = OmsReader(keys).read(of_radio(frame))
    assert told.records, told.why
    return told


if __name__ == "__main__":
    main()
