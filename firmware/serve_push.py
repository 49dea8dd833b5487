"""Serving meters that push or are asked over the network, on the very addresses a configuration names."""

import contextlib
import socket
import threading

from drivers.mqtt_inbox import MqttInbox
from drivers.mqtt_link import Access
from drivers.speedwire import GROUP, PORT
from firmware.config import LineSpec
from firmware.simulated_push import PushedTwin
from sim.bank import Lock
from sim.network_meters import HttpDevice, MulticastSender

TICK_S = 0.1


class Pusher:
    """All meters of one line; `place` says where. `close` ends it."""

    place = ""

    def close(self) -> None:
        raise NotImplementedError


def pusher(line: LineSpec, meters: "list[PushedTwin]", lock: Lock) -> Pusher:
    """Raises OSError when the address is taken, or is none of this machine's."""
    if line.kind == "http":
        return Served(line, meters, lock)
    return Sent(line, meters, lock)


class Served(Pusher):
    """An HTTP device."""

    def __init__(self, line: LineSpec, meters: "list[PushedTwin]", lock: Lock) -> None:
        options = line.options

        def documents() -> "dict[str, bytes]":
            with lock:
                return {path: message for meter in meters for path, message in meter.said()}

        self._device = HttpDevice(options["host"], options["port"], documents, options["user"], options["password"])
        self.place = f"HTTP on {options['host']}:{self._device.port}"

    def close(self) -> None:
        self._device.close()


class Sent(Pusher):
    """Meters that send by themselves: datagrams to a group, or messages to a broker that must be there."""

    def __init__(self, line: LineSpec, meters: "list[PushedTwin]", lock: Lock) -> None:
        self._lock = lock
        self._meters = meters
        self._broker: "MqttInbox | None" = None
        self._sender: "MulticastSender | None" = None
        self._waited_ms = [meter.sends_ms for meter in meters]
        if line.kind == "mqtt":
            options = line.options
            with contextlib.closing(socket.create_connection((options["host"], options["port"]), 3)):
                self.place = f"MQTT at {options['host']}:{options['port']}"
            self._broker = MqttInbox(Access(**options))
            self._broker.watch("hutschiene/none")  # connects
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
                self._waited_ms[at] += round(TICK_S * 1000)
                if self._waited_ms[at] >= meter.sends_ms:
                    self._waited_ms[at] = 0
                    with self._lock:
                        said = meter.said()
                    self._send(said)

    def _send(self, said: "tuple[tuple[str, bytes], ...]") -> None:
        for name, message in said:
            if self._broker is not None:
                self._broker.publish(name, message.decode())
            elif self._sender is not None:
                with contextlib.suppress(OSError):  # no network: lost, as in life
                    self._sender.send(message)
