"""Words as the descriptions of the wallboxes have them, worked out by hand, and the quirks of single makes."""

import itertools
from typing import Any

import pytest

from drivers import goe_charger, keba_p30_p40
from firmware.config import driver_modules
from hal.faults import RANGE, REFUSED, DeviceError
from hal.values import Phases, Setpoint
from sim.bank import Bank
from sim.car import Car
from sim.twins import alfen_eve, mennekes_compact
from sim.twins import keba_p30_p40 as keba_twin
from sim.twins.register_wallbox import WallboxTwin

EIGHT = Setpoint(Phases(8_000, 8_000, 8_000), 0)


def options(name: str, **given: object) -> "dict[str, object]":
    out: "dict[str, object]" = {option.name: option.default for option in driver_modules.module(name).OPTIONS}
    out.update({key: 1 for key in ("meter", "confirm_single_source") if key in out})
    out.update(unit=1, phases=(0, 1, 2), max_a=32)
    out.update(given)
    return out


def read(name: str, words: "dict[tuple[int, int], tuple[int, ...]]", **given: object) -> Any:
    """The reading of a box in whose registers these words stand, once the slow ones have come."""
    bank = Bank()
    for (function, address), values in words.items():
        bank.unit(1).poke(function, address, values)
    box = driver_modules.module(name).build(bank, options(name, **given))
    for now_ms in range(0, 20_000, 1_000):
        said = box.read(now_ms)
    return said


KEBA = {(3, 1000): (0, 3), (3, 1004): (0, 7), (3, 1008): (0, 10_100), (3, 1010): (0, 10_000), (3, 1012): (0, 9_900),
        (3, 1020): (0x0069, 0x4920), (3, 1100): (0, 16_000), (3, 1036): (0x0001, 0x86A0), (3, 1040): (0, 230),
        (3, 1042): (0, 231), (3, 1044): (0, 229), (3, 1018): (0, 10_201), (3, 1016): (0x003D, 0x7EA3)}


def test_keba() -> None:
    said = read("keba_p30_p40", KEBA)
    assert (said.state, said.total_w) == ("C", 6_900)  # 0x694920 mW
    assert said.current_ma == Phases(10_100, 10_000, 9_900)
    assert said.voltage_mv == Phases(230_000, 231_000, 229_000)
    assert said.limit_ma == Phases(16_000, 16_000, 16_000)
    assert said.import_wh is None  # before it is known whether it is a P30


def test_amperfied_connect() -> None:
    said = read("amperfied_connect", {(4, 5): (7, 101, 100, 99, 253, 230, 231, 229), (4, 14): (6900,),
                                      (3, 261): (160, 0), (4, 17): (1, 0x86A0), (3, 257): (15_000,), (4, 5001): (3,)})
    assert (said.state, said.total_w, said.import_wh, said.temperature_mdegc) == ("C", 6_900, 100_000, 25_300)
    assert said.current_ma == Phases(10_100, 10_000, 9_900)
    assert said.limit_ma == Phases(16_000, 16_000, 16_000)


def test_goe_charger() -> None:
    said = read("goe_charger", {(4, 100): (2,), (4, 108): (0, 230, 0, 231, 0, 229), (4, 114): (0, 101, 0, 100, 0, 99),
                                (4, 120): (0x000A, 0x8750), (3, 299): (10,), (3, 332): (2,), (3, 337): (2,),
                                (4, 128): (0, 1_234)})
    assert (said.state, said.total_w, said.import_wh) == ("C", 6_900, 123_400)  # 690 000 of 0.01 W
    assert said.limit_ma == Phases(10_000, 10_000, 10_000)


def test_alfen_eve() -> None:
    volts = (0x4366, 0x3334, 0x4366, 0x3334, 0x4366, 0x3334)  # 230.2
    said = read("alfen_eve", {(3, 306): volts, (3, 320): (0x4120, 0, 0x4120, 0, 0x4120, 0), (3, 344): (0x45D7, 0xA000),
                              (3, 1201): (0x4332, 0, 0, 0, 0, 0x4180, 0, 0, 55),
                              (3, 374): (0x4132, 0xD687, 0, 0), (3, 1214): (1,), (3, 1215): (3,)})
    assert (said.state, said.total_w, said.import_wh) == ("C", 6_900, 1_234_567)
    assert said.voltage_mv == Phases(230_200, 230_200, 230_200)
    assert said.current_ma == Phases(10_000, 10_000, 10_000)
    assert said.limit_ma == Phases(16_000, 16_000, 16_000)


