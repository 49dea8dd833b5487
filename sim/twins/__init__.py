"""Twins: simulated devices that serve the register tables their drivers read.

`sim/twins/NAME.py` is the twin of `drivers/NAME.py`: `build(registers, part, options) -> Twin`, with the
unit's Registers (or the board's Pins), the physical part behind it and the driver's own options. `tick`
carries time: physics to registers, commands to physics, and the device's own fail-safe timer.
"""

from hal.values import unplaced
from sim.bank import DEVICE_FAILURE, Refused, Registers
from sim.part import Point


class Twin:
    """A simulated device. `power_cycle` is a power cut of no length: volatile settings are gone."""

    most_clients = 0  # TCP connections it keeps at once; 0 = any number
    frozen = False  # tells for ever what it last told, as a meter does whose display processor hangs

    def tick(self, now_ms: int) -> None:
        raise NotImplementedError

    def power_cycle(self) -> None:
        """Nothing to forget, unless a subclass says so."""


class NetworkTwin(Twin):
    """One that is asked over HTTP, or says things over MQTT: by path or topic."""

    sends_ms = 1_000
    takes_forms = False
    now_ms = 0

    def answer(self, path: str) -> "bytes | None":
        """What it says to whoever asks for this path; asking may also tell it something."""
        return None

    def post(self, path: str, form: str) -> "bytes | None":
        """What it says to a form; None where it takes none."""
        return None

    def listens(self) -> "tuple[str, ...]":
        """Topics whose messages are for it."""
        return ()

    def hear(self, topic: str, message: str) -> "tuple[tuple[str, bytes], ...]":
        """A message that was published for it; and what it says to that, at once."""
        return ()

    def said(self) -> "tuple[tuple[str, bytes], ...]":
        """What it says by itself about this instant."""
        return ()


class RegisterTwin(Twin):
    """Its own attributes are the truth; `_show` puts them into the registers, `_take` gets what was written."""

    def __init__(self, registers: Registers) -> None:
        self.registers = registers
        self.now_ms = 0
        self._shown = True  # whoever builds a twin shows it
        self.refuse_writes = False  # answers every write with exception 4
        self.ignore_writes = False  # confirms every write and keeps nothing
        registers.on_read(self._asked)
        registers.on_write(self._told)

    def tick(self, now_ms: int) -> None:
        self.now_ms = now_ms
        self._live()
        self._shown = self.frozen  # else shown anew, but only if somebody asks before the next tick

    def _live(self) -> None:
        """The device's own timers and what they do to the part."""

    def _show(self) -> None:
        """Puts the device's state into its registers."""
        raise NotImplementedError

    def _asked(self, function: int, address: int, count: int) -> None:
        """Before a master reads; a subclass may raise Refused, or DeviceError(TIMEOUT) for silence."""
        if not self._shown:
            self._show()
            self._shown = True

    def _take(self, address: int, value: int) -> None:
        """One word from a master; raises Refused for what the device does not take."""
        raise Refused(2)

    def _told(self, function: int, address: int, values: "tuple[int, ...]") -> None:
        if self.refuse_writes:
            raise Refused(DEVICE_FAILURE)
        if not self.ignore_writes:
            for offset, value in enumerate(values):
                self._take(address + offset, value)
        self._shown = False  # what it made of it shows when it is asked


def wired(options: "dict[str, object]") -> "tuple[int, ...]":
    """The grid phase of each of the device's own conductors."""
    phases = options["phases"]
    assert isinstance(phases, tuple)
    return phases


def three(values: "tuple[int, ...]") -> "tuple[int, ...]":
    """The wired conductors' values in a device that has registers for three."""
    return (values + (0, 0, 0))[:3]


def own_mv(part: Point, phases: "tuple[int, ...]") -> "tuple[int, ...]":
    return three(unplaced(part.voltage_mv, phases))


def own_ma(part: Point, phases: "tuple[int, ...]") -> "tuple[int, ...]":
    return three(unplaced(part.flow_ma, phases))


def own_w(part: Point, phases: "tuple[int, ...]") -> "tuple[int, ...]":
    return three(unplaced(part.power_w, phases))
