"""Words as the makers' descriptions have them, at their addresses, and what they mean."""

from typing import Any

import pytest

from firmware.config import driver_modules
from hal.values import Phases
from sim.bank import Bank

V230_2 = (0x4366, 0x3334)  # 230.2 as IEEE 754
A13 = (0x4150, 0x0000)
A1 = (0x3F80, 0x0000)
ZERO = (0x0000, 0x0000)
W_3000 = (0xC53B, 0x8000)  # -3000
W230 = (0x4366, 0x0000)
HZ50 = (0x4248, 0x0000)
HALF = (0x3F00, 0x0000)
KWH = (0x4640, 0xE6B7)  # 12345.679
WH64 = (0x4132, 0xD687, 0x0000, 0x0000)  # 1234567.0, double
CG_VOLTS = (0x08FC, 0x0000) * 3  # 230.0 V in tenths, low word first
CG_AMPERES = (0x32C8, 0x0000, 0x03E8, 0x0000, 0x0000, 0x0000)  # 13, 1, 0 A in thousandths
CG_WATTS = (0x8AD0, 0xFFFF, 0x08FC, 0x0000, 0x0000, 0x0000)  # -3000, 230, 0 W in tenths


def swapped(*pairs: "tuple[int, int]") -> "tuple[int, ...]":
    out: "tuple[int, ...]" = ()
    for high, low in pairs:
        out += (low, high)
    return out


EASTRON = (
    (4, 0, V230_2 * 3), (4, 6, A13 + A1 + ZERO), (4, 12, W_3000 + W230 + ZERO),
    (4, 30, HALF + A1 + A1), (4, 70, HZ50 + KWH + HALF),
)
SINGLE = (
    (4, 0, V230_2), (4, 6, A13), (4, 12, W_3000), (4, 30, HALF), (4, 70, HZ50 + KWH + HALF),
)
WORDS: "dict[str, tuple[tuple[int, int, tuple[int, ...]], ...]]" = {
    "eastron_sdm120": SINGLE,
    "eastron_sdm230": SINGLE,
    "eastron_sdm630": EASTRON,
    "eastron_sdm72d_m_2": EASTRON,
    "carlo_gavazzi_em24_ethernet": (
        (3, 0xA000, (7,)), (4, 0, CG_VOLTS), (4, 12, CG_AMPERES), (4, 18, CG_WATTS), (4, 46, (0xFE0C, 1000, 1000)),
        (4, 51, (500, 0xE240, 0x0001)), (4, 78, (5, 0)),
    ),
    "carlo_gavazzi_em24_rs485": (
        (4, 0, CG_VOLTS), (4, 12, CG_AMPERES), (4, 18, CG_WATTS), (4, 50, (0xFE0C, 1000, 1000)), (4, 55, (500,)),
        (4, 66, (0xE240, 0x0001)), (4, 92, (5, 0)),
    ),
    "carlo_gavazzi_em340": (
        (3, 0x1103, (1,)), (4, 0, CG_VOLTS + (0, 0) * 3 + CG_AMPERES + CG_WATTS), (4, 46, (0xFE0C, 1000, 1000)),
        (4, 51, (500, 0xE240, 0x0001)), (4, 78, (5, 0)),
    ),
    "abb_b23_b24": (
        (3, 23296, (0, 2300) * 3 + (0, 0) * 3 + (0, 1300, 0, 100, 0, 0)),
        (3, 23314, (0, 0, 0xFFFB, 0xC5E8) + (0xFFFB, 0x6C20, 0, 23000, 0, 0)), (3, 23340, (5000,)),
        (3, 23355, (0xFE0C, 1000, 1000)), (3, 20480, (0, 0, 0x0012, 0xD687, 0, 0, 0, 50)),
    ),
    "siemens_pac2200": (
        (3, 1, V230_2 * 3 + ZERO * 3 + A13 + A1 + ZERO + ZERO * 3 + W_3000 + W230 + ZERO), (3, 37, HALF + A1 + A1),
        (3, 55, HZ50), (3, 801, WH64), (3, 809, (0x407F, 0x4000, 0, 0)),
    ),
    "schneider_iem3155": (
        (3, 2999, A13 + A1 + ZERO + ZERO * 11 + V230_2 * 3 + ZERO * 10),
        (3, 3053, (0xC040, 0x0000, 0x3E6B, 0x851F) + ZERO), (3, 3109, HZ50),
        (3, 3203, (0, 0, 0x0012, 0xD687, 0, 0, 0, 500)),
    ),
    "shelly_pro3em": (
        (4, 1020, swapped(V230_2, A13, W_3000, ZERO, HALF) + (0,) * 3 + swapped(HZ50) + (0,) * 5),
        (4, 1040, swapped(V230_2, A1, W230, ZERO, A1) + (0,) * 10),
        (4, 1060, swapped(V230_2, ZERO, ZERO, ZERO, A1)),
        (4, 1162, swapped((0x4996, 0xB438), (0x43FA, 0x0000))),
    ),
    "kostal_ksem": (
        (3, 26, (0, 50_000)),
        (3, 40, (0, 0, 0, 30_000) + (0,) * 16 + (0, 13_000, 0x0003, 0x8338, 0, 500) + (0,) * 14),
        (3, 80, (0, 2300, 0, 0) + (0,) * 16 + (0, 1_000, 0x0003, 0x8338, 0, 1000) + (0,) * 14),
        (3, 120, (0, 0, 0, 0) + (0,) * 16 + (0, 0, 0x0003, 0x8338, 0, 1000)),
        (3, 512, (0, 0, 0x00BC, 0x6146, 0, 0, 0, 5000)),
    ),
    "goe_controller": (
        (4, 1000, V230_2 * 3 + ZERO * 2), (4, 1010, A13 + A1 + ZERO * 4), (4, 1022, W_3000 + W230 + ZERO * 4),
        (4, 1034, HALF + A1 + A1 + ZERO * 20 + (0xC52D, 0x2000)), (4, 1082, WH64 + (0x407F, 0x4000, 0, 0)),
    ),
    "janitza_umg": (
        (3, 19000, V230_2 * 3 + ZERO * 3 + A13 + A1 + ZERO * 2 + W_3000 + W230 + ZERO),
        (3, 19044, HALF + A1 + A1 + HZ50),
        (3, 19068, (0x4996, 0xB438)), (3, 19076, (0x43FA, 0x0000)),
    ),
}