def test_alfen_without_a_second_phase_has_no_voltage_there() -> None:
    nan = (0x7FC0, 0)
    words = {(3, 306): (0x4366, 0x3334, *nan, *nan), (3, 320): (0x4120, 0, *nan, *nan), (3, 344): (0x4511, 0),
             (3, 1201): (0x4132, 0, 0, 0, 0, 0x4180, 0, 0, 55)}
    assert read("alfen_eve", words).current_ma is None
    assert read("alfen_eve", words, phases=(2,)).current_ma == Phases(0, 0, 10_000)


def test_abb_terra_ac() -> None:
    words = (0, 0x0111, 0, 0x8400, 0, 13_000, 0, 10_100, 0, 10_000, 0, 9_900, 0, 2_300, 0, 2_310, 0, 2_290, 0, 6_900)
    said = read("abb_terra_ac", {(3, 0x400A): words, (3, 0x4020): (60,)})
    assert (said.state, said.total_w) == ("C", 6_900)  # bit 7 of the state's byte says something else
    assert said.current_ma == Phases(10_100, 10_000, 9_900)
    assert said.voltage_mv == Phases(230_000, 231_000, 229_000)
    assert said.limit_ma == Phases(13_000, 13_000, 13_000)


@pytest.mark.parametrize(("code", "lock", "state"), [
    (0, 0, "A"), (0x100, 0x101, "B"), (0x200, 0x101, "B"), (0x300, 0x111, "B"), (0x400, 0x111, "C"),
    (0x500, 0x111, "B"), (0x500, 1, "A"),
])
def test_states_of_the_terra_ac(code: int, lock: int, state: str) -> None:
    words = {(3, 0x400A): (0, lock, 0, code) + (0,) * 16, (3, 0x4020): (60,)}
    assert read("abb_terra_ac", words).state == state


def test_mennekes_compact() -> None:
    ampere = (0x4120, 0)
    said = read("mennekes_compact", {(3, 0x100): (5,), (3, 0x302): (0x4180, 0), (3, 0x500): ampere * 3,
                                     (3, 0x506): (0x4366, 0) * 3, (3, 0x512): (0x45D7, 0xA000), (3, 0xD04): (0, 1),
                                     (3, 0x1000): (0x42F6, 0xE979)})
    assert (said.state, said.total_w, said.import_wh) == ("C", 6_900, 123_456)  # 123.456 kWh
    assert said.limit_ma == Phases(16_000, 16_000, 16_000)


def test_bender_cc() -> None:
    words = {(3, 122): (3,), (3, 212): (0, 10_100, 0, 10_000, 0, 9_900), (3, 1000): (16,), (3, 131): (6,),
             (3, 222): (0, 230, 0, 231, 0, 229), (3, 200): (0, 1_000, 0, 2_000, 1, 0)}
    said = read("bender_cc", words)
    assert (said.state, said.import_wh, said.total_w) == ("C", 68_536, None)
    assert said.voltage_mv == Phases(230_000, 231_000, 229_000)
    words[(3, 200)] = (0, 1_000, 0xFFFF, 0xFFFF, 1, 0)
    assert read("bender_cc", words).import_wh is None


def test_mennekes_xtra() -> None:
    said = read("mennekes_xtra", {(4, 770): (6,), (4, 783): (6_900, 0), (3, 1024): (10,)})
    assert (said.state, said.total_w, said.current_ma) == ("C", 6_900, None)
    assert said.limit_ma == Phases(10_000, 10_000, 10_000)


def test_webasto_next() -> None:
    said = read("webasto_next", {(3, 1000): (3,), (3, 1008): (10_100,), (3, 1010): (10_000,), (3, 1012): (9_900,),
                                 (3, 1020): (0, 6_900), (3, 1036): (1, 0x86A0), (3, 2000): (6,), (3, 2002): (20,)})
    assert (said.state, said.total_w, said.import_wh, said.limit_ma) == ("C", 6_900, 100_000, None)
    assert said.current_ma == Phases(10_100, 10_000, 9_900)


def test_vestel_evc04() -> None:
    said = read("vestel_evc04", {(4, 1001): (1,), (4, 1004): (3,), (4, 1008): (10_100, 0, 10_000, 0, 9_900),
                                 (4, 1014): (230, 0, 231, 0, 229), (4, 1020): (0, 6_900), (4, 1036): (0, 1_234),
                                 (3, 5004): (10,), (3, 2000): (6,), (3, 2002): (20,)})
    assert (said.state, said.total_w, said.import_wh) == ("C", 6_900, 123_400)
    assert said.voltage_mv == Phases(230_000, 231_000, 229_000)
    assert said.limit_ma == Phases(10_000, 10_000, 10_000)


