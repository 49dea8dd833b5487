"""Telegrams a second of our readers beside the library a user would pick, in one run on the same bytes; what each reads
wrong on the public samples; and every reader under mutated telegrams, counted by what they raise.

    python benchmarks/telegrams.py [--mutations N] [--samples FOLDER]     (PYTHONPATH = the repository)

Ratios count, not the figures of one machine. SML: smllib, and pysml where Python is 3.11 or newer; P1: dsmr-parser,
which must be told the country. For D0 (modes A to C), Speedwire and JSON there is no library a user would pick: ours
stand alone.
"""

import argparse
import json
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dsmr_parser import telegram_specifications
from dsmr_parser.clients.telegram_buffer import TelegramBuffer
from dsmr_parser.parsers import TelegramParser
from smllib import SmlStreamReader

from benchmarks.peers import pysml
from drivers import d0, dataset, json_fields, p1, speedwire
from drivers.ciphers import gcm_open, gcm_seal
from drivers.p1_sealed import SealedReader
from drivers.shelly_em import fields_of
from drivers.sml import Reader as SmlReader
from drivers.sml import frames_of
from drivers.sml_transport import Transport
from drivers.sml_tree import SmlError
from hal.values import Phases
from sim.d0_meter import D0Meter
from sim.p1_meter import P1Meter
from sim.rng import Rng
from sim.sml_meter import LAYOUTS, SmlMeter
from sim.speedwire_meter import datagram

ROUNDS, SECONDS, PIECE = 8, 1.2, 64
SAMPLES = Path(__file__).resolve().parents[2] / "shared" / "data" / "meters"
KEY = bytes(range(16))
W, MV = Phases(1_200, -3_000, 70), Phases(230_100, 231_000, 229_900)
SPECIFICATIONS = {"telegram_v2_2": "V2_2", "telegram_v4_2": "V4", "telegram_v5": "V5",
                  "telegram_esy5q3da1004_v304": "Q3D"}
Count = Callable[[bytes], int]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mutations", type=int, default=100_000)
    parser.add_argument("--samples", type=Path, default=SAMPLES)
    args = parser.parse_args()
    logging.disable(logging.CRITICAL)  # dsmr-parser reports each value it cannot read
    print(f"{'telegrams a second':34} {'bytes':>6} {'ours':>8} {'theirs':>8}  ratio")
    for name, data, ours, theirs in rows():
        speeds = rates(tuple(read for read in (ours, theirs) if read), data)
        words = f"{speeds[1]:8.0f} {speeds[0] / speeds[1]:6.1f}" if theirs else f"{'-':>8} {'-':>6}"
        print(f"{name:34} {len(data) // max(ours(data), 1):6} {speeds[0]:8.0f} {words}")
    if args.samples.is_dir():
        wrong_on_samples(args.samples)
    fuzz(args.mutations)


def rows() -> "list[tuple[str, bytes, Count, Count | None]]":
    sml = b"".join(SmlMeter(LAYOUTS[n % 3]).frame(1000 * n, W, W, MV, n, 9) for n in range(60))
    plain = b"".join(P1Meter("v5", n).frame(1000 * n, W, W, MV, n, 9) for n in range(60))
    old = b"".join(bytes(byte & 0x7F for byte in P1Meter("v2", n).frame(1000 * n, W, W, MV, n, 9)) for n in range(60))
    sealed = P1Meter("austria", 1, lambda iv, text, covered: gcm_seal(KEY, iv, text, covered))
    hidden = b"".join(sealed.frame(1000 * n, W, W, MV, n, 9) for n in range(60))
    block = D0Meter().block(W, 5_000, 6)
    told = datagram(7, 0, W, W, MV, 5_000, 6)
    shelly = b'{"total_act_power":12.5,"a_act_power":1.5,"b_act_power":4,"c_act_power":7,"a_voltage":230.1}'
    wanted = fields_of("triphase", 0, "live", "live")
    return [
        ("SML, 64-byte reads (smllib)", sml, ours_sml, theirs_sml),
        *([("SML, 64-byte reads (pysml)", sml, ours_sml, lambda data: len(pysml.frames(data, PIECE)))]
          if pysml.here else []),
        ("P1 v5, 64-byte reads (dsmr-parser)", plain, ours_p1, lambda data: theirs_p1(data, "V5")),
        ("P1 v2.2 (dsmr-parser)", old, ours_p1, lambda data: theirs_p1(data, "V2_2")),
        ("P1 encrypted, Austria", hidden, lambda data: fed(SealedReader(gcm_open, KEY), data), None),
        ("D0 readout", block, lambda data: 1 if dataset.entries(d0.readout(data) or ()) else 0, None),
        ("Speedwire datagram", told, lambda data: 1 if speedwire.entries(data) else 0, None),
        ("Shelly JSON", shelly, lambda data: 1 if json_fields.entries(
            wanted, {"live": json_fields.document(data)}) else 0, None),
    ]


