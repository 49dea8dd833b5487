"""The outbox against real brokers: the embedded one of the demo, and mosquitto where it is installed."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from drivers.mqtt import MOST_HEARD, MOST_HEARD_BYTES, MOST_TOPICS, Mqtt
from drivers.mqtt_link import Access
from firmware.broker import MOST_CLIENTS, Broker

ROOT = Path(__file__).resolve().parents[2]
MOSQUITTO = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin")
HOST = "127.0.0.1"
STATUS = "hutschiene/home/status"


def until(true: Callable[[], object], what: str, seconds: float = 20.0) -> None:
    end_s = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end_s, f"not within {seconds} s: {what}"
        time.sleep(0.02)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


class Embedded:
    def __init__(self) -> None:
        self.port = free_port()
        self.start()

    def start(self) -> None:
        self._broker = Broker(HOST, self.port)
        assert self._broker.start() == (HOST, self.port)

    def stop(self) -> None:
        self._broker.stop()


class Mosquitto:
    """Without persistence: after a restart it has forgotten every retained message."""

    def __init__(self, folder: Path, more: str = "allow_anonymous true\n") -> None:
        self.port = free_port()
        self._settings = folder / "mosquitto.conf"
        self._settings.write_text(f"listener {self.port} {HOST}\n{more}")
        self.start()

    def start(self) -> None:
        assert MOSQUITTO is not None
        self._process = subprocess.Popen([MOSQUITTO, "-c", str(self._settings)], stderr=subprocess.DEVNULL)
        until(lambda: answers(self.port), "mosquitto listens")

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)


def mosquitto_or_skip() -> None:
    if MOSQUITTO is None:
        assert "CI" not in os.environ, "mosquitto is missing"
        pytest.skip("mosquitto is not installed")


@pytest.fixture(params=["embedded", "mosquitto"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> "Iterator[Embedded | Mosquitto]":
    if request.param == "mosquitto":
        mosquitto_or_skip()
    made = Embedded() if request.param == "embedded" else Mosquitto(tmp_path)
    yield made
    made.stop()


class Listener:
    """Another program in the house: what it has been told, newest by topic."""

    def __init__(self, port: int) -> None:
        self.told: dict[str, str] = {}
        self.retained: set[str] = set()
        self._client = Client(CallbackAPIVersion.VERSION2)
        self._client.on_connect = lambda client, *_: client.subscribe("hutschiene/#", qos=1)
        self._client.on_message = self._on_message
        self._client.connect(HOST, port)
        self._client.loop_start()

    def _on_message(self, _client: Client, _: object, message: MQTTMessage) -> None:
        self.told[message.topic] = message.payload.decode()
        if message.retain:
            self.retained.add(message.topic)

    def say(self, topic: str, payload: str, retain: bool = False) -> None:
        self._client.publish(topic, payload, 1, retain).wait_for_publish(10)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def listen() -> Iterator[Callable[[int], Listener]]:
    made: list[Listener] = []

    def make(port: int) -> Listener:
        made.append(Listener(port))
        return made[-1]

    yield make
    for listener in made:
        listener.close()


@pytest.fixture
def outbox() -> Iterator[Callable[..., Mqtt]]:
    made: list[Mqtt] = []

    def make(port: int, **options: object) -> Mqtt:
        hears = options.pop("hears", ())
        made.append(Mqtt(Access(HOST, port, **options), "home", hears))  # type: ignore[arg-type]
        made[-1].start()
        return made[-1]

    yield make
    for mqtt in made:
        mqtt.close()


def test_who_comes_later_gets_the_whole_state(broker: Embedded, outbox: Callable[..., Mqtt],
                                              listen: Callable[[int], Listener]) -> None:
    mqtt = outbox(broker.port)
    for index in range(60):
        mqtt.publish(f"hutschiene/home/d{index}/state", '{"power_w":%d,"ä":null}' % index)
    until(lambda: mqtt.connected and not mqtt.waiting(), "everything acknowledged")
    listener = listen(broker.port)
    until(lambda: len(listener.told) == 61, "status and 60 states")
    assert listener.told[STATUS] == "online"
    assert listener.told["hutschiene/home/d59/state"] == '{"power_w":59,"ä":null}'
    assert listener.retained == set(listener.told)


def test_the_newest_payload_of_a_topic_is_the_one_that_stays(broker: Embedded, outbox: Callable[..., Mqtt],
                                                             listen: Callable[[int], Listener]) -> None:
    mqtt = outbox(broker.port)
    for number in range(3_000):
        mqtt.publish("hutschiene/home/car/state", str(number))
    until(lambda: mqtt.connected and not mqtt.waiting(), "everything acknowledged")
    listener = listen(broker.port)
    until(lambda: "hutschiene/home/car/state" in listener.told, "the car's state")
    assert listener.told["hutschiene/home/car/state"] == "2999"


def test_a_killed_daemon_is_offline_by_its_last_will(broker: Embedded, listen: Callable[[int], Listener]) -> None:
    program = ("from drivers.mqtt import Mqtt; from drivers.mqtt_link import Access; import time; "
               f"m = Mqtt(Access('{HOST}', {broker.port}), 'home'); m.start(); time.sleep(60)")
    process = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT)
    try:
        listener = listen(broker.port)
        until(lambda: listener.told.get(STATUS) == "online", "online")
        process.send_signal(signal.SIGKILL)
        until(lambda: listener.told[STATUS] == "offline", "offline")
    finally:
        process.kill()
        process.wait()
    late = listen(broker.port)
    until(lambda: late.told.get(STATUS) == "offline", "offline is retained")


def test_closing_says_offline(broker: Embedded, listen: Callable[[int], Listener]) -> None:
    mqtt = Mqtt(Access(HOST, broker.port), "home")
    mqtt.start()
    until(lambda: mqtt.connected and not mqtt.waiting(), "online")
    mqtt.close()
    assert not mqtt.connected
    listener = listen(broker.port)
    until(lambda: listener.told.get(STATUS) == "offline", "offline")


def test_a_broker_that_comes_back_empty_is_told_everything(broker: Embedded, outbox: Callable[..., Mqtt],
                                                           listen: Callable[[int], Listener]) -> None:
    mqtt = outbox(broker.port)
    mqtt.publish("hutschiene/home/site/state", "before")
    until(lambda: mqtt.connected and not mqtt.waiting(), "connected")
    broker.stop()
    until(lambda: not mqtt.connected, "the loss is noticed")
    assert mqtt.fault
    for number in range(1_000):
        mqtt.publish("hutschiene/home/car/state", str(number))
    assert mqtt.waiting() <= 2
    broker.start()
    until(lambda: mqtt.connected and not mqtt.waiting(), "connected again")
    assert mqtt.fault == ""
    listener = listen(broker.port)
    until(lambda: len(listener.told) == 3, "all three topics")
    assert listener.told == {STATUS: "online", "hutschiene/home/site/state": "before",
                             "hutschiene/home/car/state": "999"}


def test_an_outage_costs_one_payload_a_topic(outbox: Callable[..., Mqtt]) -> None:
    mqtt = outbox(free_port())
    until(lambda: mqtt.fault == "no answer from the broker: Connection refused", "the first attempt failed")
    for number in range(20_000):
        mqtt.publish(f"hutschiene/home/{number % 10}/state", str(number))
    assert mqtt.waiting() == 10
    for number in range(MOST_TOPICS + 5):
        mqtt.publish(f"hutschiene/home/x{number}/state", "")
    assert (mqtt.waiting(), mqtt.dropped) == (MOST_TOPICS - 1, 16)  # one place is the status, ten were taken


def test_a_topic_no_broker_takes_does_not_stop_the_others(broker: Embedded, outbox: Callable[..., Mqtt],
                                                          listen: Callable[[int], Listener]) -> None:
    mqtt = outbox(broker.port)
    mqtt.publish("hutschiene/+/state", "wrong")
    mqtt.publish("hutschiene/home/car/state", "right")
    listener = listen(broker.port)
    until(lambda: listener.told.get("hutschiene/home/car/state") == "right", "the other one")
    assert mqtt.dropped == 1


def test_a_wrong_password_is_named_and_the_right_one_works(tmp_path: Path, outbox: Callable[..., Mqtt]) -> None:
    mosquitto_or_skip()
    passwords = tmp_path / "passwords"
    passwords.write_text("house:secret\n")
    subprocess.run(["mosquitto_passwd", "-U", str(passwords)], check=True)
    passwords.chmod(0o644)
    tmp_path.chmod(0o755)
    broker = Mosquitto(tmp_path, f"allow_anonymous false\npassword_file {passwords}\nuser root\n")
    try:
        wrong = outbox(broker.port, user="house", password="wrong")
        until(lambda: wrong.fault.startswith("refused"), "refused")
        right = outbox(broker.port, user="house", password="secret")
        until(lambda: right.connected, "connected")
        assert not wrong.connected
    finally:
        broker.stop()


def test_tls_takes_only_the_certificate_it_was_given(tmp_path: Path, outbox: Callable[..., Mqtt]) -> None:
    mosquitto_or_skip()
    certificate, key = tmp_path / "broker.crt", tmp_path / "broker.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-keyout", str(key), "-out", str(certificate), "-days", "1", "-subj", "/CN=broker",
                    "-addext", f"subjectAltName=IP:{HOST}"], check=True, stderr=subprocess.DEVNULL)
    broker = Mosquitto(tmp_path, f"allow_anonymous true\ncertfile {certificate}\nkeyfile {key}\nuser root\n")
    try:
        trusting = outbox(broker.port, ca=str(certificate))
        strict = outbox(broker.port, tls=True)
        until(lambda: trusting.connected, "connected with the broker's certificate")
        until(lambda: strict.fault == "the broker's certificate is not trusted: self-signed certificate", "refused")
        assert not strict.connected
    finally:
        broker.stop()


@pytest.mark.parametrize("version", ["3.1.1", "5"])
def test_what_is_said_to_us_is_heard_once_and_a_retained_word_is_known_as_such(
        broker: Embedded, outbox: Callable[..., Mqtt], listen: Callable[[int], Listener], version: str) -> None:
    if isinstance(broker, Embedded) and version == "5":
        pytest.skip("the embedded broker speaks 3.1.1 only")
    listener = listen(broker.port)
    listener.say("hutschiene/home/old/set/mode", "off", retain=True)
    mqtt = outbox(broker.port, hears=("hutschiene/home/+/set/+",), version=version)
    found: list[tuple[str, bytes, bool]] = []
    until(lambda: found.extend(mqtt.heard()) or found, "the retained one")
    listener.say("hutschiene/home/car/set/mode", "fast")
    listener.say("hutschiene/home/car/state", "not a command")
    listener.say("hutschiene/home/car/set/mode", "x" * 5_000)
    until(lambda: found.extend(mqtt.heard()) or sum(not one[2] for one in found) == 2, "the others")
    old = [one for one in found if one[2]]  # the embedded broker sends what it retains twice
    assert set(old) == {("hutschiene/home/old/set/mode", b"off", True)}
    assert [one[1] for one in found if not one[2]] == [b"fast", b"x" * (MOST_HEARD_BYTES + 1)]
    mqtt.answer("hutschiene/home/car/set/mode/result", "done")
    until(lambda: listener.told.get("hutschiene/home/car/set/mode/result") == "done", "the answer")
    assert "hutschiene/home/car/set/mode/result" not in listener.retained
    for number in range(2 * MOST_HEARD):
        listener.say("hutschiene/home/car/set/mode", str(number))
    listener.say("hutschiene/home/end", "")
    until(lambda: "hutschiene/home/end" in listener.told, "all of them were sent")
    until(lambda: len(mqtt._heard) >= MOST_HEARD, "as many as are kept")
    assert len(mqtt.heard()) == MOST_HEARD
    assert mqtt.fault == ""


def test_what_is_gone_is_removed_and_nothing_else(broker: Embedded, outbox: Callable[..., Mqtt],
                                                  listen: Callable[[int], Listener]) -> None:
    """A device that is no longer in the configuration leaves nothing behind; what is others' stays."""
    listener = listen(broker.port)
    for topic in ("hutschiene/home/old/state", "hutschiene/home/old/decision", "hutschiene/home/carry/state",
                  "hutschiene/home/car/state", "hutschiene/other/old/state"):
        listener.say(topic, "{}", retain=True)
    mqtt = outbox(broker.port)
    mqtt.publish("hutschiene/home/car/state", "1")
    mqtt.sweep(("hutschiene/home/+/+",), lambda topic: not topic.startswith("hutschiene/home/carry/"))
    until(lambda: mqtt.connected and not mqtt.waiting(), "connected")
    until(lambda: listener.told.get("hutschiene/home/old/state") == "", "the old one is removed")
    mqtt.publish("hutschiene/home/car/state", "2")
    until(lambda: not mqtt.waiting(), "sent")
    late = listen(broker.port)
    until(lambda: len(late.told) == 4, "what is retained")
    assert set(late.told) == {STATUS, "hutschiene/home/car/state", "hutschiene/home/carry/state",
                              "hutschiene/other/old/state"}