def test_phoenix_em_cp() -> None:
    words = {(4, 100): (0x0043,), (3, 300): (10,), (1, 400): (1,), (4, 108): (23_000, 0, 23_100, 0, 22_900, 0),
             (4, 114): (10_100, 0, 10_000, 0, 9_900, 0), (4, 120): (690, 0), (4, 128): (1_234, 0)}
    said = read("phoenix_em_cp", words)
    assert (said.state, said.total_w, said.import_wh) == ("C", 6_900, 12_340)
    assert said.voltage_mv == Phases(230_000, 231_000, 229_000)
    assert said.limit_ma == Phases(10_000, 10_000, 10_000)
    words[(1, 400)] = (0,)
    assert read("phoenix_em_cp", words).limit_ma == Phases(0, 0, 0)
    assert read("phoenix_em_cp", words, meter=0).current_ma is None


def test_phoenix_ev_cc_eth() -> None:
    said = read("phoenix_ev_cc_eth", {(4, 100): (0x0042,), (3, 528): (10,), (1, 400): (1,), (3, 904): (0x86A0, 1),
                                      (4, 108): (230, 0, 231, 0, 229, 0, 10, 0, 10, 0, 10, 0, 6_900, 0)})
    assert (said.state, said.total_w, said.import_wh) == ("B", 6_900, 100_000)
    assert said.current_ma == Phases(10_000, 10_000, 10_000)


def test_phoenix_ev_cc_rtu() -> None:
    said = read("phoenix_ev_cc_rtu", {(4, 24_000): (0x4300,), (3, 22_000): (10,), (1, 20_000): (1,)})
    assert (said.state, said.current_ma, said.total_w) == ("C", None, None)
    assert said.limit_ma == Phases(10_000, 10_000, 10_000)


@pytest.mark.parametrize("controller", [1, 2])
def test_phoenix_charx(controller: int) -> None:
    at = 1_000 * controller
    volts = (3, 0x8270, 3, 0x8658, 3, 0x7E88)  # 230 000, 231 000, 229 000 mV
    said = read("phoenix_charx", {(3, at + 232): volts + (0, 10_100, 0, 10_000, 0, 9_900, 0x0069, 0x4920),
                                  (3, at + 299): (0x4332, 1, 10), (3, at + 250): (0, 0, 1, 0x86A0)},
                controller=controller)
    assert (said.state, said.total_w, said.import_wh) == ("C", 6_900, 100_000)
    assert said.voltage_mv == Phases(230_000, 231_000, 229_000)
    assert said.limit_ma == Phases(10_000, 10_000, 10_000)


@pytest.mark.parametrize("charge_point", [1, 2])
def test_openwb_series2(charge_point: int) -> None:
    at = 10_000 + 100 * (charge_point - 1)
    said = read("openwb_series2", {(4, at + 100): (0, 6_900, 1, 0x86A0, 23_000, 23_100, 22_900, 1_010, 1_000, 990),
                                   (4, at + 114): (1, 1, 1_000)}, charge_point=charge_point)
    assert (said.state, said.total_w, said.import_wh) == ("C", 6_900, 100_000)
    assert said.current_ma == Phases(10_100, 10_000, 9_900)
    assert said.limit_ma == Phases(10_000, 10_000, 10_000)


def test_evse_din() -> None:
    assert read("evse_din", {(3, 1000): (10,), (3, 1002): (3,)}).limit_ma == Phases(10_000, 10_000, 10_000)
    said = read("evse_din", {(3, 1000): (1_050,), (3, 1002): (4,)}, precise=1)
    assert (said.state, said.limit_ma) == ("D", Phases(10_500, 10_500, 10_500))


def test_victron_evcs() -> None:
    said = read("victron_evcs", {(3, 5009): (0, 1), (3, 5014): (6_900, 2, 10), (3, 5055): (0,)})
    assert (said.state, said.total_w, said.current_ma) == ("C", 6_900, None)
    assert said.limit_ma == Phases(10_000, 10_000, 10_000)


class Box:
    """A box, its twin and a car that charges."""

    def __init__(self, name: str, twin: Any = None, **given: object) -> None:
        self.options = options(name, **given)
        self.bank = Bank()
        self.car = Car((0, 1, 2), seed=4)
        self.car.plug()
        build: Any = twin or __import__("sim.twins." + name, fromlist=["build"]).build
        self.twin: Any = build(self.bank.unit(1), self.car, self.options)
        self.box: Any = driver_modules.module(name).build(self.bank, self.options)
        self.now_ms = 0
        self.written: "list[tuple[int, int, int]]" = []
        self.bank.unit(1).on_write(lambda function, address, values: self.written.append(
            (self.now_ms, address, values[-1])))

    def watch_s(self, seconds: int) -> Any:
        for _ in range(seconds):
            self.now_ms += 1000
            self.car.step(self.now_ms, 1000)
            self.twin.tick(self.now_ms)
            said = self.box.read(self.now_ms)
        return said


