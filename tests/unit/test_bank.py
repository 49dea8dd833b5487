import pytest

from hal.faults import REFUSED, TIMEOUT, DeviceError
from hal.registers import Reg, decode
from sim.bank import Bank, Refused

POWER = Reg("power_w", 4, 0x000C, "f32", 3, 1, 1)
LIMIT = Reg("limit_ma", 6, 261, "u16", 1, 100, 1)


def bank() -> Bank:
    made = Bank()
    made.unit(1).put(POWER, (-3000, 0, 250))
    made.unit(1).put(LIMIT, (16_000,))
    return made


def test_put_by_the_table_is_read_back_by_the_table() -> None:
    words = bank().read(1, 4, 0x000C, 6)
    assert words[:2] == (0xC53B, 0x8000)
    assert decode(POWER, words) == (-3000, 0, 250)


def test_a_register_written_with_function_6_is_read_with_function_3() -> None:
    assert bank().read(1, 3, 261, 1) == (160,)


def test_an_unknown_unit_is_silent() -> None:
    with pytest.raises(DeviceError) as caught:
        bank().read(2, 4, 0x000C, 6)
    assert caught.value.kind == TIMEOUT


@pytest.mark.parametrize(("function", "address", "count", "code"), [
    (4, 0x000C, 7, 2),  # one past the end
    (4, 0x000B, 2, 2),  # one before the start
    (3, 0x000C, 6, 2),  # the other table
    (4, 0x000C, 0, 3),
    (4, 0x000C, 126, 3),
    (7, 0x000C, 1, 1),
])
def test_what_does_not_exist_is_refused(function: int, address: int, count: int, code: int) -> None:
    with pytest.raises(Refused) as caught:
        bank().read(1, function, address, count)
    assert (caught.value.kind, caught.value.code) == (REFUSED, code)


def test_a_write_stands_before_its_listener_is_told() -> None:
    made = bank()
    told = []
    made.unit(1).on_write(lambda function, address, values: told.append((values, made.unit(1).words(3, address, 1))))
    made.write(1, 6, 261, (60,))
    assert told == [((60,), (60,))]
    assert made.read(1, 3, 261, 1) == (60,)


def test_a_write_that_the_device_refuses_leaves_the_old_value() -> None:
    made = bank()

    def refuse(function: int, address: int, values: "tuple[int, ...]") -> None:
        raise Refused(3)

    made.unit(1).on_write(refuse)
    with pytest.raises(Refused):
        made.write(1, 6, 261, (60,))
    assert made.read(1, 3, 261, 1) == (160,)


def test_a_write_past_the_end_changes_nothing() -> None:
    made = bank()
    with pytest.raises(Refused):
        made.write(1, 16, 261, (60, 61))
    assert made.read(1, 3, 261, 1) == (160,)


def test_bits_have_their_own_table() -> None:
    made = bank()
    made.unit(1).poke(1, 0, (0, 0, 0))
    made.write(1, 5, 1, (1,))
    assert made.read(1, 1, 0, 3) == (0, 1, 0)
    with pytest.raises(Refused):
        made.read(1, 3, 0, 1)


def test_a_listener_to_reads_may_refuse_them() -> None:
    made = bank()

    def only_whole_floats(function: int, address: int, count: int) -> None:
        if count % 2:
            raise Refused(3)

    made.unit(1).on_read(only_whole_floats)
    assert len(made.read(1, 4, 0x000C, 2)) == 2
    with pytest.raises(Refused):
        made.read(1, 4, 0x000C, 3)


def test_a_dropped_register_is_gone() -> None:
    made = bank()
    made.unit(1).drop(4, 0x000C, 2)
    with pytest.raises(Refused):
        made.read(1, 4, 0x000C, 2)
    assert len(made.read(1, 4, 0x000E, 4)) == 4
