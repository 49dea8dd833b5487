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

from drivers.mqtt import MOST_TOPICS, Mqtt
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
        made.append(Mqtt(HOST, port, "home", **options))  # type: ignore[arg-type]
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
    program = (f"from drivers.mqtt import Mqtt; import time; m = Mqtt('{HOST}', {broker.port}, 'home'); m.start(); "
               "time.sleep(60)")
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
    mqtt = Mqtt(HOST, broker.port, "home")
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
    until(lambda: mqtt.fault == "no answer from the broker", "the first attempt failed")
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
        until(lambda: strict.fault == "no answer from the broker", "refused without it")
        assert not strict.connected
    finally:
        broker.stop()


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