def p30(registers: Any, part: Car, given: "dict[str, object]") -> WallboxTwin:
    return keba_twin.KebaTwin(registers, part, (0, 1, 2), p40=False)


def test_a_p30_is_disabled_where_a_p40_is_told_0() -> None:
    for twin, places in ((p30, [(5014, 0)]), (None, [(5004, 0)])):
        box = Box("keba_p30_p40", twin)
        box.box.arm()
        box.box.apply(EIGHT)
        box.watch_s(60)
        assert min(box.car.current_ma) > 7_000
        assert 0 <= box.car.import_wh - box.watch_s(1).import_wh < 20  # up to 10 s old
        box.written.clear()
        box.box.apply(Setpoint(Phases(0, 0, 0), 0))
        assert [(address, value) for _, address, value in box.written] == places
        box.watch_s(20)
        assert max(box.car.current_ma) == 0


def test_a_p30_switches_its_phases() -> None:
    box = Box("keba_p30_p40", p30, phase_switch=1)
    box.box.arm()
    one_phase = Setpoint(Phases(12_000, 0, 0), 0)
    box.box.apply(one_phase)
    box.watch_s(90)
    assert box.car.current_ma[0] > 11_000
    assert box.car.current_ma[1:] == (0, 0)
    assert (5050, keba_p30_p40.MODBUS) in [(address, value) for _, address, value in box.written]


def test_a_keba_is_told_the_same_current_seldom_and_a_lower_one_at_once() -> None:
    box = Box("keba_p30_p40")
    box.box.arm()
    for _ in range(60):
        box.box.apply(EIGHT)
        box.watch_s(1)
    times = [now_ms for now_ms, address, _ in box.written if address == 5004]
    assert len(times) > 5
    assert min(b - a for a, b in itertools.pairwise(times)) >= 5_000
    box.box.apply(Setpoint(Phases(6_000, 6_000, 6_000), 0))
    assert box.written[-1][1:] == (5004, 6_000)


def test_an_early_p40_counts_whole_watt_hours() -> None:
    box = Box("keba_p30_p40")
    box.twin.told["firmware"] = 10_200
    box.box.arm()
    box.box.apply(EIGHT)
    box.watch_s(600)
    said = box.watch_s(15)
    assert 0 <= 10 * box.car.import_wh - said.import_wh < 200  # the twin counts right, so that is ten times too much


def test_fast_charging_makes_the_box_ignore_us() -> None:
    box = Box("keba_p30_p40")
    box.box.arm()
    box.twin.told["fast_charging"] = 1
    box.watch_s(15)
    with pytest.raises(DeviceError, match="fast charging"):
        box.box.apply(EIGHT)


def test_what_is_no_keba_is_not_written_to() -> None:
    box = Box("keba_p30_p40")
    box.twin.frozen = True
    box.watch_s(1)
    box.bank.unit(1).poke(3, 1016, (0, 512))
    for attempt in (box.box.arm, lambda: box.box.apply(EIGHT), box.box.release):
        with pytest.raises(DeviceError) as caught:
            attempt()
        assert caught.value.kind == RANGE
    assert box.written == []


def test_a_keba_is_asked_for_one_value_at_a_time() -> None:
    assert max(block.count for block in (Box("keba_p30_p40").box._fast + Box("keba_p30_p40").box._slow)) == 2


def test_an_alfen_whose_installer_set_more_is_not_told_anything() -> None:
    box = Box("alfen_eve", failsafe_a=6)
    box.twin.safe_ma = 16_000
    box.watch_s(1)
    with pytest.raises(DeviceError, match="safe_ma: 16000 stands in the box") as caught:
        box.box.arm()
    assert caught.value.kind == RANGE
    box.twin.safe_ma = 0
    box.watch_s(1)
    box.box.arm()
    assert box.written == []


def test_an_alfen_that_does_not_heed_us_is_named() -> None:
    box = Box("alfen_eve")
    box.box.arm()
    box.twin.heeds = False
    box.box.apply(EIGHT)
    box.watch_s(25)
    with pytest.raises(DeviceError, match="Energy Management System") as caught:
        box.box.apply(EIGHT)
    assert caught.value.kind == REFUSED


