import struct

from hypothesis import given
from hypothesis import strategies as st

from hal.registers import Reg, blocks, decode, encode

ORDERED = ("u32", "s32", "u64", "s64", "f32", "f64")
KINDS = ("u16", "s16", *ORDERED, *(kind + "_le" for kind in ORDERED))
BITS = {"u16": 16, "s16": 16, "u32": 32, "s32": 32, "u64": 64, "s64": 64}
WORD = st.integers(0, 0xFFFF)


@st.composite
def integer_regs(draw: st.DrawFn) -> "tuple[Reg, int]":
    """A register and a raw value that is not its not-a-number pattern."""
    kind = draw(st.sampled_from(sorted(BITS)))
    bits = BITS[kind]
    low, high = (-(1 << bits - 1) + 1, (1 << bits - 1) - 1) if kind[0] == "s" else (0, (1 << bits) - 2)
    num = draw(st.sampled_from((1, -1, 10, -10, 100, 1000)))
    order = draw(st.sampled_from(("", "_le"))) if bits > 16 else ""
    return Reg("value", 3, 0, kind + order, 1, num, 1), draw(st.integers(low, high))


@given(integer_regs())
def test_every_whole_step_survives_the_round_trip(case: "tuple[Reg, int]") -> None:
    reg, raw = case
    assert decode(reg, encode(reg, (raw * reg.num,))) == (raw * reg.num,)


@given(integer_regs(), st.integers(0, 999))
def test_rounding_never_raises_a_limit(case: "tuple[Reg, int]", more: int) -> None:
    reg, raw = case
    value = raw * reg.num + (more % abs(reg.num)) * (1 if raw * reg.num >= 0 else -1)
    (kept,) = decode(reg, encode(reg, (value,)))
    assert kept is not None
    assert abs(kept) <= abs(value)
    assert abs(value) - abs(kept) < abs(reg.num)


@given(st.lists(WORD, min_size=4, max_size=4), st.sampled_from(KINDS))
def test_any_words_are_a_value_or_none(words: "list[int]", kind: str) -> None:
    reg = Reg("value", 3, 0, kind, 1, 1000, 1)
    (value,) = decode(reg, tuple(words[:reg.words()]))
    assert value is None or isinstance(value, int)


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_a_float_is_read_as_the_machine_reads_it(value: float) -> None:
    words = struct.unpack(">2H", struct.pack(">f", value))
    (got,) = decode(Reg("value", 4, 0, "f32", 1, 1, 1), words)
    assert got is not None
    assert abs(got - value) <= 0.5


@given(st.integers(-10**7, 10**7))
def test_a_float_keeps_seven_digits(value: int) -> None:
    reg = Reg("value", 4, 0, "f32", 1, 1, 1)
    assert decode(reg, encode(reg, (value,))) == (value,)


@given(st.lists(st.tuples(st.integers(3, 4), st.integers(0, 400), st.sampled_from(("u16", "f32")), st.integers(1, 3)),
                min_size=1, max_size=20), st.integers(6, 125), st.integers(0, 10))
def test_blocks_hold_every_register_whole(
    table: "list[tuple[int, int, str, int]]", most_words: int, gap: int,
) -> None:
    regs = tuple(Reg("value", function, address, kind, count, 1, 1) for function, address, kind, count in table)
    asked = blocks(regs, most_words, gap)
    assert all(words <= most_words for _, _, words in asked)
    for reg in regs:
        assert any(function == reg.function and address <= reg.address
                   and reg.address + reg.words() <= address + words for function, address, words in asked)
