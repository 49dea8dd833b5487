"""The pins of a simulated board: relays and contacts for the drivers, levels for the devices wired to them."""

from hal.faults import TIMEOUT, DeviceError
from hal.ports import Board, Contacts, Pulses, Relays


class Pins(Board):
    """A pin that nobody has taken yet floats (None), and so does every pin after a power cut."""

    def __init__(self) -> None:
        self._high: "dict[int, bool]" = {}
        self._pulsed: "dict[int, tuple[int, int]]" = {}  # pin: on and period
        self.stuck: "set[int]" = set()  # pins that keep their level whatever they are told
        self.gone = False  # the board does not answer

    def relays(self, pins: "tuple[int, ...]", active_high: bool) -> Relays:
        return PinRelays(self, pins, active_high)

    def contacts(self, pins: "tuple[int, ...]", to_ground: "tuple[bool, ...]") -> Contacts:
        """Others close them by driving their pin to ground or high; one that nobody drives is pulled the other way."""
        return PinContacts(self, pins, to_ground)

    def pulses(self, pin: int, active_high: bool, period_ms: int) -> Pulses:
        return PinPulses(self, pin, period_ms)

    def pulse(self, pin: int, on_ms: "int | None", period_ms: int) -> int:
        """How long it is on in each period; `on_ms` sets it."""
        if self.gone:
            raise DeviceError(TIMEOUT, "no pins")
        if on_ms is not None and pin not in self.stuck:
            self._pulsed[pin] = on_ms, period_ms
        return self._pulsed.get(pin, (0, period_ms))[0]

    def on_between(self, pin: int, from_ms: int, to_ms: int) -> int:
        """Milliseconds for which a pulsing pin was on; periods begin with time itself."""
        on_ms, period_ms = self._pulsed.get(pin, (0, 1))

        def until(t_ms: int) -> int:
            return t_ms // period_ms * on_ms + min(t_ms % period_ms, on_ms)

        return until(to_ms) - until(from_ms)

    def drive(self, pin: int, high: bool) -> None:
        if self.gone:
            raise DeviceError(TIMEOUT, "no pins")
        if pin not in self.stuck or pin not in self._high:
            self._high[pin] = high

    def let_go(self, pin: int) -> None:
        """Whoever drove it does so no more."""
        if pin not in self.stuck:
            self._high.pop(pin, None)

    def level(self, pin: int) -> "bool | None":
        if self.gone:
            raise DeviceError(TIMEOUT, "no pins")
        return self._high.get(pin)

    def closed(self, pin: int, active_high: bool) -> bool:
        """Whether the relay or contact on it is closed; on a floating pin it is open."""
        if self.gone:
            raise DeviceError(TIMEOUT, "no pins")
        return self._high.get(pin) is active_high

    def power_cycle(self) -> None:
        self._high, self._pulsed = {}, {}


class PinPulses(Pulses):
    def __init__(self, board: Pins, pin: int, period_ms: int) -> None:
        self._board = board
        self._pin = pin
        self._period_ms = period_ms

    def set(self, on_ms: int) -> None:
        self._board.pulse(self._pin, on_ms, self._period_ms)

    def get(self) -> int:
        return self._board.pulse(self._pin, None, self._period_ms)


class PinRelays(Relays):
    def __init__(self, board: Pins, pins: "tuple[int, ...]", active_high: bool) -> None:
        self._board = board
        self._pins = pins
        self._active_high = active_high

    def set(self, closed: "tuple[bool, ...]") -> None:
        assert len(closed) == len(self._pins)
        for pin, on in zip(self._pins, closed):
            self._board.drive(pin, on is self._active_high)

    def get(self) -> "tuple[bool, ...]":
        """Takes the pins that are free yet, open."""
        for pin in self._pins:
            if self._board.level(pin) is None:
                self._board.drive(pin, not self._active_high)
        return tuple(self._board.closed(pin, self._active_high) for pin in self._pins)


class PinContacts(Contacts):
    def __init__(self, board: Pins, pins: "tuple[int, ...]", to_ground: "tuple[bool, ...]") -> None:
        self._board = board
        self._wired = tuple(zip(pins, to_ground))

    def closed(self) -> "tuple[bool, ...]":
        return tuple(self._board.closed(pin, not to_ground) for pin, to_ground in self._wired)

    def close(self) -> None:
        pass
