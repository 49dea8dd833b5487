"""A card held to charge points on the wire, to its session in the records, its OCMF line and its driver's account."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from control.values import Obeyed, Plan
from drivers.clock import MonotonicClock
from firmware import build
from firmware.__main__ import main
from firmware.config.file import load
from firmware.image import Image, Lease
from firmware.loop import Worker
from firmware.records.recorder import Recorder
from firmware.serve import Served
from hal.ports import TimeService
from hal.times import TimeNow
from hal.values import Phases, Setpoint

HOST, SECRET = "127.0.0.1", "0123456789abcdef"
SITE = """\
[site]
name = "Hof"
latitude = 48
longitude = 11
[line.meters]
kind = "modbus-tcp"
host = "127.0.0.1"
port = {meters}
[line.boxes]
kind = "modbus-tcp"
host = "127.0.0.1"
port = {boxes}
[line.stations]
kind = "ocpp"
host = "127.0.0.1"
port = {stations}
path = "ocpp"
passwords = "{folder}/passwords"
[node.house]
rated_a = 63
curve = "gg"
meter = "grid"
rest_a = 10
[device.grid]
driver = "eastron_sdm630"
line = "meters"
[device.yard]
driver = "ocpp_station"
line = "stations"
station = "YARD"
node = "house"
phases = "L1 L2 L3"
max_a = 16
failsafe_s = 60
every_s = 5
[device.free]
driver = "ocpp_station"
line = "stations"
station = "FREE"
node = "house"
phases = "L1 L2 L3"
max_a = 16
authorisation = "free"
failsafe_s = 60
every_s = 5
[device.garage]
driver = "amperfied_connect"
line = "boxes"
node = "house"
phases = "L1 L2 L3"
max_a = 16
failsafe_a = 6
failsafe_s = 30
cards = true
[records]
folder = "{folder}/records"
"""
PLAN = """\
[plan]
name = "Fuhrpark"
[source.house]
records = "records"
[tariff.fleet]
energy_ct = 30
[settle.cars]
kind = "sessions"
chargers = ["yard", "free", "garage"]
tariff = "fleet"
[settle.cars.account."Frau Ober"]
external = ["04A1B2C3"]
cost_centre = "4711"
[settle.cars.account.Gast]
meters = ["free"]
"""
BOXES = ("yard", "free", "garage")


class Synced(TimeService):
    """This machine's clocks, which a test environment does not sync."""

    def read(self) -> TimeNow:
        return TimeNow(time.time_ns() // 1_000_000, MonotonicClock().now_ms(), True, 5)


def test_from_the_card_to_the_account(free_port: "Callable[[], int]", tmp_path: Path,
                                      capsys: pytest.CaptureFixture[str]) -> None:
    site, plan = tmp_path / "site.toml", tmp_path / "plan.toml"
    (tmp_path / "passwords").write_text(f"YARD {SECRET}\nFREE {SECRET}\n")
    (tmp_path / "passwords").chmod(0o600)
    site.write_text(SITE.format(meters=free_port(), boxes=free_port(), stations=free_port(), folder=tmp_path))
    plan.write_text(PLAN)
    charged(site)
    for verb in ("sessions", "ocmf", "key"):
        assert main(["export", str(site), verb, *(["--json"] if verb == "sessions" else [])]) == 0
    out = capsys.readouterr().out
    sessions, end = json.JSONDecoder().raw_decode(out)
    assert {one["meter"]: one["external"] for one in sessions} == {"yard": "04A1B2C3", "garage": "04A1B2C3", "free": ""}
    assert all(one["energy"] > 0 for one in sessions)
    *lines, _, public = out[end:].split("\n")[1:-1]
    told = {payload["PG"]: payload for payload in (json.loads(line.split("|")[1]) for line in lines)}
    cards = {f"T{one['number']}": one["external"] for one in sessions}
    assert {page: payload["ID"] for page, payload in told.items()} == cards
    assert {payload["IL"] for payload in told.values() if payload["ID"]} == {"HEARSAY"}
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 3_600))
    before = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 86_400))
    assert main(["settle", str(plan), "--from", before, "--to", day, "--format", "json", "--lang", "en"]) == 0
    found = json.loads(capsys.readouterr().out)["settlements"][0]["tables"]
    accounts = {row["account"]: (row["cost_centre"], row["sessions"]) for row in found["accounts"]["rows"]}
    assert accounts == {"Frau Ober": ("4711", 2), "Gast": ("", 1)}
    for row in found["sessions"]["rows"]:
        assert (row["external"], row["account"]) == (("", "Gast") if row["charger"] == "free"
                                                     else ("04A1B2C3", "Frau Ober"))
    pyocmf = pytest.importorskip("pyocmf", reason="the independent reader needs Python 3.11")
    assert all(pyocmf.OCMF.from_string(line).verify_signature(public.split()[-1]) for line in lines)


def charged(site: Path) -> None:
    """A car at each box until it has had some energy; then they leave."""
    file, clock = load(site), MonotonicClock()
    image, recorder = Image(len(file.devices)), Recorder(file, Synced())
    indices = [index for index, device in enumerate(file.devices) if device.name in BOXES]
    full = Setpoint(Phases(16_000, 16_000, 16_000), 0)
    modes = ("fast",) * len(file.devices)
    plan = Plan((None,) * len(file.devices), (), None, (), Obeyed((), None, None))

    def until(true: "Callable[[], object]", what: str, seconds: float = 60.0) -> None:
        end_s = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < end_s, f"not within {seconds} s: {what}"
            for index in indices:
                image.lease(index, Lease(full, clock.now_ms() + 15_000))
            recorder.hear(image.snapshot(clock.now_ms(), modes), plan)
            time.sleep(0.2)

    def counted() -> "dict[int, int | None]":
        heard = image.snapshot(clock.now_ms(), modes).heard
        return {index: heard[index].reading and heard[index].reading.import_wh for index in indices}

    def events() -> int:
        return sum(payload.count('"kept":true') for topic, payload in recorder.pairs() if topic.endswith("/events"))

    with Served(file, "sunny", 3, 11 * 3_600_000) as served:
        workers = [Worker(line, lambda: None) for line in build.lines(file, image, clock, build.real_port)]
        for worker in workers:
            worker.start()
        recorder.start()
        try:
            until(lambda: None not in counted().values(), "each box tells its counter")
            boxes: "list[Any]" = [served.simulated.part(name) for name in BOXES]
            begun = counted()
            for box in boxes:
                box.plug()
            until(lambda: all((now or 0) > (begun[index] or 0) + 5 for index, now in counted().items()), "energy")
            for box in boxes:
                box.unplug()
            until(lambda: events() == 2 * len(BOXES), "every session has begun and ended")
        finally:
            recorder.stop()
            for worker in workers:
                worker.stop()
            for worker in workers:
                worker.join(10)
