"""Real meters' dumps and synthetic streams, entry by entry; smllib as the second opinion.

The samples are not ours to ship: they are read where they lie beside the repository.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from smllib import SmlStreamReader
from smllib.errors import CrcError
from smllib.sml import SmlGetListResponse

from drivers.sml import Frame, Reader
from drivers.sml_rules import locked

METERS = Path(__file__).parents[2].parent / "shared" / "data" / "meters"
DUMPS = sorted(METERS.glob("sml/*.bin"))
STREAMS = sorted(METERS.glob("synth/sml_*.bin"))


@pytest.fixture(autouse=True)
def _samples() -> None:
    if not DUMPS or not STREAMS:
        if os.environ.get("CI"):
            pytest.fail(f"no samples at {METERS}")
        pytest.skip(f"no samples at {METERS}")


def read(path: Path, piece: int = 4096) -> "list[Frame]":
    reader, data = Reader(), path.read_bytes()
    return [frame for at in range(0, len(data), piece) for frame in reader.feed(data[at:at + piece])]


def rows(frame: Frame, status: bool) -> "list[list[object]]":
    """As the truth files write them."""
    out = []
    for entry in frame.entries:
        value = entry.value.hex() if isinstance(entry.value, bytes) else entry.value
        out.append([entry.obis.hex(), entry.unit, entry.scaler, value] + ([entry.status] if status else []))
    return out


@pytest.mark.parametrize("path", DUMPS, ids=lambda path: path.stem)
def test_dumps_of_real_meters(path: Path) -> None:
    truth = json.loads(path.with_suffix(".json").read_text())["frames"]
    assert truth
    for piece in (4096, 1, 61):
        frames = read(path, piece)
        assert [(frame.offset, rows(frame, True)) for frame in frames] == [
            (one["offset"], one["entries"]) for one in truth]
        assert [locked(frame.entries) for frame in frames] == [one["pin_locked"] for one in truth]


@pytest.mark.parametrize("path", STREAMS, ids=lambda path: path.stem)
def test_synthetic_streams(path: Path) -> None:
    """Every intact frame and none besides: lost, added and flipped bytes, noise between frames."""
    lines = path.with_suffix(".jsonl").read_text().splitlines()
    truth = [one for one in map(json.loads, lines) if one["intact"]]
    for piece in (4096, 61):
        frames = read(path, piece)
        assert [(frame.offset, frame.server and frame.server.hex(), rows(frame, False), locked(frame.entries))
                for frame in frames] == [(one["offset"], one["server"], one["entries"], not one["pin"])
                                         for one in truth]


def second_opinion(data: bytes, crc: str) -> "Iterator[list[list[object]]]":
    """smllib's entries of every frame it can read."""
    stream = SmlStreamReader(crc=crc)
    for at in range(0, len(data), 32):
        stream.add(data[at:at + 32])
        while True:
            try:
                frame = stream.get_frame()
                if frame is None:
                    break
                yield [[entry.obis.lower(), entry.unit, entry.scaler, entry.value, entry.status]
                       for message in frame.parse_frame() if isinstance(message.message_body, SmlGetListResponse)
                       for entry in message.message_body.val_list]
            except CrcError:
                continue
            except Exception:
                continue  # its errors have no common base; a frame it cannot read is no opinion


def theirs(rows: "list[list[object]]") -> "list[tuple[object, ...]]":
    """smllib shows an octet string as text where it is printable, else as hex."""
    out = []
    for row in rows:
        value = row[3]
        if isinstance(value, str) and not all(letter in "0123456789abcdef" for letter in value):
            value = value.encode().hex()
        out.append((row[0], row[1], row[2], value, row[4]))
    return out


@pytest.mark.parametrize(("path", "crc"), [(path, "x25") for path in DUMPS] + [
    (path, crc) for path in STREAMS for crc in ("x25", "kermit")], ids=str)
def test_smllib_agrees_where_it_can_read(path: Path, crc: str) -> None:
    """Frame by frame and entry for entry; all of the dumps, and of the streams what it does not lose."""
    ours = [[tuple(row) for row in rows(frame, True)] for frame in read(path)]
    opinions = [theirs(rows) for rows in second_opinion(path.read_bytes(), crc)]
    agreed = sum(1 for opinion in opinions if opinion in ours)
    assert agreed == len(opinions)
    least = len(ours) if path in DUMPS else len(ours) // 2 if crc == "x25" else len(ours) // 10
    assert agreed >= least