def read(name: str, words: "tuple[tuple[int, int, tuple[int, ...]], ...]") -> Any:
    """The reading in which the slow values have come as well."""
    bank = Bank()
    for function, address, some in words:
        bank.unit(1).poke(function, address, some)
    module = driver_modules.module(name)
    options: "dict[str, object]" = {option.name: option.default for option in module.OPTIONS}
    conductors = module.TABLE.conductors
    meter = module.build(bank, {**options, "unit": 1, "phases": (0, 1, 2)[:conductors], "max_a": 63})
    for now_ms in range(0, 5_000, 1_000):
        said = meter.read(now_ms)
    return said


@pytest.mark.parametrize("name", WORDS)
def test_words_of_the_makers_description(name: str) -> None:
    said = read(name, WORDS[name])
    single = "sdm120" in name or "sdm230" in name
    assert said.power_w == (Phases(-3000, 0, 0) if single else Phases(-3000, 230, 0))
    assert said.total_w == (-3000 if single else -2770)
    assert said.current_ma == (Phases(-13_000, 0, 0) if single else Phases(-13_000, 1_000, 0))
    assert said.voltage_mv.l1 in (230_000, 230_200)
    assert said.import_wh in (12_345_679, 12_345_600, 12_345_670, 1_234_567)
    assert said.export_wh == 500
    if name not in ("schneider_iem3155",):
        assert said.power_factor_permille == (Phases(500, 0, 0) if single else Phases(500, 1000, 1000))
    assert said.frequency_mhz == (None if name == "goe_controller" else 50_000)


def test_every_table_has_its_words() -> None:
    assert set(WORDS) == {name for name in driver_modules.known() if hasattr(driver_modules.module(name), "TABLE")}


def test_the_largest_signed_number_is_no_value_where_the_maker_says_so() -> None:
    words = tuple(each for each in WORDS["abb_b23_b24"] if each[1] not in (23355, 20480))
    said = read("abb_b23_b24", (*words, (3, 23355, (0x7FFF, 1000, 1000)), (3, 20480, (0xFFFF,) * 8)))
    assert (said.power_factor_permille, said.import_wh, said.export_wh) == (None, None, None)
    words = tuple(each for each in WORDS["carlo_gavazzi_em340"] if each[1] != 78)
    assert read("carlo_gavazzi_em340", (*words, (4, 78, (0xFFFF, 0x7FFF)))).export_wh is None  # EEE
