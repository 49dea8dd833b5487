"""Notices on their way: a bounded queue, a thread of its own, tried again with growing pauses for a day.

Nothing here can hold up a decision: `send` returns at once, and what cannot be delivered is counted and given up. What
could not be delivered before the quiet hours waits for their end, unless it is critical: an internet that was away
comes back at four in the morning.
"""

import json
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from firmware.notices.services import Service
from firmware.notices.watcher import Notice

ROOT = Path(__file__).resolve().parents[2]
MOST_WAITING = 32
FIRST_S, LONGEST_S = 30.0, 3_600.0
GIVE_UP_S = 86_400.0
PROCESS_S = 90.0  # for all services together
STOP_S = 2.0
LOOK_S = 60.0  # whether the quiet hours are over
MQTT = Service("MQTT", "")
Say = Callable[[Notice], bool]


class Waiting:
    """A notice, and who has not got it yet."""

    def __init__(self, notice: Notice, left: "tuple[Service, ...]", now_s: float) -> None:
        self.notice, self.left = notice, left
        self.begun_s = self.due_s = now_s
        self.pause_s = FIRST_S

    def wakes(self) -> bool:
        """Whether people may be woken by it."""
        return self.notice.critical and not self.notice.well


class Sender:
    """`fault`: why the newest try was not taken by all, "" when it was. `say`: over MQTT; whether that was possible.
    `quiet`: whether these are quiet hours."""

    def __init__(self, services: "tuple[Service, ...]", say: "Say | None" = None,
                 now_s: "Callable[[], float]" = time.monotonic, quiet: "Callable[[], bool]" = lambda: False) -> None:
        self.fault = ""
        self.lost = 0
        self._to = services + ((MQTT,) if say else ())
        self._say = say
        self._now_s = now_s
        self._quiet = quiet
        self._waiting: "deque[Waiting]" = deque()
        self._changed = threading.Condition()
        self._stopping = False
        self._process: "subprocess.Popen[str] | None" = None
        self._thread = threading.Thread(target=self._run, name="notices", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def send(self, notice: Notice) -> None:
        """Returns at once; of too many the oldest is given up."""
        with self._changed:
            if len(self._waiting) >= MOST_WAITING:
                self._waiting.popleft()
                self.lost += 1
            self._waiting.append(Waiting(notice, self._to, self._now_s()))
            self._changed.notify()

    def idle(self) -> bool:
        """Whether everything has been delivered or given up."""
        with self._changed:
            return not self._waiting

    def stop(self) -> None:
        with self._changed:
            self._stopping = True
            if self._process is not None:
                self._process.kill()
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(STOP_S)

    def turn(self) -> "float | None":
        """Tries what is due, the oldest first; seconds until the next is, None when nothing waits."""
        with self._changed:
            due = self._due()
        for one in due:
            self._try(one)
        with self._changed:
            self._waiting = deque(one for one in self._waiting if one.left)
            if not self._waiting:
                return None
            quiet = self._quiet()
            due_s = [one.due_s for one in self._waiting if not quiet or one.wakes()]
            until_s = max(min(due_s) - self._now_s(), 0.0) if due_s else LOOK_S
            return min(until_s, LOOK_S) if quiet else until_s

    def _due(self) -> "list[Waiting]":
        quiet = self._quiet()
        return [one for one in self._waiting if one.due_s <= self._now_s() and (not quiet or one.wakes())]

    def _run(self) -> None:
        while not self._stopping:
            wait_s = self.turn()
            with self._changed:
                if not self._stopping and not self._due():
                    self._changed.wait(wait_s)

    def _try(self, one: Waiting) -> None:
        failed = tuple((service, why) for service, why in zip(one.left, self._told(one)) if why)
        self.fault = "; ".join(f"{service.name}: {why}" for service, why in failed)
        one.left = tuple(service for service, _ in failed)
        if self._now_s() - one.begun_s >= GIVE_UP_S and one.left:
            self.lost += 1
            one.left = ()
        one.due_s = self._now_s() + one.pause_s
        one.pause_s = min(2 * one.pause_s, LONGEST_S)

    def _told(self, one: Waiting) -> "tuple[str, ...]":
        """For each service that is left "" or why not."""
        urls = [service.url for service in one.left if service != MQTT]
        whys = iter(self._posted(one.notice, urls) if urls else ())
        return tuple(self._over_mqtt(one.notice) if service == MQTT else next(whys) for service in one.left)

    def _over_mqtt(self, notice: Notice) -> str:
        return "" if self._say is not None and self._say(notice) else "no connection to the broker"

    def _posted(self, notice: Notice, urls: "list[str]") -> "list[str]":
        asked = json.dumps({"urls": urls, **notice._asdict()})
        with self._changed:
            if self._stopping:
                return ["stopped"] * len(urls)
            self._process = subprocess.Popen(
                [sys.executable, "-m", "firmware.notices.post"], cwd=ROOT, stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            said = json.loads(self._process.communicate(asked, PROCESS_S)[0])
            return [str(why) for why in said] if len(said) == len(urls) else ["no answer"] * len(urls)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
            return [f"no answer within {PROCESS_S:.0f} s"] * len(urls)
        except (ValueError, OSError) as error:
            return [f"not sent: {type(error).__name__}"] * len(urls)
        finally:
            self._process = None
