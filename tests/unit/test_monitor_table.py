from firmware.monitor_table import Row, table

GRID = {"kind": "meter", "power_w": -1_610, "current_ma": [-10_000, 3_000, 0],
        "voltage_mv": [230_100, 229_000, 231_000], "power_factor_permille": [998, 970, 0], "frequency_mhz": 49_990,
        "energy_wh": 77_700, "export_wh": None, "age_ms": 2_000, "fault": None}


def test_a_row_says_what_is_measured_and_a_dash_what_is_not() -> None:
    lines = table("House", [Row("grid", GRID, ""), Row("car", {"kind": "wallbox"}, "0 W: no car")], 200).splitlines()
    assert lines[0] == "House"
    assert lines[2].split() == ["grid", "meter", "-1610", "-10.00", "3.00", "0.00", "230.1", "229.0", "231.0", "0.97",
                                "49.99", "77.7", "-", "2", "s"]
    assert lines[3].split() == ["car", "wallbox", *"-" * 12, "0", "W:", "no", "car"]


def test_columns_stand_below_each_other_and_fit_the_terminal() -> None:
    lines = table("House", [Row("grid", GRID, ""), Row("a_long_name", {"kind": "meter"}, "timeout: nothing")], 60)
    assert 50 < max(len(line) for line in lines.splitlines()) <= 60
    whole = table("House", [Row("grid", GRID, ""), Row("a_long_name", GRID, "")], 200).splitlines()
    assert whole[2].index("-1610") == whole[3].index("-1610")


def test_a_meter_of_another_medium_shows_what_it_tells_of_now() -> None:
    def one(quantity: str, value: int, scaler: int, unit: str, **more: object) -> "dict[str, object]":
        return {"quantity": quantity, "value": value, "scaler": scaler, "unit": unit, "function": "now", "storage": 0,
                "tariff": 0, "subunit": 0, **more}

    values = (one("volume", 72_819, -3, "m3"), one("volume", 1, 3, "m3", storage=1), one("volume", 2, 0, "l", tariff=1),
              one("flow", 9, 0, "m3/h", function="maximum"), one("flow_temperature", -5, -1, "degC"))
    row = Row("flat", {"kind": "sensor"}, "", values)
    assert table("", [row], 200).splitlines()[2].endswith("-  volume 72.819 m3, flow_temperature -0.5 degC")
    assert "volume" not in table("", [Row("flat", {"kind": "sensor"}, "timeout: silent", values)], 200)


def test_a_fault_stands_before_the_reason() -> None:
    assert table("", [Row("grid", {**GRID, "fault": "timeout"}, "6 A")], 200).splitlines()[2].endswith("timeout")
