"""The verb `decode json`: what is recorded in any shape, known makers, a device by its options, and nonsense."""

import argparse
import json
from pathlib import Path

import pytest

from firmware import decode
from firmware.decoders.json import wanted_of
from firmware.decoders.json_text import Messages
from firmware.simulated.push import documents_of
from hal.values import Phases
from sim import json_meters
from sim.part import WH_MWS, Point
from sim.rng import Rng

POINT = Point()
POINT.power_w, POINT.voltage_mv = Phases(1_200, -3_000, 70), Phases(230_100, 231_000, 229_900)
POINT.import_mws, POINT.export_mws = 111_000 * WH_MWS, 222_000 * WH_MWS
HEAD = '{"Time":"2024-01-01T12:00:00","SML":{"Total_in":12.5,"Total_out":"1.25","Power_curr":-105.5,"Meter_Id":"0a01"}}'


def call(*words: str) -> int:
    parser = argparse.ArgumentParser()
    decode.add_arguments(parser)
    return decode.run(parser.parse_args(["json", *words]))


def said(path: Path, capsys: "pytest.CaptureFixture[str]", *words: str) -> "list[dict[str, object]]":
    assert call(str(path), "--json", *words) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def recorded(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_each_known_maker_from_its_simulated_meter(tmp_path: Path, capsys: "pytest.CaptureFixture[str]") -> None:
    texts = (json_meters.shelly("triphase", 0, "p/status/em:0", "p/status/emdata:0", POINT)
             + json_meters.shelly("monophase", 1, "p/status/em1:1", "p/status/em1data:1", POINT)
             + json_meters.shelly("gen1", 0, "/status", "/status", POINT)
             + json_meters.tasmota("script", "Haus", "tele/h/SENSOR", POINT)
             + json_meters.tasmota("plug", "", "tele/p/SENSOR", POINT))
    path = recorded(tmp_path / "all.txt", "".join(f"{topic} {text}\n" for topic, text in texts))
    found = said(path, capsys)
    assert [one["topic"] for one in found] == [topic for topic, _ in texts]
    meters = [one["meters"][0] for one in found]
    assert [one["driver"] for one in meters] == ["shelly_em"] * 5 + ["tasmota_meter"] * 2
    assert [one["power_w"] for one in meters] == [-1_730, None, -1_730, None, -1_730, -1_730, -1_730]
    assert [one["import_wh"] for one in meters] == [None, 111_000, None, 111_000, 111_000, 111_000, 111_000]
    assert [one["export_wh"] for one in meters] == [None, 222_000, None, 222_000, 222_000, 222_000, None]


def test_components_of_a_status_stay_apart(tmp_path: Path, capsys: "pytest.CaptureFixture[str]") -> None:
    note = {"method": "NotifyStatus", "params": {"ts": 1.5, "em1:0": {"act_power": 7}, "em1:1": {"act_power": -9}}}
    answer = {"id": 1, "result": {"em:0": {"total_act_power": 5}, "emdata:0": {"total_act": 6}, "wifi": {"rssi": -60}}}
    path = recorded(tmp_path / "rpc.json", json.dumps(note) + json.dumps(answer, indent=2))
    first, second = said(path, capsys)
    assert [(one["part"], one["power_w"]) for one in first["meters"]] == [("em1:0", 7), ("em1:1", -9)]
    assert [(one["part"], one["power_w"], one["import_wh"]) for one in second["meters"]] == [
        ("em:0", 5, None), ("emdata:0", None, 6)]
    assert second["numbers"]["result.wifi.rssi"] == -60


def test_numbers_stand_by_the_path_that_a_configuration_takes(
        tmp_path: Path, capsys: "pytest.CaptureFixture[str]") -> None:
    text = '{"a": [{"out": "1.50"}, {"out": 12345678901234567890.5}], "on": true, "s": "x", "n": null, "e": 1e-3}'
    path = recorded(tmp_path / "any.json", text)
    assert said(path, capsys)[0]["numbers"] == {"a.0.out": 1.5, "e": 0.001}
    assert call(str(path)) == 0
    assert "    a.0.out                  1.50\n" in capsys.readouterr().out
    path.write_text('{"p": 2.5}\n{"other": 1}\n')
    first, second = said(path, capsys, "--device", "json_meter", "--set", "topic=/x", "--set", "power=p * 1000",
                         "--set", "power_phases=p", "--set", "power_phases=p * 2")
    assert first["meters"][0]["power_w"] == 2_500
    assert [entry["value"] for entry in first["meters"][0]["entries"]] == [2_500_000_000, 2_500_000, 5_000_000]
    assert second["meters"] == []


def test_a_bare_number_needs_its_topic(tmp_path: Path, capsys: "pytest.CaptureFixture[str]") -> None:
    words = ("--device", "esphome_meter", "--set", "prefix=attic", "--set", "power=p",
             "--set", "energy_import=e * 1000")
    path = recorded(tmp_path / "esp.txt", "attic/sensor/p/state -12.5\nattic/sensor/e/state 7.25\nother/x 3\n8\n")
    found = said(path, capsys, *words)
    assert [[one["power_w"], one["import_wh"]] for each in found for one in each["meters"]] == [
        [-12.5, None], [None, 7_250]]
    assert [len(each["meters"]) for each in found] == [1, 1, 0, 0]


def test_what_is_no_device_and_no_option_is_said(tmp_path: Path, capsys: "pytest.CaptureFixture[str]") -> None:
    path = recorded(tmp_path / "head.json", HEAD)
    for words, why in (
        (("--device", "sml_head"), "allowed are esphome_meter, json_meter, shelly_em, tasmota_meter"),
        (("--device", "json_meter"), "power: allowed is where the power stands"),
        (("--device", "json_meter", "--set", "pwer=x"), "pwer"),
        (("--device", "shelly_em", "--set", "profile=four"), "four"),
        (("--device", "shelly_em", "--set", "channel=9"), "<= 2"),
        (("--device", "json_meter", "--set", "power"), "allowed is KEY=VALUE"),
        (("--set", "power=x"), "name its driver with --device"),
        (("--ask",), "--ask is for meters that speak only when asked"),
    ):
        assert call(str(path), *words) == 1, words
        assert why in capsys.readouterr().err
    for source, why in (("http://host", "allowed is http://HOST/PATH"), ("mqtt:///x", "allowed is mqtt://HOST/TOPIC"),
                        ("mqtt://u:p@host/x", "a password stands in no command line"),
                        ("/dev/null", "allowed are recorded messages, mqtt://HOST/TOPIC"), ("nowhere", "No such file")):
        assert call(source) == 1
        assert why in capsys.readouterr().err
    assert call(str(recorded(tmp_path / "none.txt", "no message here\n"))) == 1
    assert "no intact JSON message (1 damaged one)" in capsys.readouterr().err


def test_what_it_means_is_what_the_driver_makes_of_it(tmp_path: Path, capsys: "pytest.CaptureFixture[str]") -> None:
    settings = ["topic=/m", "power=a.b * -0.001", "current_phases=i.0", "current_phases=i.1", "energy_export=e"]
    texts = documents_of(wanted_of("json_meter", settings, True), POINT)
    path = recorded(tmp_path / "m.json", texts[0][1])
    found = said(path, capsys, "--device", "json_meter", *[word for one in settings for word in ("--set", one)])
    assert (found[0]["meters"][0]["power_w"], found[0]["meters"][0]["export_wh"]) == (-1_730, 222_000)


def test_any_pieces_give_the_same_and_damage_costs_itself() -> None:
    rng = Rng(4)
    whole = [("", {"a": {"b": 1}}), ("t/x", {"c": [1, 2]}), ("t/y", {"d": 3})]
    for _ in range(300):
        stream, wanted, bad = "", [], 0
        for _ in range(1 + rng.below(6)):
            topic, document = whole[rng.below(3)]
            text = (topic + " " if topic else "") + json.dumps(document, indent=(None, 2)[rng.below(2)])
            if rng.chance(300):
                text, bad = "t/z {\"cut\": [1, ", bad + 1
            else:
                wanted.append((topic, json.loads(json.dumps(document))))
            stream += text + "\n"
        messages, found, data = Messages(), [], stream.encode()
        while data:
            size = 1 + rng.below(40)
            found += messages.feed(data[:size])
            data = data[size:]
        found += messages.rest()
        got = [(topic, json.loads(json.dumps(document, default=int))) for topic, document in found]
        assert all(one in iter_ for iter_ in [iter(wanted)] for one in got)  # none invented, and in their order
        assert got == wanted if not bad else messages.damaged


def test_mutated_messages_end_the_reader_in_nothing_foreign(
        tmp_path: Path, capsys: "pytest.CaptureFixture[str]") -> None:
    rng = Rng(41)
    parts = [HEAD, '{"method":"NotifyStatus","params":{"em:0":{"total_act_power":7}}}', "t/p 12.5", "[" * 400,
             "1e999999", '{"emeters":[{"power":1},2,null]}', '{"ENERGY":5}', '{"a":1e-999999}', "\ufeff", '"7"', "NaN"]
    path = tmp_path / "x"
    for _ in range(400):
        text = bytearray("\n".join(parts[rng.below(len(parts))] for _ in range(3)).encode())
        for _ in range(rng.below(4)):
            text[rng.below(len(text))] = rng.below(256)
        path.write_bytes(bytes(text))
        assert call(str(path), "--json") in (0, 1)
        for line in capsys.readouterr().out.splitlines():
            json.loads(line)
    messages = Messages()
    messages.feed(b'{"a":\n' + b"x" * 1_000_000)
    messages.feed(b"\n" + b'"b": 1,\n' * 20_000)
    assert len(messages._held) + len(messages._line) < 200_000
    assert messages.feed(b'}\n{"a": 1}\n')[-1:] == [("", {"a": 1})]
