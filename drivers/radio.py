"""What is heard on the air, for whoever listens: each frame, opened down to its name.

No I/O and no thread: drivers.radio_port carries the bytes here.
"""

from drivers.mbus_telegram import MBusError, of_radio
from drivers.wmbus_stick import Stick

MOST_LISTENERS = 65  # a configuration has at most 64 devices


class Radio:
    """The port of drivers.oms_meter. `fault` says in words why nothing can be heard, "" while all is well."""

    def __init__(self, stick: Stick) -> None:
        self.stick = stick
        self.fault = ""
        self.heard = 0  # frames of any meter
        self.foreign = 0  # frames that are no telegram of the standard
        self._listeners: list = []  # type: ignore[type-arg]  # Callable has no name on a board

    def start(self) -> None:
        """Begins to listen, if it does not yet; for a port that has to be opened."""

    def every(self, listener: "object") -> None:
        """`listener(t_ms, heard, telegram)` for each frame, in the order they come; on the thread that listens."""
        assert len(self._listeners) < MOST_LISTENERS
        self._listeners.append(listener)

    def take(self, data: bytes, t_ms: int) -> None:
        """Bytes of the stick; none: the line was silent for a while."""
        if not data:
            self.stick.pause()
        for heard in self.stick.feed(data):
            self.heard += 1
            try:
                telegram = of_radio(heard.frame)
            except MBusError:
                self.foreign += 1
                continue
            for listener in self._listeners:
                listener(t_ms, heard, telegram)
