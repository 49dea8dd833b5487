"""The real mosquitto with the configuration we ship: who is let in, what each may do, and what a power cut costs."""

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
from paho.mqtt.client import Client, MQTTMessage, MQTTv5, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from drivers.mqtt import HANGS_UP, Mqtt
from drivers.mqtt_link import Access
from firmware.access.roles import COMMANDS, INSTALLER, NAMES

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "deploy" / "mosquitto"
MOSQUITTO = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin")
HOST = "127.0.0.1"
STATE = "hutschiene/home/car/state"
SET = "hutschiene/home/car/set/mode"
PLACE = "/etc/mosquitto/hutschiene"
ACCOUNTS = ("hutschiene", "homeassistant", "owner", "installer", "viewer", "meters")


def until(true: Callable[[], object], what: str, seconds: float = 20.0) -> None:
    end_s = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end_s, f"not within {seconds} s: {what}"
        time.sleep(0.02)


def free_ports(count: int) -> "list[int]":
    probes = [socket.create_server((HOST, 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def answers(port: int, host: str = HOST) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((host, port)) == 0


class Broker:
    """As Debian starts it, with our file in conf.d; only ports and folders are others, and it saves every second."""

    def __init__(self, folder: Path, accounts: Path, passwords: "dict[str, str]") -> None:
        self.folder, self.accounts, self.passwords = folder, accounts, passwords
        self.plain, self.tls, self.certificate, self.web = free_ports(4)
        ours = (SHIPPED / "hutschiene.conf").read_text().replace(PLACE, str(accounts))
        for old, new in (("1883", self.plain), ("8883", self.tls), ("8884", self.certificate), ("9001", self.web)):
            assert ours.count(f"listener {old}") == 1
            ours = ours.replace(f"listener {old}", f"listener {new}")
        assert ours.count("autosave_interval 60") == 1
        (folder / "conf.d").mkdir()
        (folder / "conf.d" / "hutschiene.conf").write_text(ours.replace("autosave_interval 60", "autosave_interval 1"))
        self._main = folder / "mosquitto.conf"
        self._main.write_text(f"user root\npid_file {folder}/pid\npersistence true\npersistence_location {folder}/\n"
                              f"log_dest file {folder}/log\ninclude_dir {folder}/conf.d\n")
        self.start()

    def start(self) -> None:
        assert MOSQUITTO is not None
        self.process = subprocess.Popen([MOSQUITTO, "-c", str(self._main)], stderr=subprocess.DEVNULL)
        until(lambda: answers(self.web) and answers(self.plain), "mosquitto listens")

    def stop(self, how: int = signal.SIGTERM) -> None:
        self.process.send_signal(how)
        self.process.wait(10)

    def access(self, account: str, **more: object) -> Access:
        return Access(HOST, **{"port": self.plain, "user": account,  # type: ignore[arg-type]
                               "password": self.passwords[account], **more})


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> "tuple[Path, dict[str, str]]":
    """What setup.sh makes, and the passwords it prints."""
    if MOSQUITTO is None or shutil.which("openssl") is None:
        assert "CI" not in os.environ, "mosquitto or openssl is missing"
        pytest.skip("mosquitto or openssl is not installed")
    folder = tmp_path_factory.mktemp("broker") / "accounts"
    said, again = (subprocess.run(["sh", SHIPPED / "setup.sh", folder, "broker.lan"], check=True, capture_output=True,
                                  text=True).stdout for _ in range(2))
    passwords = dict(line.split() for line in said.splitlines())
    assert (set(passwords), again) == (set(ACCOUNTS), "")
    assert not any(word in (folder / "passwords").read_text() for word in passwords.values())
    assert (folder / "ca.key").stat().st_mode & 0o077 == 0
    return folder, passwords


@pytest.fixture
def broker(tmp_path: Path, accounts: "tuple[Path, dict[str, str]]") -> "Iterator[Broker]":
    made = Broker(tmp_path, *accounts)
    yield made
    if made.process.poll() is None:
        made.stop()


class Somebody:
    """A client under an account of the house; every topic it is sent, and whether it was let in."""

    def __init__(self, broker: Broker, account: str, password: str = "", port: int = 0, transport: str = "tcp",
                 ca: "Path | None" = None, version: int = MQTTv311) -> None:
        self.told: "dict[str, str]" = {}
        self.code: "ReasonCode | None" = None
        self.published: "list[bool]" = []  # of each message, whether the broker took it (MQTT 5)
        self.client = Client(CallbackAPIVersion.VERSION2, protocol=version, transport=transport)  # type: ignore[arg-type]
        if account:
            self.client.username_pw_set(account, password or broker.passwords[account])
        if ca:
            self.client.tls_set(ca_certs=str(ca))
        self.client.on_connect = self._on_connect
        self.client.on_message = self._on_message
        self.client.on_publish = lambda _c, _d, _m, code, _p: self.published.append(not code.is_failure)
        self.client.connect(HOST, port or broker.plain)
        self.client.loop_start()
        until(lambda: self.code is not None, "the broker's answer")

    def _on_connect(self, client: Client, _: object, _flags: object, code: ReasonCode, _p: object) -> None:
        if not code.is_failure:
            client.subscribe("#", qos=1)
        self.code = code

    def _on_message(self, _client: Client, _: object, message: MQTTMessage) -> None:
        self.told[message.topic] = message.payload.decode()

    @property
    def let_in(self) -> bool:
        return self.code is not None and not self.code.is_failure

    def say(self, topic: str, payload: str, retain: bool = False) -> None:
        self.client.publish(topic, payload, 1, retain).wait_for_publish(10)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def somebody(broker: Broker) -> "Iterator[Callable[..., Somebody]]":
    made: "list[Somebody]" = []

    def make(account: str, password: str = "", **more: object) -> Somebody:
        made.append(Somebody(broker, account, password, **more))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def outbox() -> "Iterator[Callable[[Access], Mqtt]]":
    made: "list[Mqtt]" = []

    def make(access: Access) -> Mqtt:
        made.append(Mqtt(access, "home", ("hutschiene/home/+/set/+",)))
        made[-1].start()
        return made[-1]

    yield make
    for mqtt in made:
        mqtt.close()


def test_who_has_no_account_or_another_password_is_not_let_in(broker: Broker,
                                                              somebody: "Callable[..., Somebody]") -> None:
    ca = broker.accounts / "ca.crt"
    assert not somebody("").let_in
    assert not somebody("owner", "wrong").let_in
    assert not somebody("stranger", "wrong").let_in
    assert not somebody("owner", "wrong", port=broker.tls, ca=ca).let_in
    assert somebody("owner", port=broker.tls, ca=ca).let_in
    assert somebody("viewer", port=broker.web, ca=ca, transport="websockets").let_in
    assert not somebody("viewer", "wrong", port=broker.web, ca=ca, transport="websockets").let_in


def test_the_clear_listener_is_of_this_computer_alone(broker: Broker) -> None:
    assert answers(broker.plain)
    assert not answers(broker.plain, "127.0.0.2")
    assert answers(broker.tls, "127.0.0.2")


def test_each_role_may_do_its_own_and_nothing_else(broker: Broker, somebody: "Callable[..., Somebody]",
                                                   outbox: "Callable[[Access], Mqtt]") -> None:
    mqtt = outbox(broker.access("hutschiene"))
    mqtt.publish(STATE, "1")
    people = {name: somebody(name) for name in ("owner", "viewer", "homeassistant", "meters")}
    readers = [people[name] for name in ("owner", "viewer", "homeassistant")]
    until(lambda: all(one.told.get(STATE) == "1" for one in readers), "the state")
    assert people["meters"].told == {}
    for name in ("viewer", "meters", "owner", "homeassistant"):
        people[name].say(SET, name)
        people[name].say(STATE, "forged", retain=True)
        people[name].say("hutschiene/home/car/set/mode/result", "forged")
        people[name].say("elsewhere/topic", name, retain=True)
    people["meters"].say("tele/head/SENSOR", "{}")
    people["homeassistant"].say("homeassistant/status", "online")
    heard: "list[bytes]" = []
    until(lambda: heard.extend(one.payload for one in mqtt.heard()) or len(heard) == 2, "those who may")
    mqtt.publish(STATE, "2")
    until(lambda: people["viewer"].told[STATE] == "2", "what came after")
    assert heard == [b"owner", b"homeassistant"]
    assert set(people["viewer"].told) == {"hutschiene/home/status", STATE, SET}
    late = somebody("hutschiene")
    until(lambda: STATE in late.told, "what is retained")
    assert set(late.told) == {"hutschiene/home/status", STATE}


@pytest.mark.parametrize("name", [*NAMES, "homeassistant", "meters"])
def test_every_command_is_for_its_roles_alone(somebody: "Callable[..., Somebody]", name: str) -> None:
    """By the same table as over HTTP; Home Assistant shows the ceiling and so may set it."""
    client, role = somebody(name, version=MQTTv5), {**NAMES, "homeassistant": INSTALLER}.get(name, 0)
    for what in (*COMMANDS, "unheard_of"):
        for place in ("car", "site"):
            client.say(f"hutschiene/home/{place}/set/{what}", "default")
    until(lambda: len(client.published) == 2 * len(COMMANDS) + 2, "the answers")
    allowed = [role >= needed for needed in COMMANDS.values() for _ in range(2)]
    assert client.published[:-2] == allowed
    assert client.published[-2:] == [name == "homeassistant"] * 2


def test_a_foreign_topic_is_refused_by_name_in_mqtt_5(somebody: "Callable[..., Somebody]") -> None:
    viewer, owner = somebody("viewer", version=MQTTv5), somebody("owner", version=MQTTv5)
    for who in (viewer, owner):
        who.say(SET, "fast")
        who.say(STATE, "forged")
        who.say("elsewhere", "x")
    until(lambda: len(viewer.published) == len(owner.published) == 3, "the answers")
    assert (viewer.published, owner.published) == ([False] * 3, [True, False, False])


def test_what_the_broker_does_not_take_from_us_is_said_in_mqtt_5(broker: Broker,
                                                                 outbox: "Callable[[Access], Mqtt]") -> None:
    wrong_role = outbox(broker.access("viewer", version="5"))
    wrong_role.publish(STATE, "1")
    until(lambda: wrong_role.fault == "the broker refuses what is published: not authorized", "the fault in words")
    assert wrong_role.connected


@pytest.mark.parametrize("version", ["3.1.1", "5"])
def test_a_certificate_of_our_own_ca_is_an_account(broker: Broker, outbox: "Callable[[Access], Mqtt]", tmp_path: Path,
                                                   version: str) -> None:
    ca, cert = str(broker.accounts / "ca.crt"), str(broker.accounts / "hutschiene.crt")
    key = str(broker.accounts / "hutschiene.key")
    own = Access(HOST, broker.certificate, ca=ca, cert=cert, key=key, version=version)
    mqtt = outbox(own)
    mqtt.publish(STATE, "1")
    until(lambda: mqtt.connected and not mqtt.waiting(), "let in by its certificate")
    assert mqtt.fault == ""
    subprocess.run(["sh", SHIPPED / "setup.sh", tmp_path / "others"], check=True, stdout=subprocess.DEVNULL)
    strangers = tmp_path / "others" / "hutschiene"
    forged = outbox(own._replace(cert=f"{strangers}.crt", key=f"{strangers}.key"))
    without = outbox(own._replace(cert="", key=""))
    mistaken = outbox(own._replace(ca=str(tmp_path / "others" / "ca.crt")))
    until(lambda: "not trusted" in mistaken.fault, "another CA's broker is not trusted")
    until(lambda: forged.fault == without.fault == HANGS_UP, "another CA's certificate, and none")
    assert not any(one.connected for one in (forged, without, mistaken))


def test_a_certificate_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="ca = '/nowhere'"):
        Mqtt(Access(HOST, ca="/nowhere"), "home")
    (tmp_path / "c").write_text("no certificate")
    with pytest.raises(ValueError, match="cert = "):
        Mqtt(Access(HOST, cert=str(tmp_path / "c")), "home")


def test_a_power_cut_of_both_loses_no_retained_state(broker: Broker, somebody: "Callable[..., Somebody]") -> None:
    """kill -9 of the broker and of what publishes; also what others have retained is there again."""
    access = broker.access("hutschiene")
    program = ("import time; from drivers.mqtt import Mqtt; from drivers.mqtt_link import Access; "
               f"m = Mqtt(Access(*{tuple(access)!r}), 'home'); m.start(); "
               "[m.publish(f'hutschiene/home/d{i}/state', str(i)) for i in range(50)]; time.sleep(60)")
    publisher = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT)
    try:
        watcher, store = somebody("viewer"), broker.folder / "mosquitto.db"
        until(lambda: len(watcher.told) == 51, "everything is published")
        somebody("homeassistant").say("homeassistant/other/config", "others", retain=True)
        until(lambda: store.is_file() and b"others" in store.read_bytes(), "the broker has saved")
        broker.stop(signal.SIGKILL)
        publisher.kill()
        publisher.wait()
        broker.start()
        late = somebody("hutschiene")
        until(lambda: len(late.told) == 52, "all that was retained, from the disk alone")
        until(lambda: late.told["hutschiene/home/status"] == "online", "as it was")
        publisher = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT)
        broker.stop(signal.SIGKILL)
        (broker.folder / "mosquitto.db").unlink()  # the card has lost even that
        broker.start()
        again = somebody("viewer")
        until(lambda: len(again.told) == 51, "all of it, from Hutschiene")
    finally:
        publisher.kill()
        publisher.wait()
