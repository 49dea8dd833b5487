"""Charge points that call us, as a driver sees them: each has a desk where what it tells is kept, and can be asked."""

from typing import Any

from drivers.ocpp_desk import Desk

ANSWER_MS = 5_000  # makers' stations answer within one or two seconds


class Stations:
    """Of one port. Real: drivers.ocpp_server; simulated: firmware.simulated.ocpp."""

    def desk(self, station: str) -> Desk:
        """The same for each of its connectors; from now on the station is let in."""
        raise NotImplementedError

    def open(self) -> None:
        """Begins to listen, where it does not yet; never raises and never waits."""
        raise NotImplementedError

    def ask(self, station: str, action: str, payload: "dict[str, Any]") -> "dict[str, Any]":
        """Its answer, within ANSWER_MS.

        Raises DeviceError: TIMEOUT without one, REFUSED when it says no, FRAME when it breaks the standard.
        """
        raise NotImplementedError

    def utc_ms(self) -> int:
        raise NotImplementedError
