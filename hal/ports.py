"""What the product asks of the world. Each port has a real and a simulated implementation."""

from hal.times import TimeNow
from hal.values import Reading, Setpoint

LONG_AGO_MS = -(1 << 61)


class Bus:
    """A Modbus master on one line. Words are unsigned 16 bit, bits are 0 or 1.

    Every call ends within a bounded time, with the whole answer to this request or a DeviceError.
    """

    def read(self, unit: int, function: int, address: int, count: int) -> "tuple[int, ...]":
        """Functions 1 and 2 (bits), 3 and 4 (words); exactly `count` of them."""
        raise NotImplementedError

    def write(self, unit: int, function: int, address: int, values: "tuple[int, ...]") -> None:
        """Functions 5 and 6 (one value), 15 and 16 (several); returns once the device confirmed it."""
        raise NotImplementedError


class Meter:
    """A device that measures."""

    quick_ms = 0  # it may be asked so often while its line has nothing else to do; 0 = only at its period
    retry_ms = 0  # looking whether it is there again costs nothing and may be done so often; 0 = as its line does

    def read(self, now_ms: int) -> Reading:
        """Everything due now in one Reading; raises DeviceError, never returns an old value."""
        raise NotImplementedError


class Load(Meter):
    """A device that also obeys."""

    def arm(self) -> None:
        """Arms the device's own fail-safe and reads it back; after start and after each silence."""
        raise NotImplementedError

    def apply(self, setpoint: Setpoint) -> None:
        """Writes and reads back; DeviceError(REFUSED) when the device did not keep it."""
        raise NotImplementedError

    def release(self) -> None:
        """Leaves the device on its fallback: at boot, at stop, and when a lease has lapsed."""
        raise NotImplementedError


class Relays:
    """Potential-free contacts that close together."""

    def set(self, closed: "tuple[bool, ...]") -> None:
        raise NotImplementedError

    def get(self) -> "tuple[bool, ...]":
        raise NotImplementedError


class Contacts:
    """Potential-free contacts that others close."""

    def closed(self) -> "tuple[bool, ...]":
        """How they stand just now, bouncing included; raises DeviceError when the pins cannot be had."""
        raise NotImplementedError

    def close(self) -> None:
        """Gives the pins back."""
        raise NotImplementedError


class Pulses:
    """A pin that is on for a part of each period, over and over."""

    def set(self, on_ms: int) -> None:
        """0 for never, its period for always."""
        raise NotImplementedError

    def get(self) -> int:
        raise NotImplementedError


class Board:
    """The pins of a computer, by their BCM number."""

    def relays(self, pins: "tuple[int, ...]", active_high: bool) -> Relays:
        """`active_high`: a high pin closes the relay."""
        raise NotImplementedError

    def contacts(self, pins: "tuple[int, ...]", to_ground: "tuple[bool, ...]") -> Contacts:
        """`to_ground`: it closes to ground and its pin is pulled up; else to 3.3 V, and down."""
        raise NotImplementedError

    def pulses(self, pin: int, active_high: bool, period_ms: int) -> Pulses:
        raise NotImplementedError


class Clock:
    """Monotonic milliseconds, and a bounded wait."""

    def now_ms(self) -> int:
        raise NotImplementedError

    def sleep_ms(self, duration_ms: int) -> None:
        raise NotImplementedError


class TimeService:
    """The time of day, and what keeps it right."""

    def read(self) -> TimeNow:
        """Never blocks and never raises; without an answer from the service the time is not synced."""
        raise NotImplementedError


class Watchdog:
    """Whoever restarts us when `feed` stays away."""

    def feed(self) -> None:
        raise NotImplementedError


class Outbox:
    """Where state leaves as retained (topic, payload) pairs: the broker, the page."""

    def publish(self, topic: str, payload: str) -> None:
        """Never blocks and never raises; the newest payload of a topic wins."""
        raise NotImplementedError


class Stream:
    """Bytes that a device sends by itself (optical head)."""

    def read(self, most: int, wait_ms: int) -> bytes:
        """What has arrived, at most `most` bytes, after waiting at most `wait_ms`; b"" for silence.

        Raises DeviceError(TIMEOUT) when the line itself is gone (adapter unplugged).
        """
        raise NotImplementedError


class Dialogue(Stream):
    """A serial stream one can also talk on, at a rate that is agreed on the way (IEC 62056-21)."""

    def write(self, data: bytes) -> None:
        """Returns once it is sent; raises DeviceError(TIMEOUT) when the line is gone."""
        raise NotImplementedError

    def set_baud(self, baud: int) -> None:
        """From now on; what was sent before has gone out at the old rate."""
        raise NotImplementedError


class Inbox:
    """Messages that others send when they like (MQTT, multicast): the newest of each name that is watched."""

    def watch(self, name: str) -> None:
        """Keeps the messages of this name from now on."""
        raise NotImplementedError

    def keep(self, name: str) -> None:
        """As watch, and what was said before we listened counts too, as said LONG_AGO_MS: it stands till it changes."""
        raise NotImplementedError

    def split(self, name: str, into: "object") -> None:
        """What comes under this name counts as the messages that `into(name, message)` makes of it: (name, message)."""
        raise NotImplementedError

    def newest(self, name: str, after_ms: int, wait_ms: int) -> "tuple[bytes, int] | None":
        """(message, when it came) of the newest that came after `after_ms`, waiting for one at most `wait_ms`."""
        raise NotImplementedError

    def tell(self, name: str, message: str) -> None:
        """Once, to whoever listens now, and not kept; DeviceError(TIMEOUT) while nobody can be reached."""
        raise NotImplementedError


class Talk:
    """Short texts back and forth with several devices on one network, each by its address."""

    def ask(self, host: str, words: str, fits: "object") -> str:
        """Says `words`, and returns the first text of that device with fits(text), within a bounded time, or
        DeviceError(TIMEOUT). What else it says meanwhile, and by itself, is kept for `told`."""
        raise NotImplementedError

    def told(self, host: str) -> "tuple[str, ...]":
        """What it has said unasked since this was last called, oldest first; the newest few of it."""
        raise NotImplementedError


class Web:
    """Documents of one device on the network."""

    def get(self, path: str) -> bytes:
        """The whole answer within a bounded time and size; DeviceError(TIMEOUT), or REFUSED for any other status."""
        raise NotImplementedError

    def post(self, path: str, form: str) -> bytes:
        """The same, with a form that is sent: "data=..."; with text that begins with { it is sent as JSON."""
        raise NotImplementedError

    def put(self, path: str, form: str) -> bytes:
        """As post."""
        raise NotImplementedError
