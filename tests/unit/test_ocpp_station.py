"""Charge points with OCPP 1.6J and 2.0.1: the promises of any wallbox, each kept against a twin with quirks.

Every message goes through the schemas of the standard (the ocpp package), in both directions.
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from drivers import ocpp_frames, ocpp_station
from drivers.ocpp_cards import Cards
from drivers.ocpp_desk import At
from drivers.ocpp_frames import Asks, Broken
from drivers.ocpp_talk import DIALECTS, answered
from drivers.ocpp_times import text
from drivers.wallbox_table import MIN_MA
from firmware.config.site import DeviceFile
from firmware.simulated.stations import Yard
from hal.faults import RANGE, REFUSED, TIMEOUT, DeviceError
from hal.values import STOP, ZERO, Phases, Setpoint
from sim.car import Car
from sim.clock import SimClock

VERSIONS = ("1.6", "2.0.1")
LAG_S = 30  # the station's and the car's


class Garage:
    """A charge point with a car on it, read once a second; told again as often as a line does."""

    def __init__(self, version: str, **given: object) -> None:
        self.clock = SimClock()
        self.options: "dict[str, object]" = {option.name: option.default for option in ocpp_station.OPTIONS}
        self.options.update(station="CP-1", phases=(0, 1, 2), max_a=16, clock=self.clock)
        self.options.update(given)
        phases = self.options["phases"]
        assert isinstance(phases, tuple)
        self.car = Car(phases, seed=5)
        self.yard = Yard()
        self.twin = self.yard.add(DeviceFile("it", "ocpp_station", "net", 1_000, self.options), self.car, version)
        self.point, self.socket = self.twin.point, self.twin.socket
        self.port = self.yard.open()
        self.able = ocpp_station.ability(self.options)
        self.box = ocpp_station.build(self.port, self.options)
        self.desk = self.port.desk("CP-1")
        self.wanted: "Setpoint | None" = None
        self.faults: "list[DeviceError]" = []

    def start(self, plugged: bool = True) -> "Garage":
        if plugged:
            self.car.plug()
        self.pass_s(1)
        self.box.read(self.clock.now_ms())
        self.box.arm()
        self.box.release()
        return self

    def tell(self, *current_ma: int) -> None:
        self.wanted = Setpoint(Phases(*current_ma), 0)
        self.box.apply(self.wanted)

    def pass_s(self, seconds: int) -> None:
        """Time alone: nobody asks the station."""
        for _ in range(seconds):
            self.clock.advance(1000)
            self.car.step(self.clock.now_ms(), 1000)
            self.twin.tick(self.clock.now_ms())

    def watch_s(self, seconds: int) -> Any:
        """What was read last; what went wrong is in `faults`."""
        said = None
        for second in range(seconds):
            self.pass_s(1)
            try:
                said = self.box.read(self.clock.now_ms())
                if self.wanted is not None and second % 5 == 4:
                    self.box.apply(self.wanted)
            except DeviceError as error:
                self.faults.append(error)
        return said

    def charge(self, current_ma: int = 13_000, seconds: int = 90) -> Any:
        self.tell(current_ma, current_ma, current_ma)
        return self.watch_s(seconds)

    def words(self) -> str:
        return "; ".join(sorted({"%s: %s" % (error.kind, error.detail) for error in self.faults}))

    def said(self, action: str) -> "list[dict[str, Any]]":
        return [payload for asked, payload in self.port.asked if asked == action]


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_car_charges_with_what_it_is_told_and_stops(version: str) -> None:
    garage = Garage(version).start()
    said = garage.charge()
    assert said.state == "C"
    assert all(11_500 < ma <= 13_000 for ma in garage.car.current_ma)
    assert all(abs(a - b) <= 500 for a, b in zip(said.current_ma, garage.car.current_ma))
    assert said.power_w.total() == said.total_w > 8_000
    assert said.limit_ma == Phases(13_000, 13_000, 13_000)
    assert 0 < said.import_wh <= garage.car.import_wh
    assert min(said.voltage_mv) > 200_000
    garage.tell(0, 0, 0)
    assert garage.watch_s(LAG_S).state == "B"
    assert garage.car.current_ma == (0, 0, 0)
    garage.car.unplug()
    said = garage.watch_s(3)
    assert (said.state, said.total_w) == ("A", 0)
    assert said.import_wh == said.session_wh == garage.car.import_wh
    garage.car.plug()
    assert garage.watch_s(15).session_wh == 0
    assert not garage.faults
    assert not garage.desk.strange


@pytest.mark.parametrize(("asked_ma", "step_ma", "offered_ma"), [
    (5_999, 1_000, 0), (6_000, 1_000, 6_000), (6_999, 1_000, 6_000), (6_999, 100, 6_900), (15_999, 100, 15_900),
    (16_000, 1_000, 16_000), (80_000, 1_000, 16_000)])
def test_a_current_is_told_towards_less(version: str, asked_ma: int, step_ma: int, offered_ma: int) -> None:
    garage = Garage(version, step_ma=step_ma).start()
    garage.watch_s(5)
    garage.tell(asked_ma, 80_000, 80_000)
    garage.watch_s(3)
    assert garage.socket.offered_ma == offered_ma


def test_watts_are_told_where_it_counts_in_watts(version: str) -> None:
    garage = Garage(version, step_ma=100)
    garage.point.unit = "Power"
    garage.start()
    garage.charge(10_100)
    assert 10_000 < garage.socket.offered_ma <= 10_100
    schedules = str(garage.said("SetChargingProfile")[-1])
    assert "'chargingRateUnit': 'W'" in schedules
    assert f"'limit': {10_100 * 230 // 1_000 * 3}" in schedules
    assert not garage.faults


def test_its_own_cable_bounds_it(version: str) -> None:
    garage = Garage(version, max_a=10).start()
    assert garage.able.max_ma == 10_000
    garage.charge(16_000, 10)
    assert garage.socket.offered_ma == 10_000


def test_one_conductor_on_the_second_grid_phase(version: str) -> None:
    garage = Garage(version, phases=(1,)).start()
    garage.watch_s(5)
    garage.tell(0, 8_000, 0)
    said = garage.watch_s(90)
    assert garage.car.current_ma[0] > 7_000
    assert said.current_ma.l2 > 6_900
    assert (said.current_ma.l1, said.current_ma.l3) == (0, 0)


@pytest.mark.parametrize("quirk", ["", "top", "clock behind", "clock ahead", "validTo", "duration"])
def test_without_us_it_falls_back_by_itself(version: str, quirk: str) -> None:
    garage = Garage(version, failsafe_a=6)
    if quirk == "top":
        garage.point.top = 0
    elif quirk:
        garage.point.refuses_ends = (quirk,)
    if "clock" in quirk:
        garage.point.refuses_ends = ()
        garage.point.ahead_ms = 3_600_000 if "ahead" in quirk else -3_600_000
    garage.start()
    garage.charge(16_000)
    if quirk == "clock ahead":  # it sees every lease as over: safe, and said
        assert garage.socket.offered_ma == 6_000
        return
    assert garage.socket.offered_ma == 16_000
    assert garage.able.fallback.current_ma == Phases(6_000, 6_000, 6_000)
    garage.pass_s(garage.able.failsafe_ms // 1000 + LAG_S)
    assert garage.socket.offered_ma == 6_000
    assert 0 < max(garage.car.current_ma) <= 6_000
    assert not garage.faults


def test_its_lease_is_renewed_twice_in_its_life_and_no_oftener(version: str) -> None:
    garage = Garage(version).start()
    garage.charge(16_000, 600)
    assert garage.socket.offered_ma == 16_000
    assert 9 <= len(garage.said("SetChargingProfile")) <= 15
    assert not garage.faults


def test_its_fail_safe_is_read_back_and_laid_anew_when_it_is_gone(version: str) -> None:
    garage = Garage(version, failsafe_a=6).start()
    garage.charge()
    assert garage.box._lease is not None
    assert garage.box._lease.said is not None
    assert [period.limit_ma for period in garage.box._lease.said] == [13_000, 6_000]
    garage.socket.told = [told for told in garage.socket.told if told.level]
    garage.watch_s(40)
    assert "fail-safe was gone: 32000 mA" in garage.words()
    garage.faults = []
    garage.watch_s(40)
    assert not garage.faults
    garage.pass_s(garage.able.failsafe_ms // 1000 + LAG_S)
    assert garage.socket.offered_ma == 6_000


def test_a_limit_that_does_not_end_is_told_to_its_owner(version: str, capsys: "pytest.CaptureFixture[str]") -> None:
    for no_end, times in ((False, 0), (True, 1)):
        garage = Garage(version)
        garage.point.no_end = no_end
        garage.start()
        garage.charge(13_000, 120)
        assert capsys.readouterr().err.count("'CP-1' does not show that its limit ends; try once") == times
        assert not garage.faults


def test_what_others_left_in_it_is_cleared_away(version: str) -> None:
    garage = Garage(version)
    garage.start(plugged=False)
    garage.car.plug()
    garage.watch_s(5)
    garage.socket.told.append(garage.socket.told[0]._replace(id=5, level=3, limit=32.0))
    garage.desk.boots({})
    garage.watch_s(5)
    assert {told.id for told in garage.socket.told} == {7_101, 7_201}
    assert garage.said("ClearChargingProfile")


def test_a_station_that_takes_no_profile_is_never_armed(version: str) -> None:
    garage = Garage(version)
    garage.point.rejects = True
    with pytest.raises(DeviceError, match="no default profile") as caught:
        garage.start()
    assert caught.value.kind == REFUSED


def test_a_station_that_takes_no_stack_level_it_claims_is_told_in_its_transaction(version: str) -> None:
    for says, top in ((3, 0), (None, 0), (8, 1)):
        garage = Garage(version, failsafe_a=6)
        garage.point.says_top, garage.point.top = says, top
        garage.start()
        garage.charge(13_000)
        assert garage.socket.offered_ma == 13_000
        garage.tell(8_000, 8_000, 8_000)
        garage.watch_s(20)
        assert garage.socket.offered_ma == 8_000
        assert not garage.words()
        garage.pass_s(150)
        assert garage.socket.offered_ma == 6_000  # its fail-safe stands beneath


def test_a_station_that_refuses_is_a_fault(version: str) -> None:
    garage = Garage(version).start()
    garage.charge()
    garage.point.rejects = True
    with pytest.raises(DeviceError) as caught:
        garage.box.apply(Setpoint(Phases(6_000, 6_000, 6_000), 0))
    assert caught.value.kind == REFUSED


@pytest.mark.parametrize("no_composite", [False, True])
def test_a_station_that_ignores_is_a_fault_and_named(version: str, no_composite: bool) -> None:
    garage = Garage(version)
    garage.point.no_composite = no_composite
    garage.start()
    garage.charge()
    garage.point.ignores = True
    garage.charge(6_000, 40)
    assert "refused: told 6000 mA, and " in garage.words()
    assert ("draws" if no_composite else "rule") in garage.words()
    assert {error.kind for error in garage.faults} == {REFUSED}
    garage.point.ignores = False
    garage.watch_s(40)
    garage.faults = []
    garage.watch_s(90)
    assert not garage.faults
    assert garage.socket.offered_ma == 6_000


def test_a_station_that_is_late_is_no_fault(version: str) -> None:
    garage = Garage(version)
    garage.point.lag_ms = 6_000
    garage.start()
    for current_ma in (13_000, 6_000, 16_000, 0):
        garage.charge(current_ma, 60)
    assert not garage.faults


def test_another_master_is_named(version: str) -> None:
    garage = Garage(version).start()
    garage.charge(8_000)
    for _ in range(20):
        lease = max(garage.socket.told, key=lambda told: told.level)
        garage.socket.told = [told._replace(limit=16.0) if told is lease else told for told in garage.socket.told]
        garage.watch_s(5)
    assert "another master?" in garage.words()


def test_after_a_power_cut_it_stands_where_it_was(version: str) -> None:
    garage = Garage(version)
    garage.point.forgets = True
    garage.start()
    garage.charge(8_000)
    garage.twin.power_cycle()
    assert garage.socket.told == []
    garage.watch_s(5)
    assert sorted(told.limit for told in garage.socket.told) == [0.0, 8.0]
    garage.watch_s(60)
    assert garage.socket.offered_ma == 8_000


def test_a_lost_connection_is_a_fault_and_the_lease_runs_out(version: str) -> None:
    garage = Garage(version).start()
    garage.charge()
    garage.point.drops()
    garage.watch_s(20)
    assert garage.words() == "timeout: the connection was lost"
    garage.pass_s(garage.able.failsafe_ms // 1000 + LAG_S)
    assert garage.socket.offered_ma == 0
    garage.point.connects(boots=False)
    garage.faults = []
    garage.box.apply(Setpoint(Phases(13_000, 13_000, 13_000), 0)) if garage.desk.version else None
    garage.watch_s(90)
    assert max(garage.car.current_ma) > 11_000
    assert not [error for error in garage.faults if error.kind != TIMEOUT]


def test_we_start_anew_beside_a_charging_car(version: str) -> None:
    garage = Garage(version, failsafe_a=6).start()
    garage.charge()
    garage.port = garage.yard.open()
    garage.box = ocpp_station.build(garage.port, garage.options)
    garage.desk = garage.port.desk("CP-1")
    garage.watch_s(3)
    garage.box.arm()
    garage.box.release()
    garage.wanted = None
    said = garage.watch_s(30)
    assert said.state == "C"
    assert garage.socket.offered_ma == 6_000
    garage.charge(10_000)
    assert garage.socket.offered_ma == 10_000
    garage.car.unplug()
    assert garage.watch_s(3).state == "A"


@pytest.mark.parametrize("tells_status", [True, False])
def test_a_transaction_that_does_not_say_where_it_is_is_where_it_can_be(tells_status: bool) -> None:
    """OCPP 2.0.1 names the EVSE in the first event only; started anew, beside a station that cannot be asked for it."""
    garage = Garage("2.0.1").start()
    garage.charge()
    trigger = garage.point._TriggerMessage
    garage.point._TriggerMessage = lambda said: (  # type: ignore[method-assign]
        {"status": "NotImplemented"} if not tells_status or said["requestedMessage"] == "TransactionEvent"
        else trigger(said))
    garage.port = garage.yard.open()
    garage.box = ocpp_station.build(garage.port, garage.options)
    garage.desk = garage.port.desk("CP-1")
    garage.wanted = None
    said = garage.watch_s(25)
    assert said is not None
    assert (said.state, max(said.current_ma) > 11_000) == ("C", True)


@pytest.mark.parametrize(("letters", "where"), [(("", ""), None), (("A", "B"), 2), (("C", "F"), 1), (("A", "A"), None)])
def test_of_two_places_the_only_possible_one_counts(letters: "tuple[str, str]", where: "int | None") -> None:
    garage = Garage("2.0.1")
    garage.desk.watch(2, Cards("any", ""))
    for number, letter in zip((1, 2), letters):
        garage.desk.connectors[number].letter = letter
    event = {"eventType": "Updated", "timestamp": text(garage.port.utc_ms()), "triggerReason": "MeterValuePeriodic",
             "seqNo": 7, "transactionInfo": {"transactionId": "old", "chargingState": "Charging"}}
    ocpp_station.DIALECTS["2.0.1"].take(garage.desk, "TransactionEvent", event, At(1, garage.port.utc_ms()))
    begun = [one.number for one in garage.desk.connectors.values() if one.transaction is not None]
    assert begun == ([] if where is None else [where])


def test_a_silent_station_is_an_error(version: str) -> None:
    garage = Garage(version).start()
    garage.point.silent = True
    with pytest.raises(DeviceError) as caught:
        garage.charge()
    assert caught.value.kind == TIMEOUT
    garage = Garage(version)
    for attempt in (lambda: garage.box.read(0), garage.box.arm, lambda: garage.box.apply(STOP), garage.box.release):
        with pytest.raises(DeviceError, match="has not called yet") as caught:
            attempt()
        assert caught.value.kind == TIMEOUT


def test_phases_are_switched_only_without_current(version: str) -> None:
    garage = Garage(version, phase_switch=1).start()
    assert garage.able.one_phase
    garage.charge(10_000, 120)
    assert len([ma for ma in garage.car.current_ma if ma > 8_000]) == 3
    garage.tell(14_000, 0, 0)
    garage.watch_s(2)
    assert garage.socket.offered_ma == 0
    said = garage.watch_s(150)
    assert garage.car.current_ma[0] > 12_000
    assert garage.car.current_ma[1:] == (0, 0)
    assert said.limit_ma == Phases(14_000, 0, 0)
    garage.charge(7_000, 150)
    assert min(garage.car.current_ma) > 6_000
    assert garage.car.hard_switches == 0
    assert garage.car.phase_changes == 2
    assert not garage.faults


def test_a_station_that_cannot_switch_is_not_asked_to(version: str) -> None:
    garage = Garage(version, phase_switch=1)
    garage.point.switches = False
    with pytest.raises(DeviceError, match="leave phase_switch out") as caught:
        garage.start()
    assert caught.value.kind == RANGE
    with pytest.raises(ValueError, match="phase_switch"):
        Garage(version, phase_switch=1, phases=(0,))
    garage = Garage(version).start()
    assert not garage.able.one_phase
    garage.tell(14_000, 0, 0)
    garage.watch_s(60)
    assert garage.socket.offered_ma == 0


@pytest.mark.parametrize("quirk", ["kilo", "totals", "junk"])
def test_values_in_other_words(version: str, quirk: str) -> None:
    garage = Garage(version)
    setattr(garage.point, quirk, True)
    garage.start()
    said = garage.charge()
    assert abs(said.total_w - garage.car.power_w.total()) < 300
    assert all(abs(a - b) <= 500 for a, b in zip(said.power_w, garage.car.power_w))
    assert 0 <= garage.car.import_wh - said.import_wh < 40  # it tells it every ten seconds
    assert not garage.faults


def test_a_station_that_tells_no_values_while_it_charges_is_a_fault(version: str) -> None:
    garage = Garage(version)
    garage.point.no_triggers = True
    garage.start()
    garage.charge()
    garage.point.every_ms = 10 ** 9
    garage.watch_s(60)
    assert "has told no power and no current" in garage.words()


def test_the_state_of_every_word(version: str) -> None:
    garage = Garage(version).start(plugged=False)
    letters = {"Available": "A", "Preparing": "B", "Charging": "C", "SuspendedEV": "B", "SuspendedEVSE": "B",
               "Finishing": "B", "Reserved": "A", "Unavailable": "F", "Faulted": "F"}
    if version == "2.0.1":
        letters = {"Available": "A", "Occupied": "B", "Reserved": "A", "Unavailable": "F", "Faulted": "F"}
    said: "dict[str, object]"
    for word, letter in letters.items():
        said = {"connectorId": 1, "errorCode": "NoError", "status": word}
        if version == "2.0.1":
            said = {"connectorId": 1, "evseId": 1, "connectorStatus": word, "timestamp": "2026-11-21T12:00:00Z"}
        now_ms = garage.clock.now_ms()
        ocpp_station.DIALECTS[version].take(garage.desk, "StatusNotification", said, At(now_ms, garage.port.utc_ms()))
        found = garage.box.read(now_ms)
        assert found.state == letter
        assert found.total_w == 0


def test_the_register_never_falls(version: str) -> None:
    garage = Garage(version).start()
    one = garage.desk.connectors[1]
    for said_ms, wh, known in ((1_000, 500, 500), (2_000, 700, 700), (1_500, 600, 700), (3_000, 10, None),
                               (4_000, 699, None), (5_000, 701, 701)):
        one.counts(wh, 10 ** 13 + said_ms)
        assert one.import_wh == known


def test_what_was_told_late_is_of_the_register_alone(version: str) -> None:
    garage = Garage(version).start()
    garage.charge()
    garage.point.drops()
    garage.pass_s(300)
    garage.car.unplug()
    garage.pass_s(5)
    garage.point.connects(boots=False)
    garage.wanted = None
    said = garage.watch_s(15)
    assert said.state == "A"
    assert said.total_w == 0
    assert said.import_wh == garage.car.import_wh
    assert garage.desk.connectors[1].transaction is None


# who may charge


def listed(folder: Path, text: str = "04A1B2C3\n") -> str:
    path = folder / "cards"
    path.write_text(text)
    path.chmod(0o600)
    return str(path)


def test_a_listed_card_charges_and_is_known_to_the_session(version: str, tmp_path: Path) -> None:
    garage = Garage(version, authorisation="listed", cards=listed(tmp_path, "# Anna\n04a1b2c3  # blue\n")).start()
    garage.charge()
    assert max(garage.car.current_ma) > 11_000
    assert garage.watch_s(1).card == "04A1B2C3"
    garage.car.unplug()
    garage.watch_s(3)
    assert garage.watch_s(1).card == "04A1B2C3"  # the session's end is told with it
    garage.socket.card = ""
    garage.car.plug()
    garage.watch_s(3)
    assert garage.watch_s(1).card is None


def test_a_strange_card_does_not_charge(version: str, tmp_path: Path) -> None:
    garage = Garage(version, authorisation="listed", cards=listed(tmp_path))
    garage.socket.card = "99999999"
    garage.start()
    garage.charge()
    assert garage.car.current_ma == (0, 0, 0)
    assert garage.socket.transaction is None
    listed(tmp_path, "04A1B2C3\n99999999\n")  # looked at anew
    garage.point.present(1, "99999999")
    garage.watch_s(60)
    assert garage.watch_s(1).card == "99999999"
    assert max(garage.car.current_ma) > 11_000


def test_a_session_that_began_offline_with_a_strange_card_is_stopped(version: str, tmp_path: Path) -> None:
    garage = Garage(version, authorisation="listed", cards=listed(tmp_path))
    garage.socket.card = ""
    garage.start()
    garage.point.tongue.__class__.accepted, taken = (lambda self, said: True), garage.point.tongue.__class__.accepted
    try:
        garage.point._starts(garage.socket, "99999999")
        garage.charge()
    finally:
        garage.point.tongue.__class__.accepted = taken
    assert garage.socket.transaction is None
    assert len(garage.said("RemoteStopTransaction") + garage.said("RequestStopTransaction")) == 1


def test_free_charging_needs_no_card(version: str) -> None:
    garage = Garage(version, authorisation="free").start()
    garage.charge()
    assert max(garage.car.current_ma) > 11_000
    assert len(garage.said("RemoteStartTransaction") + garage.said("RequestStartTransaction")) == 1


def test_a_station_that_does_not_start_is_not_asked_for_ever(version: str) -> None:
    garage = Garage(version, authorisation="free")
    garage.point._remote = lambda number, card: {"status": "Rejected"}  # type: ignore[method-assign]
    garage.start()
    garage.watch_s(600)
    assert len(garage.said("RemoteStartTransaction") + garage.said("RequestStartTransaction")) == 5


def test_a_transaction_whose_end_was_never_told_ends_with_the_cable(version: str) -> None:
    """A station that forgets its queue with its power: the next car was never started."""
    garage = Garage(version, authorisation="free").start()
    garage.charge()
    garage.point.drops()
    garage.car.unplug()
    garage.socket.transaction, garage.socket.status = None, ""
    garage.point.waiting.clear()
    garage.pass_s(30)
    garage.point.connects()
    garage.watch_s(10)
    assert garage.desk.connectors[1].transaction is None
    garage.car.plug()
    garage.watch_s(90)
    assert max(garage.car.current_ma) > 11_000


@pytest.mark.parametrize("nobody", [0, -1])
def test_values_of_no_transaction_begin_none(nobody: int) -> None:
    garage = Garage("1.6").start(plugged=False)
    one = garage.desk.connectors[1]
    one.status = ""
    values = {"connectorId": 1, "transactionId": nobody, "meterValue": [
        {"timestamp": text(garage.port.utc_ms()), "sampledValue": [{"value": "1"}]}]}
    ocpp_station.DIALECTS["1.6"].take(garage.desk, "MeterValues", values, At(1, garage.port.utc_ms()))
    assert one.transaction is None


# what is said


def test_two_connectors_of_one_station(version: str) -> None:
    clock, yard, cars = SimClock(), Yard(), []
    twins, given = [], []
    for number in (1, 2):
        options: "dict[str, object]" = {option.name: option.default for option in ocpp_station.OPTIONS}
        options.update(station="CP-1", connector=number, phases=(0, 1, 2), max_a=16, clock=clock)
        cars.append(Car((0, 1, 2), seed=number))
        twins.append(yard.add(DeviceFile("it", "ocpp_station", "net", 1_000, options), cars[-1], version))
        given.append(options)
    port = yard.open()
    boxes = [ocpp_station.build(port, options) for options in given]
    for second in range(100):
        if second == 3:
            cars[1].plug()
        clock.advance(1000)
        for car, twin in zip(cars, twins):
            car.step(clock.now_ms(), 1000)
            twin.tick(clock.now_ms())
        said = [box.read(clock.now_ms()) for box in boxes]
        if second == 1:
            for box in boxes:
                box.arm()
        if second % 5 == 4:
            for box, current_ma in zip(boxes, (16_000, 9_000)):
                box.apply(Setpoint(Phases(current_ma, current_ma, current_ma), 0))
    assert [one.state for one in said] == ["A", "C"]
    assert (said[0].current_ma, max(said[1].current_ma) > 8_000) == (ZERO, True)
    assert max(cars[1].current_ma) <= 9_000


def test_few_things_are_asked(version: str) -> None:
    garage = Garage(version).start()
    garage.charge(13_000, 600)
    count = Counter(action for action, _ in garage.port.asked)
    assert count["GetCompositeSchedule"] <= 25
    assert count["TriggerMessage"] <= 6  # it tells its values by itself


@pytest.mark.parametrize(("given", "words"), [
    ({"failsafe_a": 4}, "failsafe_a: no car"), ({"authorisation": "listed"}, "cards"), ({"cards": "x"}, "cards"),
    ({"station": "a b"}, "station: allowed")])
def test_options_that_cannot_be(given: "dict[str, object]", words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Garage("1.6", **given)


def test_what_it_does_when_we_die_is_said() -> None:
    able = Garage("1.6", failsafe_s=300).able
    assert (able.min_ma, able.failsafe_ms) == (MIN_MA, 300_000)
    assert "failsafe_s after our last profile" in ocpp_station.FAILSAFE


def test_trifles_that_break_the_standard_are_pardoned(version: str) -> None:
    """As real stations send them."""
    def told(action: str, **said: Any) -> "dict[str, Any]":
        asks = ocpp_frames.parse(json.dumps([2, "1", action, said]))
        assert isinstance(asks, Asks)
        text = answered(DIALECTS["ocpp" + version], garage.desk, asks, At(garage.clock.now_ms(), garage.port.utc_ms()))
        return dict(json.loads(text)[2])

    garage = Garage(version).start()
    serial, card = "EVB1A22P2RI3N182341200100350795E5" * 2, "X16WG99J2QIEGCC0MCJ5-" * 9
    sampled = {"measurand": "Current.Import", "phase": "L1", "context": "Sample"}
    now = text(garage.port.utc_ms())
    if version == "1.6":
        told("BootNotification", chargePointVendor="Schneider Electric", chargePointModel="EVlink Smart Wallbox 22kW",
             chargeBoxSerialNumber=serial, iccid=None, extra=1)
        told("StatusNotification", connectorId=1, errorCode="Error", status="Faulted", info="x" * 200)
        assert garage.box.read(garage.clock.now_ms()).state == "F"
        begun = told("StartTransaction", connectorId=1, idTag=card, meterStart=7, timestamp=now)
        told("MeterValues", connectorId=1, transactionId=begun["transactionId"], meterValue=[
            {"timestamp": now, "sampledValue": [{**sampled, "value": "16.0", "unit": "A"},
                                                {"value": "9", "measurand": "Noise", "unit": "dB"}]}])
    else:
        told("BootNotification", reason="Woken",
             chargingStation={"model": "M" * 40, "vendorName": "V", "serialNumber": serial})
        told("TransactionEvent", eventType="Started", timestamp=now, triggerReason="Sunrise", seqNo=0, evse={"id": 1},
             transactionInfo={"transactionId": "a", "chargingState": "Charging"},
             idToken={"idToken": card, "type": "Card"},
             meterValue=[{"timestamp": now, "sampledValue": [{**sampled, "value": 16.0}]}])
    assert garage.desk.about["serial"] == serial[:50]
    one = garage.desk.connectors[1]
    assert one.values["Current.Import", 0][0] == 16_000
    assert len(one.card) == 64
    assert not garage.desk.strange
    with pytest.raises(Broken):  # no trifle
        told("StatusNotification", connectorId=1, errorCode="NoError", status="Bored")


def test_what_is_not_understood_is_said(version: str) -> None:
    garage = Garage(version)
    garage.point.no_triggers = True
    garage.car.plug()
    for socket in garage.point.sockets.values():
        socket.status = "Bored"
    garage.desk.joins(version, 0)
    assert garage.desk.breaks("StatusNotification: 'Bored' is not one of ...")
    assert not garage.desk.breaks("StatusNotification: 'Bored' is not one of ...")
    assert sum(garage.desk.breaks(str(number)) for number in range(100)) == 7
    with pytest.raises(DeviceError, match="has not told its state yet; not understood: 99"):
        garage.box.read(0)


def test_a_station_that_cannot_be_asked_for_its_state_keeps_it_over_a_lost_connection(version: str) -> None:
    garage = Garage(version)
    garage.point.no_triggers = True
    garage.start()
    garage.charge()
    before = len(garage.faults)
    garage.point.drops()
    garage.watch_s(10)
    garage.point.connects(boots=False)
    said = garage.watch_s(60)
    assert len(garage.faults) - before < 15
    assert said.state == "C"
    assert garage.desk.version
    garage.point.power_cycle()  # it starts anew, and tells its state by itself
    assert garage.watch_s(60).state == "B"  # and its session is over


def test_a_fault_of_the_whole_station_passes() -> None:
    garage = Garage("1.6").start()
    garage.charge()
    for status, letter in (("Faulted", "F"), ("Available", "C")):
        said: "dict[str, object]" = {"connectorId": 0, "errorCode": "OtherError", "status": status}
        ocpp_station.DIALECTS["1.6"].take(garage.desk, "StatusNotification", said,
                                          At(garage.clock.now_ms(), garage.port.utc_ms()))
        assert garage.desk.connectors[1].letter == letter
