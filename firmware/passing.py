"""What is set on a page without a decision of its own: passed on to the site's set topic, answered from its result."""

import json
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from firmware.desk import MOST_WAITING, Full
from firmware.said import said

RESULT = "/result"


class Passing:
    """`say(topic, payload)`: whether the broker could be told; `fault()` why not."""

    def __init__(self, say: "Callable[[str, bytes], bool]", fault: "Callable[[], str]") -> None:
        self._say, self._fault = say, fault
        self._waiting: "dict[str, tuple[Future[str], object]]" = {}  # by our id: the answer, and their id
        self._lock = threading.Lock()

    def order(self, topic: str, payload: bytes, by: str) -> "Future[str]":
        """Raises Full."""
        answer: "Future[str]" = Future()
        asked = json.loads(payload)
        own = f"{by}@{secrets.token_hex(8)}"
        with self._lock:
            self._waiting = {key: one for key, one in self._waiting.items() if not one[0].cancelled()}
            if len(self._waiting) >= MOST_WAITING:
                raise Full
            self._waiting[own] = (answer, asked.get("id"))
        if not self._say(topic, json.dumps({**asked, "id": own, "by": by}, ensure_ascii=False).encode()):
            why = said("no connection to the broker, nothing is set: {}", self._fault())
            self._settle(own, {"ok": False, "why": why, "why_de": why.de})
        return answer

    def heard(self, topic: str, payload: bytes) -> None:
        """A message of a `.../set/<what>/result`; others' are left alone."""
        try:
            said = json.loads(payload)
        except (ValueError, RecursionError):
            return
        if isinstance(said, dict) and isinstance(said.get("id"), str):
            self._settle(said["id"], said)

    def _settle(self, own: str, said: "dict[str, Any]") -> None:
        with self._lock:
            found = self._waiting.pop(own, None)
        if found is None:
            return
        answer, theirs = found
        told = {key: value for key, value in said.items() if key != "id"}
        if theirs is not None:
            told["id"] = theirs
        if answer.set_running_or_notify_cancel():
            answer.set_result(json.dumps(told, ensure_ascii=False))
