"""Whatever stands in a meter's registers, a reading is one that can be, or there is none."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drivers.meter_reading import ALIVE_MV, MOST_MV, MOST_WH
from drivers.sunspec import MARKER
from firmware.config import driver_modules
from hal.faults import DeviceError
from hal.ports import Bus

METERS = (*(name for name in driver_modules.known() if hasattr(driver_modules.module(name), "TABLE")), "sunspec_meter")
WORD = st.one_of(st.sampled_from((0, 1, 230, 2300, 0x4366, 0x3334, 0x7FC0, 0x7FFF, 0x8000, 0xFFFF)),
                 st.integers(0, 0xFFFF))
BASES = ((0x4366, 0x3334), (0x3334, 0x4366), (2300, 0), (0, 2300), (3, 0x8338), (230, 0), (0,))  # mostly 230 V
MOST = 130


@st.composite
def answers(draw: st.DrawFn) -> "list[int]":
    """The words of a voltage over and over, and some of any kind among them."""
    base = draw(st.sampled_from(BASES))
    words = [base[i % len(base)] for i in range(MOST)]
    for at, word in draw(st.dictionaries(st.integers(0, MOST - 1), WORD, max_size=20)).items():
        words[at] = word
    return words


class Anything(Bus):
    """Answers with the next words there are, round and round; a SunSpec marker and models where they are looked for."""

    def __init__(self, words: "list[int]") -> None:
        self._words = words
        self._at = 0

    def read(self, unit: int, function: int, address: int, count: int) -> "tuple[int, ...]":
        if (address, count) == (40_000, 2):
            return MARKER
        if (address, count) == (40_002, 2):
            return (203, 105)
        if (address, count) == (40_109, 2):
            return (0xFFFF, 0)
        out = []
        for _ in range(count):
            out.append(self._words[self._at % len(self._words)])
            self._at += 1
        return tuple(out)


def meter(name: str, bus: Bus) -> Any:
    module = driver_modules.module(name)
    options = {option.name: option.default for option in module.OPTIONS}
    conductors = module.TABLE.conductors if hasattr(module, "TABLE") else 3
    return module.build(bus, {**options, "unit": 1, "phases": (0, 1, 2)[:conductors], "max_a": 63})


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(name=st.sampled_from(METERS), words=answers())
def test_a_reading_can_be_true_or_is_none(name: str, words: "list[int]") -> None:
    made = meter(name, Anything(words))
    for now_ms in range(0, 4_000, 1_000):
        try:
            said = made.read(now_ms)
        except DeviceError:
            continue
        assert said.power_w is not None
        assert said.current_ma is not None
        assert all(w * ma >= 0 for w, ma in zip(said.power_w, said.current_ma))
        assert said.voltage_mv is None or ALIVE_MV <= max(said.voltage_mv) <= MOST_MV
        for energy_wh in (said.import_wh, said.export_wh):
            assert energy_wh is None or 0 <= energy_wh <= MOST_WH
        assert said.frequency_mhz is None or 40_000 <= said.frequency_mhz <= 70_000
        assert said.power_factor_permille is None or all(0 <= factor <= 1_000 for factor in said.power_factor_permille)


@settings(max_examples=50, deadline=None)
@given(name=st.sampled_from(METERS), words=answers())
def test_a_passport_is_text_or_nothing(name: str, words: "list[int]") -> None:
    try:
        said = meter(name, Anything(words)).passport()
    except DeviceError:
        return
    for value in said:
        assert value is None or (value.strip() == value and value.isascii() and value.isprintable() and value)