def ours_sml(data: bytes) -> int:
    return fed(SmlReader(), data)


def ours_p1(data: bytes) -> int:
    reader, count = p1.Reader(), 0
    for at in range(0, len(data), PIECE):
        for telegram in reader.feed(data[at:at + PIECE]):
            count += bool(p1.entries(telegram))
            p1.submeters(telegram)
    return count


def fed(reader: Any, data: bytes) -> int:
    return sum(len(reader.feed(data[at:at + PIECE])) for at in range(0, len(data), PIECE))


def theirs_sml(data: bytes) -> int:
    stream, count = SmlStreamReader(), 0
    for at in range(0, len(data), PIECE):
        stream.add(data[at:at + PIECE])
        while True:
            try:
                found = stream.get_frame()
                if found is None:
                    break
                found.parse_frame()
                count += 1
            except Exception:
                continue  # smllib's errors have no common base
    return count


def theirs_p1(data: bytes, specification: str) -> int:
    buffer, count = TelegramBuffer(), 0
    parser = TelegramParser(getattr(telegram_specifications, specification))
    for at in range(0, len(data), PIECE):
        buffer.append(data[at:at + PIECE].decode("ascii"))
        for telegram in buffer.get_all():
            try:
                parser.parse(telegram)
                count += 1
            except Exception:
                continue
    return count


def rates(reads: "tuple[Count, ...]", data: bytes) -> "list[float]":
    """Telegrams a second of each, best of ROUNDS; taken in turn, so that a busy moment hits both."""
    best = [0.0] * len(reads)
    for _ in range(ROUNDS):
        for at, read in enumerate(reads):
            count, start_s = 0, time.perf_counter()
            while time.perf_counter() - start_s < SECONDS / ROUNDS:
                count += read(data)
            best[at] = max(best[at], count / (time.perf_counter() - start_s))
    return best


def wrong_on_samples(folder: Path) -> None:
    print("\non the public samples: right, and what is lost or wrong")
    ours, theirs, total, numbers, third = [0, 0], [0, 0], 0, 0, 0
    for path in sorted(folder.glob("sml/*.bin")):
        frames = json.loads(path.with_suffix(".json").read_text())["frames"]
        truth = [[row[:4] for row in frame["entries"]] for frame in frames]
        total += sum(map(len, truth))
        score(ours, truth, [[[one.obis.hex(), one.unit, one.scaler, shown(one.value)] for one in frame.entries]
                            for frame in SmlReader().feed(path.read_bytes())])
        score(theirs, truth, smllib_rows(path.read_bytes()))
        numbers += sum(pysml.is_number(row) for rows in truth for row in rows)
        third += pysml.right(path.read_bytes(), truth) if pysml.here else 0
    print(f"  SML dumps, {total} entries: ours {ours[0]} right, {ours[1]} other; smllib {theirs[0]} right, "
          f"{theirs[1]} other"
          + (f"; of their {numbers} numbers pysml {third}" if pysml.here else ""))
    for path in sorted(folder.glob("synth/sml_*.bin")):
        lines = path.with_suffix(".jsonl").read_text().splitlines()
        whole = sum(1 for line in lines if json.loads(line)["intact"])
        data = path.read_bytes()
        print(f"  {path.stem}, {whole} intact frames: ours {ours_sml(data)}; smllib {theirs_sml(data)}"
              + (f"; pysml {len(pysml.frames(data, PIECE))}" if pysml.here else ""))
    for path in sorted(folder.glob("p1/*.txt")):
        found = p1.Reader().feed(path.read_bytes())
        lines = len([row for row in path.read_bytes().split(b"!")[0].replace(b"\r\n(", b"(").split(b"\r\n")[2:] if row])
        name = SPECIFICATIONS[path.stem]
        counts = {said: objects(path, said) for said in sorted({name, "V5", "V4"})}
        told = ", ".join(f"told {said}: {count}" for said, count in counts.items())
        print(f"  {path.stem}, {lines} lines: ours {len(found[0].lines) if found else 0} without being told; "
              f"dsmr-parser {told}")