def test_an_hour_without_a_broker_costs_nothing_and_is_made_good(outbox: Callable[..., Mqtt]) -> None:
    """3600 s of 50 topics, of which each second tells another number."""
    port = free_port()
    mqtt = outbox(port)
    until(lambda: mqtt.fault, "the first attempt failed")
    for second in range(3_600):
        for index in range(50):
            mqtt.publish(f"hutschiene/home/d{index}/state", str(second))
    assert 50 <= mqtt.waiting() <= 51  # a payload a topic; the one of the status may be in paho's hands
    late = Broker(HOST, port)
    late.start()
    listener = None
    try:
        until(lambda: mqtt.connected and not mqtt.waiting(), "all of it sent", 40)
        listener = Listener(port)
        until(lambda: len(listener.told) == 51, "the newest of each")
        assert set(listener.told.values()) == {"online", "3599"}
    finally:
        if listener:
            listener.close()
        late.stop()


def test_the_embedded_broker_takes_another_port_when_its_own_is_in_use() -> None:
    first = Broker(HOST, free_port())
    _, port = first.start()
    second = Broker(HOST, port)
    try:
        host, other = second.start()
        assert (host, other != port, answers(other)) == (HOST, True, True)
    finally:
        second.stop()
        first.stop()
    assert not answers(port)
    assert not answers(other)


