"""Wallboxes and plugs on real UDP, HTTP and MQTT, served by the product's own serve: armed, told, read, released."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from drivers.clock import MonotonicClock
from drivers.keba_talk import PORT, KebaTalk
from firmware import build
from firmware.broker import Broker
from firmware.config.file import load
from firmware.serve import Served
from hal.faults import TIMEOUT, DeviceError
from hal.values import STOP, ZERO, Phases, Setpoint
from sim.udp_boxes import UdpBox

HOST = "127.0.0.1"
NET = f"127.{os.getpid() // 250 % 250 + 1}.{os.getpid() % 250 + 1}"
TEN = Setpoint(Phases(10_000, 10_000, 10_000), 0)
HEAD = """\
[site]
name = "Makers"
latitude = 48
longitude = 11
[line.meters]
kind = "modbus-tcp"
host = "127.0.0.1"
port = {0}
[line.broker]
kind = "mqtt"
host = "127.0.0.1"
port = {broker}
[line.kebas]
kind = "keba-udp"
interface = "{net}.1"
[node.house]
rated_a = 125
curve = "gg"
meter = "grid"
rest_a = 10
[device.grid]
driver = "eastron_sdm630"
line = "meters"
"""
HTTP = ("goe_api", "openwb_pro", "hardy_barth_ecb1", "hardy_barth_salia", "tesla_wall_connector", "socket", "pump",
        "own_box")
BOXES = {
    "keba_udp": ("kebas", 'host = "{net}.2"'), "second": ("kebas", 'host = "{net}.3"\nfailsafe_a = 6'),
    "goe_api": ("goe_api", ""),
    "goe_mqtt": ("broker", 'goe_serial = "012345"\nconfirm_single_source = true\nsends_s = 1'),
    "openwb_pro": ("openwb_pro", ""), "hardy_barth_ecb1": ("hardy_barth_ecb1", ""),
    "hardy_barth_salia": ("hardy_barth_salia", ""),
    "openwb_mqtt": ("broker", "confirm_single_source = true\nsends_s = 1"),
}
DRIVERS = {"second": "keba_udp", "goe_mqtt": "goe_api"}
PLUGS = {"shelly_plug": ("shelly_plug", "broker", 'prefix = "plug"'),
         "tasmota_plug": ("tasmota_plug", "broker", 'topic = "kitchen"'), "socket": ("tasmota_plug", "socket", "")}
DESCRIBED = """\
[device.pump]
driver = "json_heat"
line = "pump"
node = "house"
phases = "L2"
kind = "rod"
topic = "/state"
power = "p"
nominal_w = 2000
tell = "PUT /power {{\\"w\\": {{w}}}}"
[device.own_box]
driver = "json_device"
line = "own_box"
node = "house"
phases = "L1 L2 L3"
max_a = 10
kind = "wallbox"
topic = "/state"
power = "p"
limit = "amp"
tell = "POST /set amp={{a}}"
"""


def until(true: "Callable[[], object]", what: str, seconds: float = 20.0) -> None:
    end_s = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end_s, f"not within {seconds} s: {what}"
        time.sleep(0.05)


def site(broker: int, free_port: "Callable[[], int]") -> str:
    ports = {name: free_port() for name in HTTP}
    out = HEAD.format(free_port(), broker=broker, net=NET)
    for name, port in ports.items():
        out += f'[line.{name}]\nkind = "http"\nhost = "{HOST}"\nport = {port}\n'
    for name, (line, more) in BOXES.items():
        out += (f'[device.{name}]\ndriver = "{DRIVERS.get(name, name)}"\nline = "{line}"\nnode = "house"\nmax_a = 10\n'
                f'phases = "L1 L2 L3"\n{more.format(net=NET)}\n')
    for name, (driver, line, more) in PLUGS.items():
        out += (f'[device.{name}]\ndriver = "{driver}"\nline = "{line}"\nnode = "house"\nphases = "L1"\n'
                f"power_w = 1000\n{more}\n")
    out += DESCRIBED.format()
    return out + '[device.tesla]\ndriver = "tesla_wall_connector"\nline = "tesla_wall_connector"\n'


class Makers:
    def __init__(self, path: Path) -> None:
        self.file = load(path)
        self.served = Served(self.file, "sunny", 3, 0)
        self.twins: "dict[str, Any]" = dict(zip((each.name for each in self.file.devices), self.served.simulated.twins))
        for twin in self.twins.values():
            twin.lag_ms = 200  # of those that show late what they are told; tests/unit waits for it
        self.ports = {line.name: build.real_port(line) for line in self.file.lines}

    def device(self, name: str) -> Any:
        found = next(each for each in self.file.devices if each.name == name)
        return build.driver(found, self.ports[found.line], MonotonicClock())

    def close(self) -> None:
        for port in self.ports.values():
            port.close()
        self.served.close()


@pytest.fixture(scope="module")
def makers(free_port: "Callable[[], int]", tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Makers]":
    broker = Broker(HOST, free_port())
    path = tmp_path_factory.mktemp("makers") / "site.toml"
    path.write_text(site(broker.start()[1], free_port))
    made = Makers(path)
    yield made
    made.close()
    broker.stop()


def now_ms() -> int:
    return MonotonicClock().now_ms()


@pytest.mark.parametrize("name", BOXES)
def test_a_box_of_each_maker_obeys(makers: Makers, name: str) -> None:
    box, twin = makers.device(name), makers.twins[name]

    def done(act: "Callable[[], object]") -> bool:
        with suppress(DeviceError):  # over MQTT the first message is waited for
            act()
            return True
        return False

    until(lambda: done(box.arm), "armed")
    box.apply(TEN)
    until(lambda: twin.offered_ma == 10_000, "it offers what it was told")

    def shown() -> bool:
        said = box.read(now_ms())
        return said.state in ("A", "B", "C") and said.limit_ma == TEN.current_ma

    until(shown, "it says so")
    box.release()
    until(lambda: twin.offered_ma == max(box._failsafe_ma, 0), "released")


@pytest.mark.parametrize("name", ["keba_udp", "goe_mqtt", "hardy_barth_salia"])
def test_the_stop_hook_begins_tells_and_ends(makers: Makers, name: str) -> None:
    """Nothing has been read by that process: what stands in the box is told away all the same."""
    box, twin = makers.device(name), makers.twins[name]
    until(lambda: armed(box), "armed")
    box.apply(TEN)
    until(lambda: twin.offered_ma == 10_000, "it offers what it was told")
    makers.device(name).release()
    until(lambda: twin.offered_ma == 0, "released by another process")


def armed(box: Any) -> bool:
    with suppress(DeviceError):
        box.arm()
        return True
    return False


@pytest.mark.parametrize("name", PLUGS)
def test_a_plug_on_a_broker_or_asked(makers: Makers, name: str) -> None:
    plug, twin = makers.device(name), makers.twins[name]
    plug.arm()
    plug.apply(Setpoint(ZERO, 1_000))
    assert twin.on
    assert twin.off_ms is not None
    until(lambda: 800 < (plug.read(now_ms()).total_w or 0) < 1_200, "it draws")
    assert plug.read(now_ms()).state == "on"
    plug.apply(STOP)
    assert not twin.on


def test_described_devices_that_are_sent_their_word(makers: Makers) -> None:
    pump, box = makers.device("pump"), makers.device("own_box")
    pump.arm()
    pump.apply(Setpoint(ZERO, 1_500))
    assert makers.twins["pump"].power_w == 1_500
    box.arm()
    box.apply(Setpoint(Phases(8_900, 8_900, 8_900), 0))
    assert makers.twins["own_box"].level == 8_000
    assert box.read(now_ms()).limit_ma == Phases(8_000, 8_000, 8_000)
    pump.release()
    box.release()
    assert (makers.twins["pump"].power_w, makers.twins["own_box"].level) == (0, 0)


def test_a_tesla_is_read_and_never_told(makers: Makers) -> None:
    device, twin = makers.device("tesla"), makers.twins["tesla"]
    assert device.read(now_ms()).state in ("A", "C")
    assert not hasattr(device, "apply")
    assert twin.posted == 0


def test_no_text_to_a_keba_comes_too_soon(makers: Makers) -> None:
    """A box hears nothing for 100 ms after each; what it says by itself comes between the answers."""
    box = makers.device("keba_udp")
    makers.twins["keba_udp"]._noted = {"State": 99, "Plug": 99}
    for _ in range(5):
        assert box.read(now_ms()).state is not None
    boxes = [each for each in makers.served._senders if isinstance(each, UdpBox)]
    assert [each.lost for each in boxes] == [0, 0]


def test_a_silent_keba_is_no_more_than_two_questions(makers: Makers) -> None:
    box, twin = makers.device("keba_udp"), makers.twins["keba_udp"]
    twin.deaf = True
    begun_s = time.monotonic()
    with pytest.raises(DeviceError) as caught:
        box.read(now_ms())
    assert caught.value.kind == TIMEOUT
    assert time.monotonic() - begun_s < 5
    twin.deaf = False
    assert box.read(now_ms()).state is not None


def test_one_socket_for_all_of_keba(makers: Makers) -> None:
    second = KebaTalk(f"{NET}.1")
    makers.device("keba_udp").read(now_ms())
    with pytest.raises(DeviceError, match=f"UDP port {PORT}: .*another program"):
        second.ask(f"{NET}.2", "report 1", bool)
