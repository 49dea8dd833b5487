"""Numbers out of JSON, exactly; and the makers' meters from their simulated twins to readings, each over its lines."""

from pathlib import Path

import pytest

from drivers import esphome_meter, json_fields, json_meter, shelly_em, shelly_notes, tasmota_meter
from drivers.inbox import Letters
from drivers.json_fields import document, entries, fields
from drivers.obis import quantity
from firmware.config.file import ConfigError, load
from firmware.day import Day
from hal.faults import RANGE, DeviceError
from hal.ports import Web
from hal.values import Reading
from sim.clock import SimClock
from sim.rng import Rng

SITE = """
[site]
name = "Pushed"
latitude = 48.1
longitude = 11.6
[line.broker]
kind = "mqtt"
host = "127.0.0.1"
password = "secret"
[line.shelly]
kind = "http"
host = "192.168.1.20"
[line.old]
kind = "http"
host = "192.168.1.21"
[line.any]
kind = "http"
host = "192.168.1.22"
[line.sma]
kind = "speedwire"
[node.house]
rated_a = 35
curve = "sls-e"
meter = "sma"
[device.sma]
driver = "speedwire_meter"
line = "sma"
sma_serial = 1900123456
"""
SOURCE = 'role = "source"\nnode = "house"\nphases = "{phases}"\n'
DEVICES = {
    "pro3em": ('driver = "shelly_em"\nline = "shelly"\n', "L2 L3 L1"),
    "pro3em_mqtt": ('driver = "shelly_em"\nline = "broker"\nprefix = "shellypro3em-1"\nsends_s = 1\n', "L1 L2 L3"),
    "mono": ('driver = "shelly_em"\nline = "shelly"\nprofile = "monophase"\nchannel = 1\n', "L2"),
    "gen1": ('driver = "shelly_em"\nline = "old"\nprofile = "gen1"\n', "L1 L2 L3"),
    "head": ('driver = "tasmota_meter"\nline = "broker"\ntopic = "tele/head/SENSOR"\nsends_s = 1\n', "L1 L2 L3"),
    "plug": ('driver = "tasmota_meter"\nline = "broker"\ntopic = "tele/p/SENSOR"\nlayout = "plug"\nsends_s = 1\n',
             "L3"),
    "esp": ('driver = "esphome_meter"\nline = "broker"\nprefix = "attic"\npower = "p_kw * 1000"\n'
            'energy_export = "out"\nsends_s = 1\n', "L1 L2 L3"),
    "generic": ('driver = "json_meter"\nline = "any"\ntopic = "/api/v1"\npower = "meter.p.total * -1"\n'
                'power_phases = ["meter.p.1", "meter.p.2", "meter.p.3"]\n'
                'energy_export = "a.0.out * 1000 + a.1.out * 1000"\nsends_s = 1\n', "L3 L1 L2"),
}
TELLS_EXPORT = {"pro3em", "pro3em_mqtt", "mono", "gen1", "head", "esp", "generic"}
TELLS_PHASES = {"pro3em", "pro3em_mqtt", "gen1", "head", "generic"}


@pytest.fixture(scope="module")
def lived(tmp_path_factory: "pytest.TempPathFactory") -> "tuple[Day, dict[str, Reading]]":
    path = tmp_path_factory.mktemp("pushed") / "site.toml"
    path.write_text(SITE + "".join(f"[device.{name}]\n{text}{SOURCE.format(phases=phases)}"
                                   for name, (text, phases) in DEVICES.items()))
    file = load(path)
    day = Day(file, "sunny", 7, start_ms=12 * 3_600_000)
    for _ in range(40):
        snapshot, plan = day.second()
    assert plan.nodes[0].believed
    heard = {}
    for device, one in zip(file.site.devices, snapshot.heard):
        assert one.fault is None, (device.name, one.fault)
        assert one.reading is not None
        assert 0 <= snapshot.now_ms - one.reading.t_ms <= 6_000
        heard[device.name] = one.reading
    return day, heard


