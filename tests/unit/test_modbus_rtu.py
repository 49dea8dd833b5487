"""Frames and verdicts, by hand. The frames are those of MODBUS Application Protocol 1.1b3, 6, where it has them."""

import pytest

from drivers.modbus_owed import KEEP_MS, Owed, confusable, probes
from drivers.modbus_rtu import (
    FOUND,
    MISSHAPEN,
    REFUSED,
    SILENT,
    SPOILT,
    Request,
    character_us,
    concluded,
    crc16,
    framed,
    gap_us,
    judge,
    pending,
    read_request,
    split,
    values_of,
    write_request,
)

ASK = read_request(1, 3, 10, 6)
ANSWER = bytes((1, 3, 12)) + bytes(range(12))
OTHER = bytes((1, 3, 12)) + bytes(range(50, 62))  # of the same shape


def test_checksum_of_the_catalogue() -> None:
    assert crc16(b"123456789") == 0x4B37  # CRC-16/MODBUS, reveng's catalogue of CRC algorithms


def test_requests_as_the_protocol_prints_them() -> None:
    assert read_request(17, 3, 0x6B, 3).frame().hex() == "1103006b00037687"
    assert write_request(17, 6, 1, (3,)).frame().hex() == "1106000100039a9b"
    assert write_request(17, 16, 1, (0x000A, 0x0102)).frame().hex() == "11100001000204000a0102c6f0"
    assert write_request(17, 15, 0x13, (1, 0, 1, 1, 0, 0, 1, 1, 1, 0)).body.hex() == "110f0013000a02cd01"
    assert write_request(17, 5, 0xAC, (1,)).body.hex() == "110500acff00"


def test_values_as_the_protocol_prints_them() -> None:
    assert values_of(bytes.fromhex("110306022b00000064"), 3) == (555, 0, 100)
    assert values_of(bytes.fromhex("110105cd6bb20e1b"), 37)[:10] == (1, 0, 1, 1, 0, 0, 1, 1, 1, 1)


@pytest.mark.parametrize(("function", "address", "count"), [
    (3, 0, 0), (3, 0, 126), (1, 0, 2001), (3, 65_535, 2), (5, 0, 1),
])
def test_a_read_that_no_answer_can_hold_is_a_mistake(function: int, address: int, count: int) -> None:
    with pytest.raises(AssertionError):
        read_request(1, function, address, count)


def test_gap_is_three_and_a_half_characters_and_never_below_its_floor() -> None:
    assert character_us(9600, "N", 1) == 1042
    assert character_us(9600, "E", 1) == 1146
    assert gap_us(9600, "N", 1) == 3647
    assert gap_us(115_200, "N", 1) == 1750


def test_the_answer_is_found() -> None:
    verdict = judge(ASK, framed(ANSWER))
    assert (verdict.kind, verdict.answer, verdict.others) == (FOUND, ANSWER, False)


@pytest.mark.parametrize("before", ["00", "ff", "00ff00", "00" * 40, "80", "01031234"])
def test_driver_switching_and_clicks_before_the_answer_are_skipped(before: str) -> None:
    assert judge(ASK, bytes.fromhex(before) + framed(ANSWER)).answer == ANSWER


def test_more_noise_may_hide_a_frame() -> None:
    assert judge(ASK, bytes.fromhex("0103002800") + framed(ANSWER)).kind == FOUND  # only three bytes count
    assert judge(ASK, bytes.fromhex("010300280106ff12") + framed(ANSWER)).kind == SPOILT
    assert judge(ASK, framed(ANSWER) + bytes.fromhex("55aa55aa55")).kind == SPOILT


@pytest.mark.parametrize("behind", ["00", "ffff00", "800c"])
def test_a_click_behind_the_answer_is_let_pass(behind: str) -> None:
    assert judge(ASK, framed(ANSWER) + bytes.fromhex(behind)).answer == ANSWER


