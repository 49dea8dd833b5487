"""The meter that sends by radio: heard through every kind of stick, and what it does not believe."""

import json
from pathlib import Path

import pytest

from drivers import oms_meter
from drivers.mbus_media import named
from drivers.oms_meter import OmsMeter, build
from drivers.radio import Radio
from drivers.wmbus_frame import crc
from drivers.wmbus_sticks import KINDS, make
from firmware.build import lines as build_lines
from firmware.checks.facts import warnings
from firmware.config.file import ConfigError, load
from firmware.counter_log import CounterLog
from firmware.image import Image
from firmware.run import COUNTERS, Daemon
from firmware.simulated.house import Simulated
from firmware.topics import measured_pairs
from hal.faults import FRAME, TIMEOUT, DeviceError
from hal.measured import RECEIVED
from hal.ports import Bus
from hal.values import Phases
from sim.clock import SimClock
from sim.twins.oms_meter import ELECTRICITY, HEAT, MODES, WATER, RadioMeter, on_stick


def options(tmp_path: Path, meter: RadioMeter, **more: object) -> "dict[str, object]":
    path = tmp_path / "keys"
    path.write_text(f"{meter.address.text()} {meter.key.hex()}\n99999999 {'00' * 16}\n")
    path.chmod(0o600)
    return {"role": "sensor", "mounting": "normal", "id": meter.address.id, "keys": "" if meter.mode == "none" else
            str(path), "silent_s": 600, "phases": (0, 1, 2), **more}


def heard(tmp_path: Path, sender: RadioMeter, stick: str = "im871a", **more: object) -> "tuple[Radio, OmsMeter]":
    radio = Radio(make(stick))
    return radio, build(radio, options(tmp_path, sender, **more))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("stick", KINDS)
