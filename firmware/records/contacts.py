"""Readings asked for by a contact: a key switch, an operator's relay, a cable that is plugged in.

Looked at every 20 ms in a thread of its own. A contact that is bouncing or catches a surge tells nothing: it counts
once it has stood for `hold_ms`, and then from the instant at which it began to. As found at start it asks for no
reading; but a transaction that began or ended while nobody looked begins or ends then, and says so.
"""

import threading
from collections.abc import Callable
from typing import NamedTuple

from drivers.deglitch import Deglitch
from firmware.records.events import BEGIN, END, READING, Ask
from hal.faults import DeviceError
from hal.ports import Contacts

LOOK_S = 0.02
RETRY_S = 30.0  # while the pins cannot be had
STOP_S = 2.0
FOUND = ", as found at start"
SESSION = "session"  # closing begins a transaction, opening ends it


class Contact(NamedTuple):
    """`what`: READING, each time it closes, or SESSION."""

    name: str
    meter: str
    what: str
    hold_ms: int
    source: str = ""
    text: str = ""
    external: str = ""
    group: str = ""
    register: str = ""


class Watch:
    """`tell` from its own thread; `fault` says why nobody looks, "" while somebody does."""

    def __init__(self, contacts: "tuple[Contact, ...]", port: Contacts, now_ms: "Callable[[], int]",
                 tell: "Callable[[Ask], str]") -> None:
        self.fault = ""
        self._contacts = contacts
        self._port = port
        self._now_ms = now_ms
        self._tell = tell
        self._judges = tuple(Deglitch(contact.hold_ms) for contact in contacts)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="contacts", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(STOP_S)
        self._port.close()

    def look(self) -> None:
        """Raises DeviceError."""
        now_ms = self._now_ms()
        for contact, judge, closed in zip(self._contacts, self._judges, self._port.closed()):
            first = judge.stands is None
            stands = judge.look(closed, now_ms)
            if stands is not None and (contact.what == SESSION or stands[0]):
                self._tell(_ask(contact, *stands))
            elif first and judge.stands is not None and contact.what == SESSION:
                self._tell(_ask(contact, judge.stands, now_ms, found=True))

    def _run(self) -> None:
        wait_s = LOOK_S
        while not self._stopping.wait(wait_s):
            try:
                self.look()
                self.fault, wait_s = "", LOOK_S
            except DeviceError as error:
                self.fault, wait_s = f"contacts: {error.detail}", RETRY_S
                for judge in self._judges:
                    judge.lost()


def _ask(contact: Contact, closed: bool, at_ms: int, found: bool = False) -> Ask:
    what = READING if contact.what == READING else BEGIN if closed else END
    text = contact.text or f"contact {contact.name} {'closed' if closed else 'opened'}"
    return Ask(what, contact.meter, at_ms, contact.source or contact.name, text + (FOUND if found else ""),
               contact.external, contact.group, register="" if what == END else contact.register, found=found)
