"""A record as one line of text, signed, and holding the hash of the line before it.

    {"record":{"log":"metrology","n":7,"prev":"<SHA-256 of line 6>","kind":"readings",...,"data":{...}},"sig":"<r s>"}

The signature is ECDSA on P-256 with SHA-256 over the very bytes of the record, in hex; the next line's `prev` is over
the whole line, signature and all, without its line end. Nobody has to write JSON the way we do to check it.
`mono_ms` counts on within one `run` whatever is done to the time of day: a record that was dated back stands out.
"""

import hashlib
import json
from typing import Any, NamedTuple

from drivers.signing import Signer
from firmware.records.clock import ClockState

FORMAT = 1
METROLOGY = "metrology"  # readings, events, clock, keys: what a bill may stand on
CONSUMER = "consumer"  # what was done with the owner's devices: modes, ceilings
SYSTEM = "system"  # how the program itself was doing
LOGS = (METROLOGY, CONSUMER, SYSTEM)
NO_HASH = "0" * 64


class Stamp(NamedTuple):
    """When a record was made, and what that is worth."""

    utc_ms: int
    offset_s: int  # of legal time; + is east
    clock: ClockState
    run: str  # of this process, and
    mono_ms: int  # its monotonic clock


class Draft(NamedTuple):
    """A record that is not in its chain yet."""

    log: str
    kind: str
    stamp: Stamp
    data: "dict[str, Any]"


class Head(NamedTuple):
    """The newest line of a log."""

    n: int  # 0: there is none yet
    hash: str


EMPTY = Head(0, NO_HASH)


def key_id(public: bytes) -> str:
    """SHA-256 of the public point (04, x, y)."""
    return hashlib.sha256(public).hexdigest()


def line_hash(line: str) -> str:
    return hashlib.sha256(line.encode("ascii")).hexdigest()


def sealed(head: Head, draft: Draft, signer: Signer) -> "tuple[str, Head]":
    """The line that follows `head`, without its line end, and the head it makes."""
    stamp = draft.stamp
    text = json.dumps({
        "v": FORMAT, "log": draft.log, "n": head.n + 1, "prev": head.hash, "kind": draft.kind,
        "utc_ms": stamp.utc_ms, "offset_s": stamp.offset_s, "clock": stamp.clock.state,
        "bound_ms": stamp.clock.bound_ms, "run": stamp.run, "mono_ms": stamp.mono_ms,
        "key": key_id(signer.public), "data": draft.data,
    }, separators=(",", ":"))
    line = '{"record":%s,"sig":"%s"}' % (text, signer.raw(text.encode("ascii")).hex())
    return line, Head(head.n + 1, line_hash(line))


def opened(line: str) -> "dict[str, Any]":
    """The record of a line of our own store; whether it is true is for `verify` to say."""
    record = json.loads(line)["record"]
    assert isinstance(record, dict)
    return record
