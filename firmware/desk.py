"""Where what the page's people set waits for the next decision, which judges it as it judges what the broker brings."""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import NamedTuple

from drivers.mqtt import Message

MOST_WAITING = 32


class Full(Exception):
    """Too many wait already."""


class Order(NamedTuple):
    message: Message
    by: str
    answer: "Future[str]"  # the payload that the broker gets as `.../result` too


class Desk:
    """`wake` lets the next decision come at once."""

    def __init__(self, wake: "Callable[[], None]") -> None:
        self._wake = wake
        self._waiting: "deque[Order]" = deque()
        self._lock = threading.Lock()

    def order(self, topic: str, payload: bytes, by: str) -> "Future[str]":
        """Raises Full. What is cancelled before its turn is not carried out."""
        answer: "Future[str]" = Future()
        with self._lock:
            self._waiting = deque(one for one in self._waiting if not one.answer.cancelled())
            if len(self._waiting) >= MOST_WAITING:
                raise Full
            self._waiting.append(Order(Message(topic, payload, False), by, answer))
        self._wake()
        return answer

    def taken(self) -> "tuple[Order, ...]":
        """What has come since, oldest first, without what has been given up."""
        with self._lock:
            orders, self._waiting = tuple(self._waiting), deque()
        return tuple(one for one in orders if one.answer.set_running_or_notify_cancel())