@pytest.mark.parametrize("behind", ["0103", "01030c", "0183", "00010307"])
def test_what_may_begin_another_answer_behind_it_spoils_the_first(behind: str) -> None:
    heard = framed(ANSWER) + bytes.fromhex(behind)
    expected = FOUND if behind == "00010307" else SPOILT  # another length: not to be mistaken
    assert judge(ASK, heard).kind == expected


def test_one_register_too_many_or_too_few_is_no_answer() -> None:
    for words in (5, 7):
        heard = framed(bytes((1, 3, 2 * words)) + bytes(2 * words))
        assert judge(ASK, heard).kind == MISSHAPEN


@pytest.mark.parametrize("body", ["02030c000102030405060708090a0b", "01040c000102030405060708090a0b"])
def test_another_unit_or_function_is_no_answer(body: str) -> None:
    assert judge(ASK, framed(bytes.fromhex(body))).kind in (SILENT, MISSHAPEN)


def test_two_answers_of_one_shape_are_both_not_believed() -> None:
    assert judge(ASK, framed(OTHER) + framed(ANSWER)).kind == SPOILT


def test_what_another_master_asks_for_before_our_answer_may_be_what_we_hear() -> None:
    rival = read_request(1, 3, 40, 6)
    verdict = judge(ASK, rival.frame() + framed(OTHER))
    assert (verdict.kind, verdict.others) == (SPOILT, True)
    assert verdict.asked == (rival.head,)  # and then it is still owed, in case this was ours


def test_what_another_master_asks_for_after_our_answer_is_not_taken_for_it() -> None:
    rival = read_request(1, 3, 40, 6)
    verdict = judge(ASK, framed(ANSWER) + rival.frame() + framed(OTHER))
    assert (verdict.kind, verdict.answer, verdict.asked) == (FOUND, ANSWER, ())
    verdict = judge(ASK, framed(ANSWER) + rival.frame())
    assert (verdict.answer, verdict.asked) == (ANSWER, (rival.head,))


def test_another_master_with_another_slave_does_no_harm() -> None:
    rival = read_request(2, 3, 10, 6)
    heard = rival.frame() + framed(bytes((2,)) + ANSWER[1:]) + framed(ANSWER)
    verdict = judge(ASK, heard)
    assert (verdict.answer, verdict.others, verdict.asked) == (ANSWER, True, ())


def test_a_late_answer_of_another_shape_is_recognised() -> None:
    late = bytes((1, 3, 8)) + bytes(8)
    owed = (read_request(1, 3, 10, 4).head,)
    verdict = judge(ASK, framed(late) + framed(ANSWER), owed)
    assert (verdict.answer, verdict.settled) == (ANSWER, (late,))


def test_an_exception_is_a_refusal_in_words() -> None:
    verdict = judge(ASK, framed(bytes((1, 0x83, 2))))
    assert (verdict.kind, verdict.detail) == (REFUSED, "exception 2: illegal data address")
    assert judge(ASK, framed(bytes((1, 0x84, 2)))).kind == MISSHAPEN


def test_an_exception_beside_an_answer_is_late_or_nothing_is_believed() -> None:
    heard = framed(bytes((1, 0x83, 6))) + framed(ANSWER)
    assert judge(ASK, heard).kind == SPOILT
    assert judge(ASK, heard, (b"\x01\x03\x08",)).answer == ANSWER


def test_an_echo_is_our_request_and_nothing_else() -> None:
    verdict = judge(ASK, ASK.frame() + framed(ANSWER))
    assert (verdict.answer, verdict.echoed) == (ANSWER, True)
    assert judge(ASK, ASK.frame()).kind == SILENT
    assert judge(ASK, ASK.frame() + framed(ANSWER), echo=False).kind == SPOILT  # then it is another master


