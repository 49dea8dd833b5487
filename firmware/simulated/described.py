"""Simulated devices that are just as their owner describes them: told in words, over HTTP or MQTT, and telling JSON."""

import json
from collections.abc import Callable
from typing import Any

from drivers.json_fields import Field
from drivers.json_source import SENT
from firmware.config.site import DeviceFile
from firmware.simulated.push import PushedTwin, documents_of, put

TOLD_BY = ("tell", "stop")  # options


class DescribedTwin(PushedTwin):
    """`_take` gets the words it is told; `_extras` are (field, what it says there), beside what it measures."""

    told_by: "tuple[str, ...]" = TOLD_BY

    def __init__(self, device: DeviceFile, point: Any, asked: bool, wanted: "tuple[Field, ...]") -> None:
        super().__init__(device, point, asked)
        self._part = point
        self._wanted = wanted
        self._extras: "list[tuple[Any, Callable[[], str]]]" = []
        self._heard_ms = 0

    def answer(self, path: str) -> "bytes | None":
        return b"{}" if self._take(path) else dict(self.said()).get(path)

    @property
    def takes_forms(self) -> bool:  # type: ignore[override]
        return any(str(self._device.options[name]).startswith(SENT) for name in TOLD_BY)

    def post(self, path: str, form: str) -> "bytes | None":
        return b"{}" if any(self._take(f"{how} {path} {form}") for how in SENT) else None

    def listens(self) -> "tuple[str, ...]":
        told = [str(self._device.options[name]) for name in self.told_by if self._device.options[name]]
        return () if self._asked else tuple(dict.fromkeys(words.partition(" ")[0] for words in told))

    def hear(self, topic: str, message: str) -> "tuple[tuple[str, bytes], ...]":
        self._take(f"{topic} {message}")
        return ()

    def said(self) -> "tuple[tuple[str, bytes], ...]":
        out = []
        for topic, text in documents_of(self._wanted, self._point):
            tree = json.loads(text)
            for field, value in self._extras:
                if field is not None and field.terms[0].topic == topic and isinstance(tree, dict):
                    put(tree, field.terms[0].path, value())
            out.append((topic, json.dumps(tree).encode()))
        return tuple(out)

    def _take(self, words: str) -> bool:
        """Whether it knows them; then it does what they say."""
        raise NotImplementedError
