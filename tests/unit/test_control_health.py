"""Which readings are believed, and why not."""

from control import reasons
from control.health import NEW_SENSE, believe, doubt
from control.values import NONE, NOTHING_HEARD, OFF, DeviceSpec, Heard, NodeSpec, Sense, Site, Snapshot
from control.wiring import wiring
from hal.faults import TIMEOUT, Fault
from hal.values import Phases, Reading, ability, reading

VOLTS = Phases(230_000, 231_000, 229_000)  # a meter that tells whole volts only
SITE = Site("s", (NodeSpec("house", NONE, 0, 35_000, 35_000, "gg", 5_000, 0, 0),), (
    DeviceSpec("grid", 0, (0, 1, 2), ability("meter"), 0, OFF, 4_000, 0, None, NONE, ""),
    DeviceSpec("roof", 0, (0, 1, 2), ability("source"), 0, OFF, 10_000, 0, None, NONE, ""),
), 1_000, NONE, None)


class Ear:
    """Feeds one reading a second and keeps what is made of it."""

    def __init__(self) -> None:
        self.now_ms = 0
        self.senses: "tuple[Sense, ...]" = (NEW_SENSE, NEW_SENSE)
        self.heard = [NOTHING_HEARD, NOTHING_HEARD]

    def hear(self, grid: "Reading | None" = None, roof: "Reading | None" = None) -> Sense:
        """Without a reading the last one gets older."""
        self.now_ms += 1_000
        for index, new in ((0, grid), (1, roof)):
            if new is not None:
                self.heard[index] = Heard(Reading(self.now_ms + new.t_ms, *new[1:]), None)
        snapshot = Snapshot(self.now_ms, tuple(self.heard), (), (), NONE, (), None, NONE)
        self.senses = believe(SITE, wiring(SITE), self.senses, snapshot)
        return self.senses[0]


