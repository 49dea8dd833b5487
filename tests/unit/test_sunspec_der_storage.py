"""A storage by SunSpec's models 701, 704 and 713 or 802."""

import pytest

from drivers.sunspec_der_storage import OPTIONS, build
from hal.faults import RANGE, REFUSED, DeviceError
from hal.values import ZERO, Setpoint
from sim.bank import Bank
from sim.battery import Battery
from sim.twins.sunspec_der_storage import DerStorageTwin

M701, M702, M704 = 40_070, 40_225, 40_277  # where the models of the twin begin
M713 = M704 + 67


class Cellar:
    """A battery behind its inverter, and time that passes in seconds."""

    def __init__(self, charge: int = 713, phases: "tuple[int, ...]" = (0, 1, 2), **given: object) -> None:
        self.options: "dict[str, object]" = {option.name: option.default for option in OPTIONS}
        self.options.update(unit=1, phases=phases, max_a=32, max_charge_w=5_000, max_discharge_w=4_000, **given)
        self.bank = Bank()
        self.battery = Battery(phases, seed=2, soc_permille=500, standby_w=0)
        self.twin = DerStorageTwin(self.bank.unit(1), self.battery, phases, charge)
        self.store = build(self.bank, self.options)
        self.now_ms = 0

    def seconds(self, count: int) -> None:
        for _ in range(count):
            self.now_ms += 1000
            self.battery.step(self.now_ms, 1000)
            self.twin.tick(self.now_ms)

    def words(self, offset: int, count: int = 1) -> "tuple[int, ...]":
        return self.bank.unit(1).words(3, M704 + offset, count)


def watts(power_w: int) -> Setpoint:
    return Setpoint(ZERO, power_w)


def test_words_of_the_model_description() -> None:
    cellar = Cellar(phases=(1, 2, 0))
    poke = cellar.bank.unit(1).poke
    assert cellar.bank.unit(1).words(3, M701, 2) == (701, 153)
    assert cellar.words(0, 2) == (704, 65)
    poke(3, M701 + 4, (3,))
    poke(3, M701 + 10, (0x10000 - 250,))  # -250 * 10 W: it takes 2500
    poke(3, M701 + 116, (1,))
    poke(3, M701 + 19, (0, 0, 0, 12, 0, 0, 1, 0))
    poke(3, M701 + 120, (2,))
    poke(3, M713 + 4, (735,))
    poke(3, M713 + 8, (0xFFFF,))
    poke(3, M704 + 22, (1, 1, 0xFFFF, 0xFFFF - 299))  # -300 * 10 W
    poke(3, M704 + 55, (1,))
    said = cellar.store.read(4)
    assert (said.total_w, said.soc_permille, said.state, said.limit_w) == (2_500, 735, "producing", 3_000)
    assert (said.export_wh, said.import_wh) == (1_200, 6_553_600)
    assert said.power_w is not None
    assert said.power_w.total() == 2_500


@pytest.mark.parametrize("charge", [713, 802])
@pytest.mark.parametrize("phases", [(0, 1, 2), (2,)])
@pytest.mark.parametrize("power_w", [3_000, -2_345, 0])
def test_it_takes_exactly_what_it_is_told(charge: int, phases: "tuple[int, ...]", power_w: int) -> None:
    cellar = Cellar(charge, phases)
    cellar.store.arm()
    cellar.store.apply(watts(power_w))
    cellar.seconds(5)
    assert cellar.battery.power_w.total() == power_w
    said = cellar.store.read(cellar.now_ms)
    assert (said.total_w, said.limit_w) == (power_w, power_w)
    assert said.soc_permille is not None
    assert abs(said.soc_permille - cellar.battery.soc_permille) <= 1
    cellar.store.release()
    cellar.seconds(5)
    assert (cellar.battery.power_w.total(), cellar.store.read(cellar.now_ms).limit_w) == (0, None)


@pytest.mark.parametrize(("power_w", "factor", "raw"), [
    (1_999, 2, -19), (-1_999, 2, 19), (99, 2, 0), (-99, 2, 0), (9_000, 0, -5_000), (-9_000, 0, 4_000), (17, -1, -170)])
def test_a_power_is_rounded_towards_zero_within_its_bounds(power_w: int, factor: int, raw: int) -> None:
    cellar = Cellar()
    cellar.twin.factors["set_w"] = factor
    cellar.seconds(1)
    cellar.store.apply(watts(power_w))
    assert cellar.words(24, 2) == (raw >> 16 & 0xFFFF, raw & 0xFFFF)


def test_without_us_it_regulates_by_itself_and_a_restart_is_seen() -> None:
    cellar = Cellar(revert_s=30)
    cellar.store.arm()
    cellar.store.apply(watts(2_000))
    assert cellar.words(30) == (0,)
    assert cellar.words(31, 2) == (0, 30)
    cellar.seconds(20)
    cellar.store.apply(watts(2_000))
    cellar.seconds(29)
    assert cellar.battery.power_w.total() == 2_000
    cellar.seconds(5)
    assert cellar.battery.power_w.total() == 0
    cellar.twin.power_cycle()
    cellar.store.apply(watts(2_000))
    assert cellar.words(31, 2) == (0, 30)
    cellar.seconds(5)
    assert cellar.battery.power_w.total() == 2_000


def test_what_does_not_fit_is_a_fault() -> None:
    cellar = Cellar()
    wrong = build(cellar.bank, {**cellar.options, "phases": (1,)})
    with pytest.raises(DeviceError, match="its wiring is of 3 phases, here 1") as error:
        wrong.arm()
    assert error.value.kind == RANGE
    cellar.twin.ignore_writes = True
    with pytest.raises(DeviceError, match=r"told .*, kept") as error:
        cellar.store.apply(watts(1_000))
    assert error.value.kind == REFUSED
    cellar.bank.unit(1).poke(3, M713, (999,))
    with pytest.raises(DeviceError, match="no SunSpec model 713 or 802"):
        build(cellar.bank, cellar.options).read(0)
