"""What a load may still be drawing, whatever was decided since."""

from control.claims import Claim
from control.reserve import reserve
from control.values import FAST, NEVER, NOTHING_WRITTEN, DeviceSpec, LoadState, Sense, Written
from control.wiring import levels
from hal.faults import REFUSED, Fault
from hal.values import STOP, Ability, Phases, Setpoint, ability, reading

CAR = ability("wallbox", min_ma=6_000, max_ma=16_000, settle_ms=8_000, failsafe_ms=15_000,
              fallback=Setpoint(Phases(6_000, 6_000, 6_000), 4_140))
HIGH, LOW = Setpoint(Phases(16_000, 16_000, 16_000), 11_040), Setpoint(Phases(8_000, 8_000, 8_000), 5_520)
FAULT = Fault(50_000, REFUSED, "")


def held_ma(written: Written, now_ms: int = 60_000, draw_ma: int = 16_000, draw_ms: int = 60_000, level: int = 8_000,
            before_ma: int = 16_000, stood: "Setpoint | None" = HIGH, changed_ms: int = 50_000, believed: bool = True,
            able: Ability = CAR) -> int:
    device = DeviceSpec("car", 0, (0, 1, 2), able, 1, FAST, 9_000, 20_000, None, NEVER, "")
    flow = (draw_ma, draw_ma, draw_ma, draw_ma * 690 // 1_000)
    sense = Sense(reading(draw_ms, total_w=flow[3]), flow, True, flow, 0, draw_ms, 0, 3, believed, None, None, None)
    load = LoadState(level, 3, (before_ma,) * 3 + (before_ma * 759 // 1_000,), stood, 51_000, changed_ms, 0, NEVER,
                     NEVER, NEVER, NEVER, 0, NEVER, 0, 0, 0, None)
    claim = Claim(0, device, (0,), levels(device), load, sense, FAST, (207_000, 230_000, 253_000))
    reserve(claim, written, now_ms)
    return claim.held[0]


def test_lowered_but_not_confirmed_it_holds_the_higher() -> None:
    assert held_ma(Written(HIGH, 40_000, None, None)) == 16_000
    assert held_ma(Written(HIGH, 40_000, LOW, FAULT)) == 16_000


def test_lowered_and_confirmed_it_holds_until_its_draw_follows() -> None:
    confirmed = Written(LOW, 58_000, None, None)
    assert held_ma(confirmed, stood=HIGH) == 16_000
    assert held_ma(confirmed, stood=LOW, draw_ma=8_200) == 8_000


def test_a_draw_from_before_the_write_proves_nothing() -> None:
    assert held_ma(Written(LOW, 60_000, None, None), draw_ma=0, draw_ms=59_000) == 16_000


def test_a_write_begun_before_the_last_change_proves_nothing() -> None:
    assert held_ma(Written(LOW, 49_000, None, None), draw_ma=0, stood=LOW, changed_ms=50_000) == 16_000


def test_what_was_granted_is_held_before_any_word_of_it() -> None:
    assert held_ma(Written(LOW, 58_000, None, None), level=12_000, before_ma=8_000, draw_ma=8_000, stood=LOW) == 12_000


def test_an_unconfirmed_rise_is_held() -> None:
    assert held_ma(Written(LOW, 58_000, HIGH, FAULT), draw_ma=8_000, before_ma=8_000, stood=LOW) == 16_000


def test_never_written_it_may_draw_what_its_cable_bears() -> None:
    assert held_ma(NOTHING_WRITTEN, draw_ma=0, before_ma=0, stood=None, level=0) == 20_000


def test_silent_it_holds_what_it_was_told_or_falls_back_to() -> None:
    assert held_ma(Written(HIGH, 55_000, None, None), believed=False, stood=HIGH) == 16_000
    assert held_ma(Written(STOP, 55_000, None, None), believed=False, stood=STOP, before_ma=0, level=0,
                   draw_ma=0) == 6_000


def test_silent_beyond_its_fail_safe_it_has_fallen_back() -> None:
    lost = Written(HIGH, 10_000, None, None)
    assert held_ma(lost, believed=False, stood=HIGH, draw_ms=10_000, level=6_000) == 6_000
    stays = ability("wallbox", min_ma=6_000, max_ma=16_000)
    assert held_ma(lost, believed=False, stood=HIGH, draw_ms=10_000, level=6_000, able=stays) == 16_000


def test_what_does_not_obey_holds_what_it_draws() -> None:
    assert held_ma(Written(LOW, 58_000, None, None), before_ma=8_000, stood=LOW, draw_ma=14_000) == 14_000