def test_heat_through_every_stick(tmp_path: Path, stick: str, mode: str) -> None:
    sender, other = RadioMeter(1, 5, mode=mode, medium=HEAT), RadioMeter(1, 6, mode="none", medium=WATER)
    radio, meter = heard(tmp_path, sender, stick)
    for t_ms in (1000, 2000):
        radio.take(on_stick(stick, other.send(t_ms)) + on_stick(stick, sender.send(t_ms)), t_ms)
    got = meter.read(5000)
    assert (got.t_ms, got.import_wh, got.temperature_mdegc) == (
        2000, sender.total // 1000 * 1000, 10 * (6000 + sender.access))
    energy, volume = meter.measured[:2]
    assert (energy.meter, energy.medium, energy.quantity, energy.value, energy.scaler, energy.unit) == (
        sender.address.text(), "heat", "energy", sender.total // 1000, 3, "Wh")
    assert (volume.quantity, volume.unit, volume.clock) == ("volume", "m3", RECEIVED)


def test_electricity_turned_and_placed(tmp_path: Path) -> None:
    sender = RadioMeter(2, 7, mode="mode 7", medium=ELECTRICITY)
    radio, meter = heard(tmp_path, sender, mounting="reversed", phases=(1,), role="source")
    radio.take(on_stick("im871a", sender.send(0)), 0)
    got = meter.read(0)
    assert (got.total_w, got.import_wh, got.export_wh) == (-300 - sender.access, sender.total // 3, sender.total)
    assert got.voltage_mv == Phases(0, 230_000, 0)


def test_silence_has_an_end(tmp_path: Path) -> None:
    sender = RadioMeter(3, 8, mode="mode 5", medium=HEAT)
    radio, meter = heard(tmp_path, sender)
    with pytest.raises(DeviceError, match="silent"):
        meter.read(0)
    radio.take(on_stick("im871a", sender.send(0)), 1_000)
    assert meter.read(601_000).t_ms == 1_000
    radio.fault = "stick is gone"
    with pytest.raises(DeviceError) as caught:
        meter.read(601_001)
    assert (caught.value.kind, caught.value.detail) == (TIMEOUT, "stick is gone")


@pytest.mark.parametrize("mode", ["mode 7", "ell"])
def test_repeated_and_forged_telegrams_change_nothing(tmp_path: Path, mode: str) -> None:
    sender, forger = RadioMeter(4, 9, mode=mode, medium=HEAT), RadioMeter(4, 9, mode="none", medium=HEAT)
    radio, meter = heard(tmp_path, sender)
    first, second = sender.send(0), sender.send(0)
    radio.take(on_stick("im871a", first), 1_000)
    radio.take(on_stick("im871a", second), 2_000)
    good = meter.read(2_000)
    forger.total = 0
    for number, frame in enumerate((second, first, forger.send(0), second[:-1] + bytes((second[-1] ^ 1,)))):
        radio.take(on_stick("im871a", frame), 3_000 + number)
        assert meter.read(4_000) == good
    with pytest.raises(DeviceError) as caught:
        meter.read(700_000)
    assert caught.value.kind == FRAME
    radio.take(on_stick("im871a", sender.send(0)), 700_000)
    assert meter.read(700_000).t_ms == 700_000


@pytest.mark.parametrize("mode", ["mode 7", "ell"])
def test_a_restart_does_not_make_an_old_telegram_good(tmp_path: Path, mode: str) -> None:
    sender, state = RadioMeter(4, 9, mode=mode, medium=HEAT), tmp_path / "state" / "counters"
    radio, meter = heard(tmp_path, sender, counters=CounterLog(state))
    recorded = [sender.send(0), sender.send(0)]
    for frame in recorded:
        radio.take(on_stick("im871a", frame), 1_000)
    assert meter.read(1_000).import_wh is not None
    radio, meter = heard(tmp_path, sender, counters=CounterLog(state))
    for frame in recorded:
        radio.take(on_stick("im871a", frame), 2_000)
        with pytest.raises(DeviceError, match="repeated counter"):
            meter.read(2_000)
    radio.take(on_stick("im871a", sender.send(0)), 3_000)
    assert meter.read(3_000).t_ms == 3_000


@pytest.mark.parametrize("body", ["8c0005 7a 06000000", "7a 06000000", "8a 06000000", "8b 05000010 2d2c 1b04 06000005",
                                  "7a 06000000 0f 0102", "7a 06000000 01fd0b11"])
def test_a_telegram_without_numbers_takes_none_away(tmp_path: Path, body: str) -> None:
    """ACC-NR and ACC-DMD, between two telegrams that have some, and what only the maker can read."""
    sender = RadioMeter(1, 5, mode="none", medium=HEAT)
    radio, meter = heard(tmp_path, sender)
    radio.take(on_stick("im871a", sender.send(0)), 1_000)
    good, numbers = meter.read(1_000), meter.measured
    data = b"\x47" + sender.address.packed() + bytes.fromhex(body)
    radio.take(on_stick("im871a", bytes((len(data),)) + data), 2_000)
    assert meter.read(2_000) == good
    assert meter.measured == numbers
    assert good.import_wh is not None


def test_two_makers_may_print_the_same_digits(tmp_path: Path) -> None:
    mine, other = (RadioMeter(seed, 5, mode="none", medium=WATER, id_="12345678") for seed in (1, 2))
    assert (mine.address.id, mine.address.letters() != other.address.letters()) == (other.address.id, True)
    assert named(mine.address.text()) == mine.address
    radio = Radio(make("hex"))
    meter = build(radio, {**options(tmp_path, mine), "id": mine.address.text()})
    for sender in (mine, other):
        radio.take(on_stick("hex", sender.send(0)), 1_000)
    assert {one.meter for one in meter.measured} == {mine.address.text()}
    keyed = {**options(tmp_path, RadioMeter(1, 5, mode="mode 7", medium=WATER, id_="12345678")), "id": "12345678"}
    assert oms_meter.key_of(keyed) == {"12345678": (mine.key,)}
    assert oms_meter.key_of({**keyed, "id": mine.address.text()}) == {mine.address.text(): (mine.key,)}
    with pytest.raises(ValueError, match="0 keys for it"):
        oms_meter.key_of({**keyed, "id": other.address.text()})
    for wrong in ("1234567", "123456789", "KAM-12345678", "kam-12345678-1B-04", "KAM-1234567X-1B-04",
                  "K1M-12345678-1B-04"):
        with pytest.raises(ValueError, match=r"^id: allowed are eight digits"):
            oms_meter.ability({"id": wrong, "keys": "", "role": "sensor"})


def test_a_wrong_key_says_so(tmp_path: Path) -> None:
    sender = RadioMeter(5, 10, mode="mode 5", medium=HEAT)
    radio, meter = heard(tmp_path, sender)
    sender.key = bytes(16)
    radio.take(on_stick("im871a", sender.send(0)), 0)
    with pytest.raises(DeviceError, match="wrong key"):
        meter.read(0)


def test_compact_telegrams_once_their_format_is_known(tmp_path: Path) -> None:
    sender = RadioMeter(6, 11, mode="none", medium=HEAT)
    radio, meter = heard(tmp_path, sender)
    records = bytes.fromhex("0c06120300000259d20c")
    compact = b"".join(crc(part).to_bytes(2, "little") for part in (bytes.fromhex("0c060259"), records))
    link = b"\x44" + sender.address.packed()
    body = link + b"\x79" + compact + records[2:6] + records[8:]
    frame = bytes((len(body),)) + body
    radio.take(on_stick("im871a", frame), 0)
    with pytest.raises(DeviceError, match="format"):
        meter.read(0)
    radio.take(on_stick("im871a", sender.frame(records)), 1)
    radio.take(on_stick("im871a", frame), 2)
    assert (meter.read(2).t_ms, meter.read(2).import_wh) == (2, 312_000)


SITE = """
[site]
name = "x"
latitude = 48.0
longitude = 11.0
[line.air]
kind = "wm-bus"
stick = "cul"
port = "/dev/ttyUSB9"
[line.bus]
kind = "modbus-rtu"
port = "/dev/ttyUSB0"
[node.house]
rated_a = 35
curve = "sls-e"
meter = "grid"
[device.grid]
driver = "eastron_sdm630"
line = "bus"
unit = 1
[device.flat]
driver = "oms_meter"
line = "air"
id = "12345678"
"""
TWO = '\n[device.two]\ndriver = "oms_meter"\nline = "air"\n'


def test_the_configuration_says_what_is_wrong(tmp_path: Path) -> None:
    path, keys = tmp_path / "site.toml", tmp_path / "keys"
    keys.write_text("12345678 " + "11" * 16 + "\n")
    keys.chmod(0o644)
    for more, why in ((f'keys = "{keys}"', "chmod 600"), ('role = "source"', "device.flat.phases is missing"),
                      (TWO + 'id = "12345678"', "already has this address"),
                      (TWO + 'id = "1234567x"', "eight digits")):
        path.write_text(SITE + more)
        with pytest.raises(ConfigError, match=why):
            load(path)
    keys.chmod(0o600)
    path.write_text(SITE + f'keys = "{keys}"')
    file = load(path)
    assert (file.site.devices[1].ability.kind, file.site.devices[1].stale_ms) == ("sensor", 3_600_000)
    keys.write_text("87654321 " + "11" * 16 + "\n")
    with pytest.raises(ConfigError, match="0 keys for it"):
        load(path)


def test_the_service_keeps_counters_where_its_state_is(tmp_path: Path) -> None:
    path, keys = tmp_path / "site.toml", tmp_path / "keys"
    sender = RadioMeter(1, 5, mode="mode 7", medium=HEAT, id_="12345678")
    keys.write_text(f"12345678 {sender.key.hex()}\n")
    keys.chmod(0o600)
    path.write_text(SITE + f'keys = "{keys}"\n')
    assert any("flat: without [state]" in words for words in warnings(load(path)))
    path.write_text(SITE + f'keys = "{keys}"\n[state]\nfolder = "{tmp_path}/state"\n')
    assert not any("[state]" in words for words in warnings(load(path)))
    radio = Radio(make("im871a"))
    Daemon(load(path), port_of=lambda spec: radio if spec.kind == "wm-bus" else Bus())
    radio.take(on_stick("im871a", sender.send(0)), 0)
    assert list(CounterLog(tmp_path / "state" / COUNTERS).highest.values()) == [sender.counter]


def test_key_files_name_a_meter_by_either_name(tmp_path: Path) -> None:
    sender = RadioMeter(1, 5, mode="mode 5")
    assert oms_meter.key_of(options(tmp_path, sender)) == {sender.address.id: (sender.key,)}


def test_all_it_says_leaves_as_one_topic(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text(SITE)
    sender = RadioMeter(1, 5, mode="none", medium=HEAT, id_="12345678")
    radio, meter = heard(tmp_path, sender)
    radio.take(on_stick("im871a", sender.send(0)), 0)
    (topic, payload), = measured_pairs(load(path).site, [(0, ()), (1, meter.measured)])
    assert topic == "hutschiene/x/flat/measured"
    state = json.loads(payload)
    assert (state["meter"], state["medium"], len(state["values"])) == (sender.address.text(), "heat", 4)
    assert (state["values"][0]["value"], state["values"][0]["unit"]) == (sender.total // 1000, "Wh")


def test_the_simulated_house_has_its_radio_meters(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text(SITE + """
[line.wire]
kind = "m-bus"
port = "/dev/ttyUSB8"
[device.boiler]
driver = "mbus_meter"
line = "wire"
address = 5
""")
    file = load(path)
    simulated = Simulated(file, "sunny", 7)
    clock = SimClock()
    lines = build_lines(file, Image(3), clock, simulated.port)
    slots = {slot.index: slot.meter for line in lines for slot in line.slots}
    for second in range(40):
        simulated.step(1_000 * second + 1_000, 1_000)
    assert slots[1].read(40_000).temperature_mdegc is not None
    assert slots[2].read(40_000).import_wh is not None
