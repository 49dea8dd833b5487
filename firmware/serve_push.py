"""Serving meters that push or are asked over the network, on the very addresses a configuration names."""

import contextlib
import socket
import threading
from typing import Any

from drivers.mqtt_inbox import MqttInbox
from drivers.mqtt_link import Access
from drivers.speedwire import GROUP, PORT
from firmware.config.file import LineSpec
from sim.bank import Lock
from sim.network_meters import HttpDevice, MulticastSender
from sim.twins import NetworkTwin

TICK_S = 0.1


class Pusher:
    """All meters of one line; `place` says where. `close` ends it."""

    place = ""

    def close(self) -> None:
        raise NotImplementedError


def pusher(line: LineSpec, meters: "list[NetworkTwin]", lock: Lock) -> Pusher:
    """Raises OSError when the address is taken, or is none of this machine's."""
    if line.kind == "http":
        return Served(line, meters, lock)
    return Sent(line, meters, lock)


class Answers(dict[str, bytes]):
    """What the devices of a line say to a path; asking may tell one of them something."""

    def __init__(self, meters: "list[NetworkTwin]", lock: Lock) -> None:
        super().__init__()
        self._meters = meters
        self._lock = lock

    def get(self, path: str, default: Any = None) -> Any:
        with self._lock:
            said = [message for meter in self._meters if (message := meter.answer(path)) is not None]
        return said[0] if said else default

    def post(self, path: str, form: bytes) -> "bytes | None":
        with self._lock:
            said = [message for meter in self._meters if (message := meter.post(path, form.decode())) is not None]
        return said[0] if said else None


class Served(Pusher):
    """An HTTP device."""

    def __init__(self, line: LineSpec, meters: "list[NetworkTwin]", lock: Lock) -> None:
        options = line.options

        posted = Answers(meters, lock).post if any(meter.takes_forms for meter in meters) else None
        self._device = HttpDevice(options["host"], options["port"], lambda: Answers(meters, lock), options["user"],
                                  options["password"], posted)
        self.place = f"HTTP on {options['host']}:{self._device.port}"

    def close(self) -> None:
        self._device.close()


class Sent(Pusher):
    """Meters that send by themselves: datagrams to a group, or messages to a broker that must be there."""

    def __init__(self, line: LineSpec, meters: "list[NetworkTwin]", lock: Lock) -> None:
        self._lock = lock
        self._meters = meters
        self._broker: "MqttInbox | None" = None
        self._sender: "MulticastSender | None" = None
        self._waited_ms = [meter.sends_ms for meter in meters]
        self._heard_ms: "dict[str, int]" = {}
        if line.kind == "mqtt":
            options = line.options
            with contextlib.closing(socket.create_connection((options["host"], options["port"]), 3)):
                self.place = f"MQTT at {options['host']}:{options['port']}"
            self._broker = MqttInbox(Access(**options))
            self._broker.watch("hutschiene/none")  # connects
            for topic in {topic for meter in meters for topic in meter.listens()}:
                self._broker.watch(topic)
        else:
            self._sender = MulticastSender(GROUP, PORT, line.options["interface"])
            self.place = f"multicast {GROUP}:{PORT}"
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pusher", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stopping.set()
        self._thread.join()
        for each in (self._broker, self._sender):
            if each is not None:
                each.close()

    def _run(self) -> None:
        while not self._stopping.wait(TICK_S):
            for at, meter in enumerate(self._meters):
                self._hear(meter)
                self._waited_ms[at] += round(TICK_S * 1000)
                if self._waited_ms[at] >= meter.sends_ms:
                    self._waited_ms[at] = 0
                    with self._lock:
                        said = meter.said()
                    self._send(said)

    def _hear(self, meter: NetworkTwin) -> None:
        for topic in meter.listens() if self._broker is not None else ():
            assert self._broker is not None
            got = self._broker.newest(topic, self._heard_ms.get(topic, 0), 0)
            if got is not None:
                self._heard_ms[topic] = got[1]
                with self._lock:
                    said = meter.hear(topic, got[0].decode())
                self._send(said)

    def _send(self, said: "tuple[tuple[str, bytes], ...]") -> None:
        for name, message in said:
            if self._broker is not None:
                self._broker.publish(name, message.decode())
            elif self._sender is not None:
                with contextlib.suppress(OSError):  # no network: lost, as in life
                    self._sender.send(message)
