"""The carrying gateway beside a house: whatever becomes of its folder, the house goes on."""

import threading

from firmware.carrying.carrier import Carrier
from firmware.config.carry import CarryFile
from firmware.errors import UserError

AGAIN_S = 60.0  # until the folder is tried again
STOP_S = 10.0  # for what it keeps to reach the disk


class Beside:
    """From `start` to `stop`, in a thread of its own."""

    def __init__(self, file: CarryFile, again_s: float = AGAIN_S) -> None:
        self._file = file
        self._again_s = again_s
        self._why = ""
        self._carrier: "Carrier | None" = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="carry", daemon=True)

    @property
    def fault(self) -> str:
        """Why nothing is kept, "" while it is."""
        carrier = self._carrier
        return self._why if carrier is None else carrier.carry.fault

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._carrier is not None:
            self._carrier.stop()
        self._thread.join(STOP_S)

    def _run(self) -> None:
        while self._carrier is None:
            try:
                self._carrier = Carrier(self._file)
            except UserError as error:
                self._why = str(error)
                if self._stopping.wait(self._again_s):
                    return
        if self._stopping.is_set():  # while the folder was opened
            self._carrier.stop()
        self._carrier.run()