def score(counts: "list[int]", truth: "list[Any]", frames: "list[Any]") -> None:
    wanted = [row for frame in truth for row in frame]
    got = [row for frame in frames for row in frame]
    right = sum(1 for row, other in zip(wanted, got) if row == other)
    counts[0] += right
    counts[1] += len(wanted) - right


def shown(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else value


def smllib_rows(data: bytes) -> "list[Any]":
    stream, out = SmlStreamReader(), []
    stream.add(data)
    while True:
        try:
            found = stream.get_frame()
            if found is None:
                return out
            lists = [message.message_body for message in found.parse_frame()]
        except Exception:
            continue
        out.append([[entry.obis.lower(), entry.unit, entry.scaler, text(entry.value)]
                    for body in lists if hasattr(body, "val_list") for entry in body.val_list])


def text(value: object) -> object:
    """smllib shows an octet string as text where it can be printed."""
    if isinstance(value, str) and not all(letter in "0123456789abcdef" for letter in value):
        return value.encode().hex()
    return value


def objects(path: Path, specification: str) -> int:
    try:
        parser = TelegramParser(getattr(telegram_specifications, specification))
        return len(list(parser.parse(path.read_bytes().decode("ascii"))))
    except Exception:
        return 0  # a wrong checksum, as it calls a telegram that has none


def fuzz(count: int) -> None:
    """Foreign exceptions among `count` mutated telegrams of each kind, by seed; there must be none."""
    print(f"\n{count} mutated telegrams of each kind: read, refused, and exceptions that are none of the reader's own")
    rng = Rng(20_261)
    payloads = [Transport().feed(SmlMeter(LAYOUTS[n % 3]).frame(n, W, W, MV, n, 9))[0][1] for n in range(30)]
    telegrams = [P1Meter("v5", n).frame(n, W, W, MV, n, 9) for n in range(30)]
    block, told = D0Meter().block(W, 5_000, 6), datagram(7, 0, W, W, MV, 5_000, 6)
    kinds: "list[tuple[str, list[bytes], Callable[[bytes], object], type[Exception]]]" = [
        ("SML payload", payloads, lambda data: frames_of(0, data), SmlError),
        ("P1 telegram", telegrams, checked, ZeroDivisionError),
        ("D0 readout", [block], d0.readout, dataset.DataError),
        ("Speedwire", [told], speedwire.entries, ZeroDivisionError),
    ]
    for name, good, read, own in kinds:
        taken = refused = foreign = 0
        start_s = time.perf_counter()
        for _ in range(count):
            try:
                taken += bool(read(mutated(good[rng.below(len(good))], rng)))
            except own:
                refused += 1
            except Exception:
                foreign += 1
        print(f"  {name:12} {taken:7} read, {count - taken - foreign:7} refused, {foreign} foreign; "
              f"{1_000_000 * (time.perf_counter() - start_s) / max(count, 1):.0f} us each")


def checked(data: bytes) -> object:
    """Under a fitting CRC, the better to reach the depths."""
    head = data[:data.rfind(b"!") + 1]
    found = p1.Reader().feed(head + b"%04X\r\n" % p1.crc16(head))
    return [(p1.entries(one), p1.submeters(one), p1.measured(one)) for one in found]


def mutated(data: bytes, rng: Rng) -> bytes:
    for _ in range(1 + rng.below(3) * rng.below(3)):
        at = rng.below(len(data)) if data else 0
        kind = rng.below(5)
        if kind < 2:
            data = data[:at] + bytes((rng.below(256),)) + data[at + 1:]
        elif kind == 2:
            data = data[:at] + data[at + rng.between(1, 4):]
        elif kind == 3:
            data = data[:at] + data[at:at + 9] + data[at:]
        else:
            data = data[:at]
    return data


if __name__ == "__main__":
    main()
