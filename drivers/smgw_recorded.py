"""Recorded answers of smart-meter gateways, one behind the other, of whichever maker they are.

An answer that stands alone tells less than a session: CASA's list names no values, CONEXA's readings mean something
behind the usage-point-info of their point only, and a page of PPC names its meter only where it lets one choose.
"""

import json

from drivers import smgw_casa, smgw_conexa, smgw_json, smgw_ppc
from drivers.smgw_conexa import Channels
from drivers.smgw_values import Value
from hal.faults import DeviceError

MOST_ANSWERS = 64
_PAGE_ENDS = "</html>"


def values_of(recorded: bytes) -> "tuple[tuple[Value, ...], int, str]":
    """(values, answers that were none, what the person can do about answers without values)"""
    reader = _Reader()
    for answer in _answers(recorded.decode("utf-8", "replace")):
        try:
            reader.take(answer)
        except DeviceError:
            reader.damaged += 1
    return tuple(reader.values), reader.damaged, reader.hint


class _Reader:
    def __init__(self) -> None:
        self.values: "list[Value]" = []
        self.damaged = 0
        self.hint = ""
        self._channels: Channels = {}
        self._meters: "tuple[str, ...]" = ()  # of CONEXA, in the order of its usage points
        self._at = -1

    def take(self, answer: str) -> None:
        body = answer.encode()
        if answer.startswith("<"):
            self.values += smgw_ppc.values_of_page(body, smgw_ppc.chosen_meter(body))
            return
        found = smgw_json.document(body, "answer")
        if isinstance(found, list):
            return  # CASA: which meters there are
        if not isinstance(found, dict):
            self.damaged += 1
        elif "user-info" in found:
            self._meters, self._at = tuple(meter or point for point, meter in smgw_conexa.points(body)), -1
        elif "usage-point-info" in found:
            self._channels, self._at = smgw_conexa.channels(body), self._at + 1
        elif "readings" in found:
            self._readings(body)
        elif "values" in found:
            self.values += smgw_casa.values(_casa_meter(found), body)
        else:
            self.damaged += 1

    def _readings(self, body: bytes) -> None:
        if not self._channels:
            self.hint = "; readings of a CONEXA mean something behind their usage-point-info only"
        meter = self._meters[self._at] if 0 <= self._at < len(self._meters) else ""
        self.values += smgw_conexa.readings(body, meter, self._channels)


def _casa_meter(found: "dict[str, object]") -> str:
    """ "0100010800ff.1emh0012345678.sm" is of the meter 1emh0012345678."""
    for one in smgw_json.members(found, "values"):
        parts = smgw_json.word(one, "logical_name").split(".")
        if len(parts) > 1:
            return parts[1]
    return ""


def _answers(text: str) -> "list[str]":
    out: "list[str]" = []
    rest = text.lstrip("\ufeff \t\r\n")
    while rest and len(out) < MOST_ANSWERS:
        end = _end(rest)
        out.append(rest[:end])
        rest = rest[end:].lstrip()
    return out


def _end(text: str) -> int:
    """Where the first answer of a text ends; a damaged one takes the line it stands in."""
    if text.startswith("<"):
        end = text.lower().find(_PAGE_ENDS)
        return len(text) if end < 0 else end + len(_PAGE_ENDS)
    try:
        return json.JSONDecoder().raw_decode(text)[1]
    except (ValueError, RecursionError):
        end = text.find("\n")
        return len(text) if end < 0 else end
