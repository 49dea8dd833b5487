"""Wired frames out of a stream of bytes."""

from drivers.mbus_frame import ANY, REQ_UD2, Frame, Reader, long, short

ONE = long(0x08, 5, 0x72, b"\x01\x02\x68\x16")


def test_frames_between_anything() -> None:
    stream = b"\xe5\x00\x68" + ONE + short(REQ_UD2, ANY) + b"\x68\x03\x03\x68" + ONE + b"\x10"
    for piece in (1, 3, 500):
        reader, found = Reader(), []
        for at in range(0, len(stream), piece):
            found += reader.feed(stream[at:at + piece])
        assert found == [Frame(0x08, 5, 0x72, b"\x01\x02\x68\x16")] * 2


def test_a_wrong_checksum_is_no_frame() -> None:
    for place in range(4, len(ONE)):
        reader = Reader()
        assert reader.feed(ONE[:place] + bytes((ONE[place] ^ 1,)) + ONE[place + 1:] + ONE)[-1:] == [
            Frame(0x08, 5, 0x72, b"\x01\x02\x68\x16")]
        assert reader.damaged >= 1


def test_requests_are_what_the_standard_says() -> None:
    assert short(0x5B, 254).hex() == "105bfe5916"
    assert short(0x40, 1).hex() == "1040014116"


def test_what_is_held_is_bounded() -> None:
    reader = Reader()
    for _ in range(100):
        reader.feed(b"\x68\xff\xff\x68" + bytes(200))
        assert reader.rest() <= 2 * 261