def test_an_echo_is_no_confirmation() -> None:
    write = write_request(1, 6, 261, (160,))
    assert judge(write, write.frame(), echo=True).kind == SILENT
    assert judge(write, write.frame() + write.frame(), echo=True).kind == FOUND
    assert judge(write, write.frame(), echo=False).kind == FOUND


def test_a_write_is_confirmed_by_its_own_address_and_value() -> None:
    write = write_request(1, 6, 261, (160,))
    for body in ("010601050060", "010601040060", "0110010500a0"):
        assert judge(write, framed(bytes.fromhex(body)), echo=False).kind != FOUND
    several = write_request(1, 16, 261, (160, 5))
    assert judge(several, several.frame() + framed(several.head)).answer == several.head
    assert judge(several, framed(bytes.fromhex("011001050003"))).kind != FOUND


def test_split_finds_frames_between_noise() -> None:
    heard = b"\xff" + framed(ANSWER) + b"\x55\x00" + ASK.frame() + b"\x01"
    assert split(heard) == [(b"\xff", ANSWER), (b"\x55\x00", ASK.body), (b"\x01", b"")]


def test_who_still_waits() -> None:
    other = read_request(2, 4, 0, 2)
    answer = framed(bytes((2, 4, 4)) + bytes(4))
    assert pending(other.frame()) == [other.head]
    assert pending(other.frame() + answer) == []
    assert pending(other.frame() + other.frame() + answer) == [other.head]
    assert concluded(other.frame() + answer)
    assert not concluded(other.frame())
    assert not concluded(answer + b"\x02")


def test_a_debt_lapses() -> None:
    owed = Owed()
    owed.add(ASK.head, 1000)
    assert owed.heads(1, 1000 + KEEP_MS - 1) == (ASK.head,)
    assert owed.lapses_ms(1, 2000) == KEEP_MS - 1000
    assert owed.heads(1, 1000 + KEEP_MS) == ()


def test_one_answer_pays_one_debt() -> None:
    owed = Owed()
    owed.add(ASK.head, 0)
    owed.add(ASK.head, 0)
    assert owed.settle(ANSWER)
    assert owed.heads(1, 0) == (ASK.head,)
    assert owed.settle(ANSWER)
    assert not owed.settle(ANSWER)


def counts(asked: Request, owed: "tuple[bytes, ...]" = ()) -> "list[int]":
    return [probe.body[4] << 8 | probe.body[5] for probe in probes(asked, owed)]


def test_probes_cannot_be_mistaken_and_the_likeliest_come_first() -> None:
    assert counts(ASK)[:3] == [4, 2, 5]  # of the same parity; and one that differs by one register only
    assert counts(ASK, (ASK.head, read_request(1, 3, 10, 4).head))[:2] == [2, 8]
    assert counts(read_request(1, 4, 5, 1))[:3] == [3, 5, 2]
    assert counts(read_request(1, 1, 0, 5))[:2] == [37, 53]  # bits come in bytes
    assert 6 not in counts(ASK)


def test_a_probe_of_a_write_reads_where_it_would_write() -> None:
    assert probes(write_request(1, 6, 261, (1,)), ())[0].body == read_request(1, 3, 261, 1).body
    assert probes(write_request(1, 5, 7, (1,)), ())[0].body == read_request(1, 1, 7, 1).body
    assert probes(write_request(1, 16, 0xFFFE, (1, 2)), ())[0].body == read_request(1, 3, 0xFFFE, 1).body


def test_an_answer_one_register_off_may_be_confused_too() -> None:
    for count, may_be in ((5, True), (6, True), (7, True), (4, False), (8, False)):
        assert confusable(ASK, (read_request(1, 3, 10, count).head,)) == may_be
    assert not confusable(ASK, (read_request(1, 4, 10, 6).head,))
    write = write_request(1, 6, 261, (160,))
    assert confusable(write, (write.head,))
    assert not confusable(write, (write_request(1, 6, 261, (60,)).head, ASK.head))
