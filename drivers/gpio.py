"""Relays and contacts on the pins of a Raspberry Pi; the one home of gpiozero.

The pins are taken at first use, open. They are opened again when the relays are closed as a device and when
the process ends in order. After a crash a pin keeps its level: only a watchdog relay opens the load then.
"""

import atexit

from gpiozero import DigitalInputDevice, OutputDevice, PWMOutputDevice
from gpiozero.exc import GPIOZeroError

from hal.faults import REFUSED, TIMEOUT, DeviceError
from hal.ports import Board, Contacts, Pulses, Relays


class PinRelays(Relays):
    """`pins` by their BCM number; `active_high`: a high pin closes the relay."""

    def __init__(self, pins: "tuple[int, ...]", active_high: bool) -> None:
        self._pins = pins
        self._active_high = active_high
        self._outputs: "list[OutputDevice]" = []

    def set(self, closed: "tuple[bool, ...]") -> None:
        assert len(closed) == len(self._pins)
        outputs = self._taken()
        try:
            for output, on in sorted(zip(outputs, closed), key=lambda pair: pair[1]):  # opens before it closes
                output.value = on
        except (GPIOZeroError, OSError) as error:
            raise DeviceError(REFUSED, str(error)) from error

    def get(self) -> "tuple[bool, ...]":
        try:
            return tuple(bool(output.value) for output in self._taken())
        except (GPIOZeroError, OSError) as error:
            raise DeviceError(REFUSED, str(error)) from error

    def close(self) -> None:
        """Opens the relays and gives the pins back."""
        outputs, self._outputs = self._outputs, []
        atexit.unregister(self.close)
        for output in outputs:
            output.off()
        for output in outputs:
            output.close()

    def _taken(self) -> "list[OutputDevice]":
        if not self._outputs:
            taken: "list[OutputDevice]" = []
            try:
                for pin in self._pins:
                    taken.append(OutputDevice(pin, active_high=self._active_high, initial_value=False))
            except (GPIOZeroError, OSError) as error:
                for output in taken:
                    output.close()
                raise DeviceError(TIMEOUT, "GPIO %s: %s" % (self._pins, error)) from error
            self._outputs = taken
            atexit.register(self.close)  # runs before gpiozero's own, which only lets go of the pins
        return self._outputs


class PinContacts(Contacts):
    """`pins` by their BCM number; `to_ground`: it closes to ground and the pin is pulled up, else the reverse."""

    def __init__(self, pins: "tuple[int, ...]", to_ground: "tuple[bool, ...]") -> None:
        assert len(pins) == len(to_ground)
        self._pins = pins
        self._to_ground = to_ground
        self._inputs: "list[DigitalInputDevice]" = []

    def closed(self) -> "tuple[bool, ...]":
        try:
            return tuple(bool(one.value) for one in self._taken())
        except (GPIOZeroError, OSError) as error:
            raise DeviceError(TIMEOUT, "GPIO %s: %s" % (self._pins, error)) from error

    def close(self) -> None:
        inputs, self._inputs = self._inputs, []
        for one in inputs:
            one.close()

    def _taken(self) -> "list[DigitalInputDevice]":
        if not self._inputs:
            taken: "list[DigitalInputDevice]" = []
            try:
                for pin, to_ground in zip(self._pins, self._to_ground):
                    taken.append(DigitalInputDevice(pin, pull_up=to_ground))
            except (GPIOZeroError, OSError):
                for one in taken:
                    one.close()
                raise
            self._inputs = taken
        return self._inputs


class PinPulses(Pulses):
    """By gpiozero's pulse-width modulation, which its library does by itself, in this process."""

    def __init__(self, pin: int, active_high: bool, period_ms: int) -> None:
        self._pin = pin
        self._active_high = active_high
        self._period_ms = period_ms
        self._output: "PWMOutputDevice | None" = None

    def set(self, on_ms: int) -> None:
        output = self._taken()
        try:
            output.value = on_ms / self._period_ms
        except (GPIOZeroError, OSError, ValueError) as error:
            raise DeviceError(REFUSED, str(error)) from error

    def get(self) -> int:
        return int(self._taken().value * self._period_ms + 0.5)

    def close(self) -> None:
        """Lets nothing through and gives the pin back."""
        output, self._output = self._output, None
        atexit.unregister(self.close)
        if output is not None:
            output.off()
            output.close()

    def _taken(self) -> PWMOutputDevice:
        if self._output is None:
            try:
                self._output = PWMOutputDevice(self._pin, active_high=self._active_high, initial_value=0,
                                               frequency=1_000 / self._period_ms)
            except (GPIOZeroError, OSError) as error:
                raise DeviceError(TIMEOUT, "GPIO %d: %s" % (self._pin, error)) from error
            atexit.register(self.close)
        return self._output


class Pins(Board):
    """The port of a line of the kind "gpio"."""

    def relays(self, pins: "tuple[int, ...]", active_high: bool) -> Relays:
        return PinRelays(pins, active_high)

    def contacts(self, pins: "tuple[int, ...]", to_ground: "tuple[bool, ...]") -> Contacts:
        return PinContacts(pins, to_ground)

    def pulses(self, pin: int, active_high: bool, period_ms: int) -> Pulses:
        return PinPulses(pin, active_high, period_ms)
