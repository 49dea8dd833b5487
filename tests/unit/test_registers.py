import pytest

from hal.registers import Reg, blocks, decode, encode


def reg(kind: str, num: int = 1, den: int = 1, count: int = 1) -> Reg:
    return Reg("value", 3, 100, kind, count, num, den)


@pytest.mark.parametrize(("kind", "num", "den", "words", "value"), [
    ("f32", 1000, 1, (0x4366, 0x3334), 230_200),  # Eastron: 230.2 V
    ("f32_le", 1000, 1, (0x3334, 0x4366), 230_200),  # Shelly, IDM, SolarEdge control
    ("u32", 1, 1, (0x0023, 0x0044), 2_293_828),  # TQ's own example
    ("s32_le", 1, 10, (0xFC18, 0xFFFF), -100),  # Carlo Gavazzi EM24: 0.1 W
    ("s32_le", 100, 1, (0x08FC, 0x0000), 230_000),  # Carlo Gavazzi EM24: 0.1 V
    ("u64", 10, 1, (0, 0, 0x0001, 0x86A0), 1_000_000),  # ABB: 0.01 kWh
    ("f64", 1, 1, (0x4132, 0xD687, 0, 0), 1_234_567),  # Siemens PAC2200: Wh
    ("s16", 100, 1, (1234,), 123_400),  # SunSpec: scale factor -1, in mW
    ("f32", 1, 1, (0xC53B, 0x8000), -3000),  # Eastron: export
    ("u16", 100, 1, (160,), 16_000),  # Heidelberg: 0.1 A
    ("s64_le", 1, 1, (0xFFFE, 0xFFFF, 0xFFFF, 0xFFFF), -2),
])
def test_words_of_makers_descriptions(kind: str, num: int, den: int, words: "tuple[int, ...]", value: int) -> None:
    assert decode(reg(kind, num, den), words) == (value,)
    if value != 230_200:  # the meter's words are those of 230.20001
        assert encode(reg(kind, num, den), (value,)) == words


@pytest.mark.parametrize(("kind", "words"), [
    ("s16", (0x8000,)),
    ("u16", (0xFFFF,)),
    ("s32", (0x8000, 0)),
    ("u32", (0xFFFF, 0xFFFF)),
    ("u32_le", (0xFFFF, 0xFFFF)),
    ("s32_le", (0, 0x8000)),
    ("s64", (0x8000, 0, 0, 0)),
    ("u64", (0xFFFF,) * 4),
    ("f32", (0x7FC0, 0)),  # the quiet one
    ("f32", (0x7F80, 1)),  # a signalling one
    ("f32", (0xFFC0, 0)),
    ("f32", (0x7F80, 0)),  # infinite
    ("f32", (0xFF80, 0)),
    ("f32_le", (0, 0x7FC0)),
    ("f64", (0x7FF8, 0, 0, 0)),
    ("f64", (0xFFF0, 0, 0, 0)),
])
def test_not_a_number_is_no_value(kind: str, words: "tuple[int, ...]") -> None:
    assert decode(reg(kind), words) == (None,)


@pytest.mark.parametrize(("kind", "words", "value"), [
    ("u16", (0x8000,), 32_768),  # only the signed pattern
    ("s16", (0xFFFF,), -1),  # only the unsigned pattern
    ("f32", (0x8000, 0), 0),  # minus zero
    ("f32", (0, 1), 0),  # smallest above zero
    ("f32", (0x7F7F, 0xFFFF), (2**24 - 1) << 104),  # largest
])
def test_edges_that_are_values(kind: str, words: "tuple[int, ...]", value: int) -> None:
    assert decode(reg(kind), words) == (value,)


def test_one_phase_without_value_leaves_the_others() -> None:
    assert decode(reg("u16", count=3), (1, 0xFFFF, 3)) == (1, None, 3)


@pytest.mark.parametrize(("raw", "value"), [(14, 1), (15, 2), (-14 & 0xFFFF, -1), (-15 & 0xFFFF, -2)])
def test_reading_rounds_to_the_nearest(raw: int, value: int) -> None:
    assert decode(reg("s16", 1, 10), (raw,)) == (value,)


@pytest.mark.parametrize(("num", "value", "raw"), [
    (100, 16_099, 160),
    (100, -16_099, -160),
    (-100, 16_099, -160),  # a maker who counts the other way
    (-100, -16_099, 160),
])
def test_writing_rounds_towards_zero(num: int, value: int, raw: int) -> None:
    assert encode(reg("s16", num), (value,)) == (raw & 0xFFFF,)


@pytest.mark.parametrize(("kind", "value"), [
    ("u16", -1), ("u16", 65_536), ("s16", 32_768), ("s16", -32_769), ("u32", 1 << 32), ("s32", 1 << 31),
])
def test_what_does_not_fit_is_not_written(kind: str, value: int) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        encode(reg(kind), (value,))


def at(address: int, kind: str = "u16", count: int = 1, function: int = 3) -> Reg:
    return Reg("value", function, address, kind, count, 1, 1)


def test_neighbours_share_a_request_and_strangers_do_not() -> None:
    table = (at(12, "f32", 3), at(0, "f32", 3), at(6, "f32", 3), at(52, "f32"), at(18, function=4))
    assert blocks(table, 80) == ((3, 0, 18), (3, 52, 2), (4, 18, 1))


def test_a_request_is_never_longer_than_the_device_allows() -> None:
    assert blocks((at(0, "u32"), at(2, "u32"), at(4, "u32")), 4) == ((3, 0, 4), (3, 4, 2))


def test_a_hole_is_read_over_only_where_that_is_allowed() -> None:
    assert blocks((at(0), at(3)), 80) == ((3, 0, 1), (3, 3, 1))
    assert blocks((at(0), at(3)), 80, gap=2) == ((3, 0, 4),)


def test_a_register_named_twice_is_asked_once() -> None:
    assert blocks((at(0, count=3), at(1)), 80) == ((3, 0, 3),)
