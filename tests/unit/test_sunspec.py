import pytest

from drivers.sunspec import NONE, Model, Point, fetch, find, scan
from hal.faults import FRAME, RANGE, REFUSED, TIMEOUT, DeviceError
from sim.bank import Bank

WATTS = Point("power_w", 2, "s16", 1, 1, 1, 3)
VOLTS = Point("voltage_mv", 4, "u16", 3, 1000, 1, 7)
STATE = Point("state", 8, "u16", 1, 1, 1, NONE)


def bank(base: int = 40_000) -> Bank:
    """Marker, model 1 with 66 registers, our model 900, end."""
    made = Bank()
    put = made.unit(1).poke
    put(3, base, (0x5375, 0x6E53, 1, 66) + (0xFFFF,) * 66)
    put(3, base + 70, (0xFFFF, 0))
    return made


def with_model(body: "tuple[int, ...]") -> Bank:
    made = bank()
    made.unit(1).poke(3, 40_070, (900, len(body)) + body + (0xFFFF, 0))
    return made


def test_the_chain_is_followed_to_its_end() -> None:
    made = with_model((0,) * 8)
    assert scan(made, 1) == (Model(1, 40_002, 66), Model(900, 40_070, 8))


@pytest.mark.parametrize("base", [40_000, 50_000, 0])
def test_the_marker_is_searched_at_its_three_places(base: int) -> None:
    assert scan(bank(base), 1) == (Model(1, base + 2, 66),)


def test_a_base_with_something_else_is_passed_over() -> None:
    made = bank(50_000)
    made.unit(1).poke(3, 40_000, (1, 2))
    assert scan(made, 1)[0].address == 50_002


def test_no_marker_anywhere() -> None:
    made = Bank()
    made.unit(1)
    with pytest.raises(DeviceError) as caught:
        scan(made, 1)
    assert caught.value.kind == FRAME


def test_a_chain_without_end() -> None:
    made = Bank()
    made.unit(1).poke(3, 40_000, (0x5375, 0x6E53) + (1, 0) * 200)
    with pytest.raises(DeviceError) as caught:
        scan(made, 1)
    assert caught.value.kind == FRAME


def test_a_silent_unit_is_an_error_and_not_searched_further() -> None:
    with pytest.raises(DeviceError) as caught:
        scan(Bank(), 1)
    assert caught.value.kind == TIMEOUT


def test_a_model_that_is_missing_is_named() -> None:
    models = scan(bank(), 1)
    assert find(models, 7, 1).id == 1
    with pytest.raises(DeviceError, match="103 or 113") as caught:
        find(models, 103, 113)
    assert caught.value.kind == REFUSED


@pytest.mark.parametrize(("factor", "raw", "power_w"), [
    (0xFFFF, 1234, 123), (0, 1234, 1234), (1, 1234, 12_340), (0xFFFE, 0xFB2E, -12),
    (0, 0x8000, None), (0x8000, 1234, None),
])
def test_a_value_and_its_factor(factor: int, raw: int, power_w: "int | None") -> None:
    made = with_model((raw, factor, 2301, 2302, 0xFFFF, 0xFFFF, 4, 0))
    got = fetch(made, 1, scan(made, 1)[1], (WATTS, VOLTS, STATE))
    assert got["power_w"] == (power_w,)
    assert got["voltage_mv"] == (230_100, 230_200, None)
    assert got["state"] == (4,)


def test_value_and_factor_come_in_one_request() -> None:
    made = with_model((1234, 0xFFFF, 2301, 2302, 2303, 0xFFFF, 4, 0))
    model = scan(made, 1)[1]
    asked = []
    made.unit(1).on_read(lambda function, address, count: asked.append((address - model.address, count)))
    fetch(made, 1, model, (WATTS, VOLTS))
    assert asked == [(2, 6)]


def test_a_factor_that_cannot_be() -> None:
    made = with_model((1234, 11, 0, 0, 0, 0, 4, 0))
    with pytest.raises(DeviceError) as caught:
        fetch(made, 1, scan(made, 1)[1], (WATTS,))
    assert caught.value.kind == RANGE


def test_a_model_too_short_for_the_point() -> None:
    made = with_model((1234, 0, 0, 0, 0, 0))
    with pytest.raises(DeviceError) as caught:
        fetch(made, 1, scan(made, 1)[1], (STATE,))
    assert caught.value.kind == FRAME
