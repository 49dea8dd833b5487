"""Public P1 and D0 telegrams, line by line against what stands in them. Not ours to ship: read where they lie."""

import os
from pathlib import Path

import pytest

from drivers import p1
from drivers.obis_reading import reading_of
from drivers.p1 import Reader, Submeter, Telegram
from drivers.quantity import Quantity
from hal.values import Phases, Reading, reading

SAMPLES = Path(__file__).parents[2].parent / "shared" / "data" / "meters" / "p1"
GAS = "4819243993373755377509728609491464", "3232323241424344313233343536373839"
TRUTH: "dict[str, tuple[int, bool, Reading, tuple[Submeter, ...]]]" = {  # lines, CRC, reading, sub-meters; read by hand
    "telegram_v2_2": (16, False, reading(9, total_w=1_010, import_wh=2_002, export_wh=2_002),
                      (Submeter(1, "gas", "000000000000", "161107190000", 13, Quantity(1_001, -3)),)),
    "telegram_v4_2": (33, True, reading(
        9, total_w=2_027, power_w=Phases(170, 1_247, 209), current_ma=Phases(0, 6_000, 2_000), import_wh=3_016_829,
        export_wh=0), (Submeter(1, "gas", GAS[0], "161129200000W", 13, Quantity(981_443, -3)),)),
    "telegram_v5": (37, True, reading(
        9, total_w=244, power_w=Phases(70, 32, 142), current_ma=Phases(480, 440, 860),
        voltage_mv=Phases(230_000, 230_000, 229_000), import_wh=6_825, export_wh=2_444),
        (Submeter(1, "gas", GAS[1], "170102161005W", 13, Quantity(107, -3)),)),
    "telegram_esy5q3da1004_v304": (8, False, reading(
        9, total_w=1_688, power_w=Phases(557, 522, 609), import_wh=32_549_506), ()),
}


@pytest.fixture(autouse=True)
def _samples() -> None:
    if not SAMPLES.is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"no samples at {SAMPLES}")
        pytest.skip(f"no samples at {SAMPLES}")


def read(data: bytes, piece: int) -> "list[Telegram]":
    reader = Reader()
    return [one for at in range(0, len(data), piece) for one in reader.feed(data[at:at + piece])]


def joined(data: bytes) -> "list[str]":
    """The sample's own lines, a value that stands in a line of its own put behind its name."""
    rows = data.split(b"!")[0].decode("ascii").replace("\r\n(", "(").split("\r\n")[2:]
    return [row for row in rows if row]


@pytest.mark.parametrize("name", sorted(TRUTH))
def test_every_line_of_the_public_samples(name: str) -> None:
    data = (SAMPLES / f"{name}.txt").read_bytes()
    count, checked, truth, submeters = TRUTH[name]
    for piece in (4096, 1, 7):
        one, = read(data, piece)
        assert [line.address + "".join(f"({value})" for value in line.values) for line in one.lines] == joined(data)
        assert (len(one.lines), one.checked) == (count, checked)
        assert reading_of(p1.entries(one), 9, (0, 1, 2), False) == truth
        assert p1.submeters(one) == submeters


def test_all_of_them_are_known() -> None:
    assert {path.stem for path in SAMPLES.glob("*.txt")} == set(TRUTH)


def test_the_samples_in_a_row() -> None:
    """An older meter's telegram behind a newer one's is not taken: its CRC may just be lost."""
    names = ("telegram_v2_2", "telegram_v4_2", "telegram_v5")
    stream = b"".join((SAMPLES / f"{name}.txt").read_bytes() for name in names)
    assert len(read(stream, 61)) == 3
    assert len(read(stream + stream, 61)) == 5
