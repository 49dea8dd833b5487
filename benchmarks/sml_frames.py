"""SML frames per second of our reader beside smllib's, in one run on the same bytes, and the costliest frames.

    python benchmarks/sml_frames.py [STREAM.bin ...]     (PYTHONPATH = the repository)

Ratios count, not the figures of one machine. smllib checks no message CRC and, without `parse_frame`,
reads by pattern; ours checks every CRC and applies the sign rules.
"""

import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

from smllib import SmlStreamReader

from drivers.sml import Reader
from hal.values import Phases
from sim.sml_meter import ABSENT, LAYOUTS, SmlMeter, entry, frame, message, several, text, unsigned

ROUNDS = 5
SECONDS = 0.6


def made_stream() -> bytes:
    """200 frames of the simulated meter's layouts, 380 bytes in the mean."""
    out = b""
    for number in range(200):
        power_w = Phases(3 * number, -number, 700)
        out += SmlMeter(LAYOUTS[number % 3]).frame(1000 * number, power_w, power_w, Phases(230_000, 0, 0), number, 9)
    return out


def ours(data: bytes, piece: int) -> int:
    reader, count = Reader(), 0
    for at in range(0, len(data), piece):
        count += len(reader.feed(data[at:at + piece]))
    return count


def smllib_parse(data: bytes, piece: int) -> int:
    return _smllib(data, piece, lambda frame: frame.parse_frame())


def smllib_obis(data: bytes, piece: int) -> int:
    return _smllib(data, piece, lambda frame: frame.get_obis())


def _smllib(data: bytes, piece: int, opened: "Callable[[object], object]") -> int:
    stream, count = SmlStreamReader(), 0
    for at in range(0, len(data), piece):
        stream.add(data[at:at + piece])
        while True:
            try:
                found = stream.get_frame()
                if found is None:
                    break
                opened(found)
                count += 1
            except Exception:
                continue  # smllib's errors have no common base
    return count


def rate(read: "Callable[[bytes, int], int]", data: bytes, piece: int) -> float:
    """Frames a second, best of ROUNDS."""
    best = 0.0
    for _ in range(ROUNDS):
        count, start_s = 0, time.perf_counter()
        while time.perf_counter() - start_s < SECONDS / ROUNDS:
            count += read(data, piece)
        best = max(best, count / (time.perf_counter() - start_s))
    return best


def costly() -> "list[tuple[str, bytes]]":
    """What one frame can cost at most: the longest we take, filled with the smallest items."""
    many = b"\xf7\x80\x00"  # a list of 1792
    entries = [entry("1 0 16 7 0 255", unsigned(1), 27)] * 190
    full = several(ABSENT, text(b"x"), ABSENT, ABSENT, several(*entries), ABSENT, ABSENT)
    return [
        ("4 KB of nested lists", frame(message(b"\x01", 0x0999, many + b"\x71\x01" * 1792), "kermit")),
        ("4 KB of entries", frame(message(b"\x01", 0x0701, full, "kermit"), "kermit")),
        ("a list of 16 million", frame(message(b"\x01", 0x0999, b"\xff\x8f\x8f\x8f\x0f"))),
        ("2,000 lists in lists", frame(message(b"\x01", 0x0999, b"\x71" * 2000))),
    ]


def main(paths: "list[str]") -> None:
    streams = [("simulated", made_stream())] + [(Path(path).stem, Path(path).read_bytes()) for path in paths]
    print(f"{'stream':28} {'piece':>5} {'ours/s':>8} {'parse/s':>8} {'obis/s':>8} {'x parse':>8} {'x obis':>7}  frames")
    for name, data in streams:
        for piece in (64, 1):
            found = (ours(data, piece), smllib_parse(data, piece))
            rates = [rate(read, data, piece) for read in (ours, smllib_parse, smllib_obis)]
            print(f"{name[:28]:28} {piece:5} {rates[0]:8.0f} {rates[1]:8.0f} {rates[2]:8.0f}"
                  f" {rates[0] / (rates[1] or 1):8.1f} {rates[0] / (rates[2] or 1):7.1f}  {found[0]} / {found[1]}")
    print(f"\n{'one frame of':28} {'bytes':>6} {'ms':>7} {'KB at most':>11}")
    for name, data in costly():
        each_s = min(_once(data) for _ in range(7))
        tracemalloc.start()
        Reader().feed(data)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        print(f"{name:28} {len(data):6} {1000 * each_s:7.2f} {peak / 1000:11.0f}")


def _once(data: bytes) -> float:
    start_s = time.perf_counter()
    Reader().feed(data)
    return time.perf_counter() - start_s


if __name__ == "__main__":
    main(sys.argv[1:])
