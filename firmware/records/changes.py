"""What the snapshots tell of commands and troubles: only when it changes."""

from collections.abc import Iterable
from typing import Any

from control.values import Site
from firmware.records.chain import CONSUMER, SYSTEM
from firmware.records.sampler import Seen

Told = tuple[str, str, dict[str, Any]]  # log, kind, data


def swapped_s(known: "Iterable[tuple[int, dict[str, Any]]]") -> "dict[str, int]":
    """By meter, since when (UTC) it has its newest serial number and not another; of (when, what was known of them)."""
    serials: "dict[str, str]" = {}
    out: "dict[str, int]" = {}
    for at_s, data in known:
        for meter in data.get("meters", []):
            name, serial = str(meter["name"]), meter.get("serial")
            if serial and serials.setdefault(name, serial) != serial:
                serials[name], out[name] = serial, at_s
    return out


class Changes:
    """Modes (consumer), devices that fail or are not believed (system)."""

    def __init__(self, site: Site) -> None:
        self._names = tuple(device.name for device in site.devices)
        self._modes: "tuple[str, ...] | None" = None
        self._faults: "dict[int, str]" = {}

    def look(self, seen: Seen) -> "list[Told]":
        return self._commands(seen) + self._troubles(seen)

    def _commands(self, seen: Seen) -> "list[Told]":
        snapshot = seen.snapshot
        out: "list[Told]" = []
        before = self._modes
        self._modes = snapshot.modes
        if before is not None and before != snapshot.modes:
            for name, was, now in zip(self._names, before, snapshot.modes):
                if was != now:
                    out.append((CONSUMER, "mode", {"device": name, "was": was, "is": now}))
        return out

    def _troubles(self, seen: Seen) -> "list[Told]":
        now = {}
        for index, heard in enumerate(seen.snapshot.heard):
            if heard.fault is not None:
                now[index] = heard.fault.kind
            elif index in seen.doubted:
                now[index] = "not believed"
        if now == self._faults:
            return []
        before, self._faults = self._faults, now
        return [(SYSTEM, "trouble", {"device": self._names[index], "was": before.get(index), "is": now.get(index)})
                for index in sorted(set(before) | set(now)) if before.get(index) != now.get(index)]