def test_an_alfen_with_a_longer_validity_than_said_is_named() -> None:
    box = Box("alfen_eve", failsafe_s=30)
    box.box.arm()
    box.box.apply(EIGHT)
    box.watch_s(2)
    with pytest.raises(DeviceError, match="failsafe_s says 30"):
        box.box.apply(EIGHT)
    assert alfen_eve.VALID_MS == 60_000


@pytest.mark.parametrize(("raw", "apparent_va", "power_w"), [
    (690_000, 6_900, 6_900), (69_000, 6_900, 6_900), (138_000, 1_400, 1_380), (13_800, 1_400, 1_380), (0, 0, 0),
    (0, 6_900, 0), (2_000, 300, None), (6_900_000, 6_900, None), (6_900, 6_900, None),
])
def test_the_power_of_a_goe_is_taken_where_it_fits(raw: int, apparent_va: int, power_w: "int | None") -> None:
    assert goe_charger.watts(raw, apparent_va) == power_w


def test_the_current_of_a_goe_never_goes_into_its_flash() -> None:
    box = Box("goe_charger", phase_switch=1)
    box.box.arm()
    for current_ma in (8_000, 9_000, 0, 16_000):
        for _ in range(30):
            box.box.apply(Setpoint(Phases(current_ma, current_ma, current_ma), 0))
            box.watch_s(1)
    places = [address for _, address, _ in box.written]
    assert set(places) <= {299, 332, 337}
    assert len(places) <= 8


def test_a_goe_that_is_left_to_itself_is_told_again() -> None:
    box = Box("goe_charger")
    box.box.arm()
    box.box.apply(Setpoint(Phases(0, 0, 0), 0))
    box.watch_s(2)
    box.twin.told["enabled"] = 0  # neutral: its own logic would decide
    box.watch_s(2)
    assert box.twin.told["enabled"] == 1


def test_a_goe_with_swapped_bytes_is_not_written_to() -> None:
    box = Box("goe_charger")
    box.twin.frozen = True
    box.watch_s(1)
    box.bank.unit(1).poke(4, 100, (0x0100,))
    with pytest.raises(DeviceError, match="state 256"):
        box.box.arm()
    assert box.written == []


def test_a_compact_that_lost_us_is_brought_back() -> None:
    box = Box("mennekes_compact", mennekes_compact.build)
    box.box.arm()
    box.box.apply(EIGHT)
    box.watch_s(60)
    box.twin.error = True
    assert box.watch_s(1).state == "E"
    box.box.apply(EIGHT)
    box.watch_s(60)
    assert min(box.car.current_ma) > 7_000


def test_a_compact_whose_fallback_nobody_states_is_reckoned_at_its_most() -> None:
    module = driver_modules.module("mennekes_compact")
    assert module.ability(options("mennekes_compact", max_a=16)).fallback.current_ma == Phases(16_000, 16_000, 16_000)
    assert module.ability(options("mennekes_compact", failsafe_a=6)).fallback.current_ma == Phases(6_000, 6_000, 6_000)
    box = Box("mennekes_compact", failsafe_a=6)
    box.box.arm()
    box.box.apply(EIGHT)
    box.box.release()
    assert box.twin.offered_ma == 0  # left alone it is off, and takes its fallback when its heartbeat has gone


@pytest.mark.parametrize(("raw", "tenths"), [(100, 0), (16, 1)])
def test_a_wallbe_that_counts_otherwise_is_not_written_to(raw: int, tenths: int) -> None:
    box = Box("phoenix_ev_cc_eth", tenths=tenths)
    box.twin.frozen = True
    box.watch_s(1)
    box.bank.unit(1).poke(3, 528, (raw,))
    with pytest.raises(DeviceError, match="tenths = "):
        box.box.arm()
    assert box.written == []


def test_an_evse_din_that_counts_otherwise_is_not_written_to() -> None:
    box = Box("evse_din")
    box.watch_s(1)
    box.bank.unit(1).poke(3, 2005, (0x80,))
    with pytest.raises(DeviceError, match="precise = true"):
        box.box.arm()
    assert box.written == []


def test_a_victron_is_taken_out_of_its_own_mode() -> None:
    box = Box("victron_evcs")
    box.box.arm()
    assert box.twin.told["mode"] == 0
    box.twin.told["mode"] = 1
    box.watch_s(2)
    assert box.twin.told["mode"] == 0


def test_a_terra_ac_that_lost_power_is_raised_again() -> None:
    box = Box("abb_terra_ac")
    box.box.arm()
    box.box.apply(EIGHT)
    box.watch_s(60)
    box.twin.told["limit_ma"] = 6_000  # less than told may be its cable; a while later it is told again
    for _ in range(8):
        box.watch_s(5)
        box.box.apply(EIGHT)
    assert box.twin.offered_ma == 8_000