@pytest.mark.parametrize("name", ["sma", *DEVICES])
def test_each_maker_tells_what_flows(lived: "tuple[Day, dict[str, Reading]]", name: str) -> None:
    day, heard = lived
    got = heard[name]
    point = day.simulated.house.nodes[0] if name == "sma" else day.simulated.part(name)
    assert got.total_w is not None
    wanted_w = point.power_w.total()
    assert abs(got.total_w - wanted_w) < 100 + abs(wanted_w) // 50
    assert abs(wanted_w) > 500
    if name in TELLS_EXPORT:
        assert got.export_wh is not None
        assert 0 <= point.export_wh - got.export_wh < 20
    if name in TELLS_PHASES:
        assert got.power_w is not None
        assert max(abs(one - other) for one, other in zip(got.power_w, point.power_w)) < 100


def number(text: str, message: bytes, topic: str = "t") -> "str | None":
    wanted = fields("power", (text,), topic)
    found = quantity(entries(wanted, {topic: document(message)}), wanted[0].obis, 27)
    return None if found is None else str(found.nearest(3))


@pytest.mark.parametrize(("text", "message", "milli"), [
    ("a.b", b'{"a":{"b":1.25}}', "1250"), ("a.1", b'{"a":[0,-7]}', "-7000"), (".", b"12.5", "12500"),
    ("a * 0.1", b'{"a":"33"}', "3300"), ("a * -1000", b'{"a":0.0004}', "-400"), ("a + b", b'{"a":1,"b":2}', "3000"),
    ("a", b'{"a":9007199254740.993}', "9007199254740993"), ("a", b'{"a":1.5e3}', "1500000"),
    ("a", b'{"a":null}', None), ("a", b'{"a":true}', None), ("a", b'{"a":"x"}', None), ("a", b'{"b":1}', None),
    ("a.0", b'{"a":[]}', None), ("a.b", b'{"a":3}', None), ("a + b", b'{"a":1}', None), ("a", b'{"a":NaN}', None),
    ("a", b'{"a":1e99}', None), ("a", b"{", None), ("a", b"\xff\xfe", None), ("a", b'{"a":"Infinity"}', None),
    ("a.-1", b'{"a":[1]}', None), (".", b"[" * 90_000, None), ("a", b'{"a":1e-999999999}', "0"),
])
def test_a_number_and_what_is_none(text: str, message: bytes, milli: "str | None") -> None:
    assert number(text, message) == milli


@pytest.mark.parametrize(("text", "said"), [("a * x", "no factor"), ("a * 0", "no factor"), ("a * nan", "no factor"),
                                            ("a * 1e99", "no factor"), (".".join("abcdefghi"), "allowed is PATH")])
def test_what_is_no_place(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=f"^power: .*{said}"):
        fields("power", (text,), "t")


def test_a_place_needs_a_topic() -> None:
    with pytest.raises(ValueError, match="TOPIC#PATH"):
        fields("power", ("a",), "")
    assert json_fields.topics(fields("power", ("one#a + two#b",), "")) == ("one", "two")


def test_mutated_messages_raise_nothing() -> None:
    rng = Rng(45)
    good = (b'{"a":{"b":[1,2.5,"-3"],"c":1e5},"d":null,"emeters":[{"power":1},{"power":2},{"power":3}]}')
    wanted = (fields("power", ("a.b.2 * 1000 + a.c",), "t") + fields("power_phases", ("a.b.0", "a.b.1", "d"), "t")
              + shelly_em.fields_of("gen1", 0, "t", "t"))
    told = 0
    for _ in range(5_000):
        bad = good
        for _ in range(rng.between(1, 4)):
            at = rng.below(len(bad)) if bad else 0
            bad = bad[:at] + bytes((rng.between(32, 126) if rng.chance(900) else rng.below(256),)) * rng.below(3) \
                + bad[at + rng.below(3):]
        told += bool(entries(wanted, {"t": document(bad)}))
    assert 500 < told < 5_000


