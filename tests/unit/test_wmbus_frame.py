"""Radio frame formats and their CRCs."""

import pytest

from drivers.wmbus_frame import bare, crc, from_a, from_b, long_a, to_a, to_b


def frame(payload: int) -> bytes:
    data = bytes(7 * place & 0xFF for place in range(10 + payload))
    return bytes((len(data) - 1,)) + data[1:]


def test_the_check_value_of_the_polynomial() -> None:
    assert crc(b"123456789") == 0xC2B7  # CRC-16/EN-13757


@pytest.mark.parametrize("payload", [1, 15, 16, 17, 40, 116, 117, 130, 230])
def test_both_formats_there_and_back(payload: int) -> None:
    data = frame(payload)
    for to, back, kind in ((to_a, from_a, "a"), (to_b, from_b, "b")):
        air = to(data)
        assert back(air) == data
        assert bare(air) == bare(air, kind) == data
        for place in range(0, len(air), 7):
            hurt = air[:place] + bytes((air[place] ^ 0x10,)) + air[place + 1:]
            assert back(hurt) is None
    assert len(to_a(data)) == long_a(data[0])
    assert bare(data) == data


def test_what_is_no_frame() -> None:
    for data in (b"", b"\x00", b"\x05" + bytes(5), frame(20)[:-1], frame(20) + b"\x00", bytes(300)):
        assert bare(data) is None
    assert bare(to_a(frame(3)), "b") is None
    assert bare(frame(3), "a") is None