def test_the_embedded_broker_survives_garbage_and_crowds(outbox: Callable[..., Mqtt],
                                                         caplog: pytest.LogCaptureFixture) -> None:
    broker = Embedded()
    try:
        crowd = [socket.create_connection((HOST, broker.port)) for _ in range(MOST_CLIENTS)]
        turned_away = socket.create_connection((HOST, broker.port), timeout=10)
        assert turned_away.recv(1) == b""
        for client in crowd:
            client.sendall(b"GET / HTTP/1.1\r\n\r\n")
            client.close()
        turned_away.close()
        mqtt = outbox(broker.port)
        until(lambda: mqtt.connected, "a proper client is served")
        assert not caplog.records
    finally:
        broker.stop()


def test_what_somebody_says_who_hangs_up_at_once_is_heard() -> None:
    """As mosquitto_pub does: connected, said at QoS 0, left, in one breath; while others listen to much."""
    broker = Broker(HOST, 0)
    port = broker.start()[1]
    mqtt = Mqtt(Access(HOST, port), "home", ("hutschiene/home/+/set/+",))
    mqtt.start()
    try:
        until(lambda: mqtt.connected, "connected")
        for number in range(200):
            mqtt.publish(f"hutschiene/home/device_{number}/state", "x" * 1_000)
        listener = Client(CallbackAPIVersion.VERSION2)
        told: "list[MQTTMessage]" = []
        listener.on_message = lambda _client, _data, message: told.append(message)
        listener.connect(HOST, port)
        listener.subscribe("hutschiene/home/#")
        listener.loop_start()
        until(lambda: len(told) >= 200, "all of it")
        topic = b"hutschiene/home/car/set/mode"
        for number in range(5):
            said = len(topic).to_bytes(2, "big") + topic + b"fast"
            with socket.create_connection((HOST, port)) as client:
                client.sendall(bytes((0x10, 13)) + b"\0\4MQTT\4\2\0\x3c\0\1" + b"%d" % number)
                assert client.recv(4)[:2] == b"\x20\x02"
                client.sendall(bytes((0x30, len(said))) + said + b"\xe0\0")
                assert client.recv(1) == b"", "nobody asked for anything"
        heard = []
        until(lambda: heard.extend(mqtt.heard()) or len(heard) == 5, "all five")  # type: ignore[func-returns-value]
    finally:
        listener.disconnect()
        listener.loop_stop()
        mqtt.close()
        broker.stop()