def house(ma: int = 4_000, w: "int | None" = None, t_ms: int = 0, volts: "Phases | None" = VOLTS,
          import_wh: "int | None" = None) -> Reading:
    return reading(t_ms, total_w=3 * (ma * 230 // 1_000) if w is None else w, power_w=Phases(*(ma * 230 // 1_000,) * 3),
                   current_ma=Phases(ma, ma, ma), voltage_mv=volts, import_wh=import_wh)


def settled() -> Ear:
    ear = Ear()
    for n in range(3):
        ear.hear(house(4_000 + n))
    assert ear.senses[0].believed
    return ear


def test_believed_after_three_good_readings_in_a_row() -> None:
    ear = Ear()
    assert doubt(ear.senses[0]) == reasons.NEVER_HEARD
    assert [ear.hear(house(4_000 + n)).believed for n in range(4)] == [False, False, True, True]


def test_one_reading_repeated_by_the_snapshot_counts_once() -> None:
    ear = Ear()
    ear.hear(house())
    assert not any(ear.hear().believed for _ in range(3))


def test_too_old_is_lost_and_comes_back_slowly() -> None:
    ear = settled()
    assert [ear.hear().believed for _ in range(5)] == [True, True, True, True, False]
    assert doubt(ear.senses[0]) == reasons.STALE
    assert [ear.hear(house(4_100 + n)).believed for n in range(3)] == [False, False, True]


def test_a_fault_alone_leaves_a_fresh_reading_believed() -> None:
    ear = settled()
    ear.heard[0] = Heard(ear.heard[0].reading, Fault(ear.now_ms, TIMEOUT, ""))
    assert ear.hear().believed


def test_a_reading_that_is_gone_is_lost_at_once() -> None:
    ear = settled()
    ear.heard[0] = NOTHING_HEARD
    assert not ear.hear().believed


def test_what_cannot_be_true_is_passed_over_until_the_last_good_one_is_old() -> None:
    cases = (
        (house(141_000), reasons.CURRENT_RANGE),
        (house(volts=Phases(230_000, 20_000, 230_000)), reasons.VOLTAGE_RANGE),
        (house(volts=Phases(400_000, 230_000, 230_000)), reasons.VOLTAGE_RANGE),
        (house(w=9_000), reasons.POWER_MISMATCH),
        (house(t_ms=500), reasons.FUTURE),
        (reading(0, power_w=Phases(3_000, 0, 0), current_ma=Phases(1_000, 0, 0)), reasons.POWER_MISMATCH),
    )
    for wrong, reason in cases:
        ear = settled()
        good = ear.senses[0].good
        assert [ear.hear(wrong).believed for _ in range(5)] == [True, True, True, True, False]
        assert ear.senses[0].good == good
        assert doubt(ear.senses[0]) == reason


def test_a_missing_phase_without_current_is_no_fault() -> None:
    ear = Ear()
    for n in range(3):
        volts = Phases(230_000, 0, 0)
        one = reading(0, power_w=Phases(920, 0, 0), current_ma=Phases(4_000 + n, 0, 0), voltage_mv=volts)
        assert ear.hear(one).believed == (n == 2)


def test_a_counter_that_falls_is_another_meter_until_it_has_proved_itself() -> None:
    ear = Ear()
    for n in range(3):
        ear.hear(house(4_000 + n, import_wh=1_000))
    assert not ear.hear(house(4_010, import_wh=5)).believed
    assert doubt(ear.senses[0]) == reasons.COUNTER_FELL
    assert [ear.hear(house(4_020 + n, import_wh=5)).believed for n in range(3)] == [False, False, True]


def roof(power_w: int) -> Reading:
    return reading(0, total_w=power_w)


def test_a_meter_that_stands_still_while_the_roof_moves_is_frozen() -> None:
    ear = settled()
    for n in range(30):
        assert ear.hear(house(0), roof(-2_000 - n)).believed
    moved = [ear.hear(house(0), roof(-3_000 - n)).believed for n in range(8)]
    assert moved[0]
    assert not moved[-1]
    assert doubt(ear.senses[0]) == reasons.FROZEN
    assert [ear.hear(house(4_100 + n), roof(-3_000)).believed for n in range(3)] == [False, False, True]


def test_a_node_where_nothing_flows_may_repeat_itself() -> None:
    ear = Ear()
    assert [ear.hear(house(0), roof(-n % 7)).believed for n in range(60)] == [False, False] + [True] * 58


def test_a_meter_without_fine_voltages_may_repeat_itself_as_long_as_it_did_while_it_lived() -> None:
    ear = settled()
    seconds = []
    for n in range(1, 5):
        seconds.append(sum(ear.hear(house(4_050)).believed for _ in range(3 * 8 * n)))
        for k in range(4):
            ear.hear(house(4_100 * n + k))
        assert ear.senses[0].believed
    assert seconds == [8, 45, 72, 96]


def test_a_meter_with_fine_voltages_may_not() -> None:
    volts = Phases(230_100, 231_000, 229_000)
    ear = settled()
    for _ in range(3):
        for flowing_ma in (5, 5_005):
            lasted = [ear.hear(house(flowing_ma, volts=volts)).believed for _ in range(12)]
            assert lasted == [True] * 8 + [False] * 4
            for n in range(3):
                assert ear.hear(house(flowing_ma + n + 1, volts=volts)).believed == (n == 2)
            for n in range(40):
                ear.hear(house(2_000 + n))


def test_a_meter_that_wanders_within_its_noise_lives() -> None:
    ear = settled()
    for n in range(600):
        assert ear.hear(house(4_000, volts=Phases(230_000 + n * 37 % 700, 230_000, 230_000))).believed


def test_a_meter_near_which_the_others_move_lives_when_it_has_shown_it_before_they_did() -> None:
    ear = settled()
    ear.hear(house(), roof(-2_000))
    for n in range(12):
        ear.hear(house(12_000 + n))  # the meter has seen it, the roof's own meter is asked every twelve seconds
    assert all(ear.hear(house(12_020 + n), roof(-100 - n)).believed for n in range(20))


def test_a_late_word_of_what_the_meter_has_shown_already_is_no_proof() -> None:
    ear = settled()
    for _ in range(30):
        ear.hear(house(0), roof(-2_000))
    for _ in range(4):
        ear.hear(house(12_000))  # the meter has seen it, the roof's own meter is asked less often
    assert all(ear.hear(house(12_000), roof(-100)).believed for _ in range(20))


def test_currents_are_made_from_powers_where_a_meter_has_none() -> None:
    ear = Ear()
    sense = ear.hear(reading(0, power_w=Phases(2_300, -1_150, 0)))
    assert sense.flow == (10_000, -5_000, 0, 1_150)
    assert sense.phased


def test_a_total_says_nothing_about_phases() -> None:
    sense = Ear().hear(reading(0, total_w=6_900))
    assert sense.flow[3] == 6_900
    assert not sense.phased


def test_a_grid_meter_that_tells_no_power_is_not_believed() -> None:
    """As a locked one does: unknown is not 0 W."""
    ear = Ear()
    for n in range(5):
        sense = ear.hear(reading(0, import_wh=n, state="locked"))
        assert (sense.believed, doubt(sense)) == (False, reasons.NO_POWER)
    ear = settled()
    for _ in range(5):
        sense = ear.hear(reading(0, import_wh=1, state="locked"))
    assert (sense.believed, doubt(sense)) == (False, reasons.NO_POWER)
