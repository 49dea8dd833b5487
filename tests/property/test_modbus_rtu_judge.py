"""Whatever the line does to bytes: no verdict hands out words that were not sent as the answer."""

from hypothesis import example, given
from hypothesis import strategies as st

from drivers.modbus_owed import probes
from drivers.modbus_rtu import FOUND, framed, judge, read_request, split, values_of, write_request

WORDS = st.lists(st.integers(0, 0xFFFF), min_size=1, max_size=20).map(tuple)
CLICK = st.lists(st.sampled_from([0, 0xFF]), max_size=30).map(bytes)


def answer_of(unit: int, function: int, words: "tuple[int, ...]") -> bytes:
    return bytes((unit, function, 2 * len(words))) + b"".join(word.to_bytes(2, "big") for word in words)


@given(unit=st.integers(1, 247), function=st.sampled_from([3, 4]), address=st.integers(0, 60_000), words=WORDS,
       before=CLICK, behind=CLICK, echoed=st.booleans())
@example(unit=1, function=3, address=0x0400, words=(0,), before=b"\x00", behind=b"", echoed=True)
def test_an_answer_is_found_between_clicks_and_behind_an_echo(
        unit: int, function: int, address: int, words: "tuple[int, ...]", before: bytes, behind: bytes,
        echoed: bool) -> None:
    """The example: an echo and a 0x00 behind it have a right checksum together, too."""
    request = read_request(unit, function, address, len(words))
    heard = (request.frame() if echoed else b"") + before + framed(answer_of(unit, function, words)) + behind
    verdict = judge(request, heard)
    assert verdict.kind == FOUND
    assert values_of(verdict.answer, len(words)) == words
    assert verdict.echoed == echoed


@given(words=WORDS, data=st.data())
def test_one_damaged_byte_is_never_a_value(words: "tuple[int, ...]", data: st.DataObject) -> None:
    """A CRC-16 finds every error of up to 16 bits in a row."""
    request = read_request(1, 3, 10, len(words))
    frame = framed(answer_of(1, 3, words))
    at = data.draw(st.integers(0, len(frame) - 1))
    damaged = frame[:at] + bytes((frame[at] ^ data.draw(st.integers(1, 255)),)) + frame[at + 1:]
    assert judge(request, damaged).kind != FOUND
    assert judge(request, frame[:at] + frame[at + 1:]).kind != FOUND


@given(asked=st.integers(1, 20), words=WORDS, unit=st.integers(1, 3), function=st.sampled_from([3, 4]))
def test_only_the_shape_that_was_asked_is_an_answer(
        asked: int, words: "tuple[int, ...]", unit: int, function: int) -> None:
    verdict = judge(read_request(1, 3, 10, asked), framed(answer_of(unit, function, words)))
    assert (verdict.kind == FOUND) == ((unit, function, len(words)) == (1, 3, asked))


@given(heard=st.binary(max_size=400))
@example(b"\xff\xff\x00\x00\x00\x00")
def test_nothing_is_lost_or_invented_when_noise_is_split(heard: bytes) -> None:
    parts = split(heard)
    assert b"".join(noise + (framed(frame) if frame else b"") for noise, frame in parts) == heard
    assert judge(read_request(1, 3, 10, 6), heard).kind != FOUND


@given(count=st.integers(1, 125), function=st.sampled_from([1, 2, 3, 4]), address=st.integers(0, 65_000),
       owed=st.lists(st.integers(1, 20), max_size=10))
def test_a_probe_has_a_shape_of_its_own(count: int, function: int, address: int, owed: "list[int]") -> None:
    request = read_request(1, function, address, count)
    heads = (request.head, *(read_request(1, function, address, each).head for each in owed))
    found = probes(request, heads)
    assert found
    assert not {probe.head for probe in found} & set(heads)
    assert all(int.from_bytes(p.body[2:4], "big") + int.from_bytes(p.body[4:6], "big") <= 65_536 for p in found)


@given(first=st.integers(0, 0xFFFF), second=st.integers(0, 0xFFFF), address=st.integers(0, 0xFFFF))
def test_a_confirmation_of_one_value_confirms_no_other(first: int, second: int, address: int) -> None:
    sent, other = (write_request(1, 6, address, (value,)) for value in (first, second))
    assert (judge(sent, other.frame(), echo=False).kind == FOUND) == (first == second)