def test_a_notification_is_the_status_of_its_components() -> None:
    note = b'{"method": "NotifyStatus", "params": {"em:0": {"total_act_power": 0.10, "a": null}, "ts": 1, "x:1": 5}}'
    (topic, message), = shelly_notes.status("pre/events/rpc", note)
    assert (topic, document(message)) == ("pre/status/em:0", {"total_act_power": "0.10", "a": None})
    for other in (b"", b"5", b"[]", b'{"method": "NotifyEvent", "params": {"em:0": {}}}', b"[" * 5_000,
                  b'{"method": [], "params": {}}', b'{"method": "NotifyStatus", "params": [1]}', b"\xff{"):
        assert shelly_notes.status("pre/events/rpc", other) == ()


class Said(Web):
    """Answers every path with the same document."""

    def __init__(self, document: str) -> None:
        self.document = document

    def get(self, path: str) -> bytes:
        return self.document.encode()


EM = '{"total_act_power": 5.0, "total_act": 7.0, "errors": %s, "b_errors": %s}'
GEN1 = '{"emeters": [{"power": 1.0, "is_valid": true}, {"power": 2.0, "is_valid": %s}, {"power": 3.0}]}'


@pytest.mark.parametrize(("profile", "document", "why"), [
    ("triphase", EM % ("[]", "null"), ""), ("triphase", EM % ('["phase_sequence"]', "{}"), ""),
    ("triphase", EM % ('["phase_sequence", "power_meter_failure"]', "[]"), "errors: power_meter_failure"),
    ("triphase", EM % ("[5]", '["out_of_range:current"]'), "b_errors: out_of_range:current"),
    ("monophase", '{"act_power": 5.0, "errors": ["ct_type_not_set"]}', "errors: ct_type_not_set"),
    ("gen1", GEN1 % "true", ""), ("gen1", GEN1 % "false", "emeters.1 is not valid"),
])
def test_what_a_shelly_doubts_itself_is_no_reading(profile: str, document: str, why: str) -> None:
    clock = SimClock()
    options = {"profile": profile, "channel": 0, "prefix": "", "sends_s": 1, "phases": (0, 1, 2), "mounting": "normal",
               "clock": clock}
    inbox = Letters()
    meters = [shelly_em.build(Said(document), options)]
    if profile != "gen1":
        meters.append(shelly_em.build(inbox, {**options, "prefix": "p"}))
        inbox.put("p/status/em%s:0" % ("" if profile == "triphase" else "1"), document.encode())
    for meter in meters:
        if why:
            with pytest.raises(DeviceError, match=f"the meter itself says {why}") as caught:
                meter.read(0)
            assert caught.value.kind == RANGE
        else:
            assert meter.read(0).total_w in (5, 6)


def test_options_are_judged(tmp_path: Path) -> None:
    base = {"role": "meter", "topic": "t", "power": "", "power_phases": (), "current_phases": (), "voltage_phases": (),
            "energy_import": "", "energy_export": "", "prefix": "p"}
    for module in (json_meter, esphome_meter):
        with pytest.raises(ValueError, match=r"^power: "):
            module.ability(base)
        with pytest.raises(ValueError, match=r"^power_phases: 4 of them"):
            module.ability({**base, "power_phases": ("1", "2", "3", "4")})
    with pytest.raises(ValueError, match=r"^prefix: "):
        shelly_em.ability({"role": "meter", "profile": "gen1", "prefix": "x"})
    with pytest.raises(ValueError, match="is many topics"):
        shelly_em.ability({"role": "meter", "profile": "triphase", "prefix": "shelly/+", "channel": 0})
    with pytest.raises(ValueError, match=r"^power: 'tele/\+/SENSOR' is many topics"):
        json_meter.ability({**base, "topic": "tele/+/SENSOR", "power": "p"})
    with pytest.raises(ValueError, match=r"^power: 'tele/#' is many topics"):
        tasmota_meter.ability({"role": "meter", "layout": "script", "group": "SML", "topic": "tele/#"})
    assert json_meter.ability({**base, "topic": "/api?a=1+2", "power": "p"}).kind == "meter"
    path = tmp_path / "site.toml"
    path.write_text(SITE.replace('driver = "speedwire_meter"\nline = "sma"\nsma_serial = 1900123456',
                                 'driver = "tasmota_meter"\nline = "broker"\ntopic = "t"'))
    with pytest.raises(ConfigError, match=r"sends_s.*too slow for the meter of the house connection"):
        load(path)
