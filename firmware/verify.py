"""`verify EXPORT`: whether exported records are as they were written, record by record.

A program of its own and in one file, which is why that is long: it takes nothing from the rest of this product and no
library, so that anyone can read it through and run it alone: `python3 verify.py EXPORT` (Python 3.8 or newer). That is
why the check of a signature (ECDSA on P-256 with SHA-256, FIPS 186-5 6.4.2) is written out here, in plain affine
arithmetic with tables of the key: 1 to 2 ms a record.

EXPORT holds, for each log, a head line {"export":{...},"sig":"..."} and one line for each record:
{"record":{"log","n","prev","kind","utc_ms","run","mono_ms","clock","key","data",...},"sig":"<r s in hex>"}. A signature
is over the bytes between `"record":` and `,"sig"`; `prev` is the SHA-256 of the line before, without its line end.
"""

import argparse
import hashlib
import json
import re
import sys
from functools import lru_cache
from typing import Any, Dict, Optional, Tuple  # noqa: UP035  whoever checks us has whatever Python there is

Point = Optional[Tuple[int, int]]  # noqa: UP006, UP045  None is the neutral one
Json = Dict[str, Any]  # noqa: UP006
Finding = Tuple[Optional[int], str, str]  # noqa: UP006, UP045  record number, kind, sentence

P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF  # P-256: SP 800-186, 3.2.1.3
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
G = (0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
     0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5)
LINE = re.compile(r'\{"(record|export)":(\{.*\}),"sig":"([0-9a-f]{128})"\}')
PUBLIC = re.compile("04[0-9a-f]{128}")
SLACK_MS = 600  # between the two clocks of one run; a step of 250 ms is a record
MOST_FINDINGS = 1_000
MOST_KEYS = 64  # one would do for years; each costs a tenth of a second
FIELDS = {"log": str, "n": int, "prev": str, "kind": str, "utc_ms": int, "run": str, "mono_ms": int, "clock": str,
          "key": str, "data": dict}
HEAD_FIELDS = {"log": str, "first": int, "last": int, "prev": str, "head": str, "keys": list, "whole": bool,
               "logs": list, "key": str}


def add(one: "Point", two: "Point") -> "Point":
    """Points of P-256."""
    if one is None or two is None:
        return one or two
    if one[0] == two[0]:
        if (one[1] + two[1]) % P == 0:
            return None
        slope = 3 * (one[0] * one[0] - 1) * pow(2 * one[1], -1, P) % P
    else:
        slope = (two[1] - one[1]) * pow(two[0] - one[0], -1, P) % P
    x = (slope * slope - one[0] - two[0]) % P
    return x, (slope * (one[0] - x) - one[1]) % P


class Multiples:
    """Of one point: 1 to 255 times 256**i, for 32 places of a number."""

    def __init__(self, point: "Point") -> None:
        self.rows: "list[list[Point]]" = []
        for _ in range(32):
            row: "list[Point]" = [None, point]
            while len(row) < 256:
                row.append(add(row[-1], point))
            self.rows.append(row)
            point = add(row[-1], point)

    def times(self, number: int, onto: "Point") -> "Point":
        for place, digit in enumerate(number.to_bytes(32, "little")):
            onto = add(onto, self.rows[place][digit])
        return onto


class Key:
    generator: "Multiples | None" = None

    def __init__(self, public: object) -> None:
        """`public`: 04, x, y in hex. Raises ValueError when it is no point of P-256."""
        if not isinstance(public, str) or not PUBLIC.fullmatch(public):
            raise ValueError("no public key")
        x, y = int(public[2:66], 16), int(public[66:], 16)
        if x >= P or y >= P or (y * y - x * x * x + 3 * x - B) % P:
            raise ValueError("no point of P-256")
        self.id = hashlib.sha256(bytes.fromhex(public)).hexdigest()
        self.multiples = Multiples((x, y))
        if Key.generator is None:
            Key.generator = Multiples(G)

    def signed(self, text: bytes, signature: str) -> bool:
        r, s = int(signature[:64], 16), int(signature[64:], 16)
        if not 0 < r < N or not 0 < s <= N // 2:
            return False
        inverse = pow(s, -1, N)
        digest = int.from_bytes(hashlib.sha256(text).digest(), "big")
        assert Key.generator is not None
        point = Key.generator.times(digest * inverse % N, None)
        point = self.multiples.times(r * inverse % N, point)
        return point is not None and point[0] % N == r


@lru_cache(maxsize=8)
def key_of(public: str) -> Key:
    return Key(public)


class Section:
    """One log of an export. `findings`: (record number or None, kind, sentence); `notes`: what is no fault."""

    def __init__(self, number: int, raw: bytes) -> None:
        self.line = number  # of its head, in the file
        self.raw = raw
        self.rows: "list[tuple[int, bytes]]" = []  # (number of the line, its bytes)
        self.findings: "list[Finding]" = []
        self.notes: "list[str]" = []
        self.good: "dict[int, tuple[Json, str]]" = {}  # n -> (record, hash of its line)
        self.log = "?"
        self.head: "Json" = {}
        self.keys: "dict[str, Key]" = {}

    def find(self, n: "int | None", kind: str, words: str) -> None:
        self.findings.append((n, kind, words))

    def verify(self, trusted: "tuple[str, ...]") -> None:
        if not self.read_head():
            return
        order = [self.judge(number, raw) for number, raw in self.rows]
        self.sequence(order)
        self.links()
        self.times()
        self.lineage(trusted)
        self.restored()
        self.ends()

    def read_head(self) -> bool:
        found = opened(self.raw, "export", HEAD_FIELDS)
        if found is None:
            self.find(None, "altered", "line %d: the head of the export is not what was written" % self.line)
            return False
        head, text, signature = found
        self.log, self.head = head["log"], head
        try:
            if len(head["keys"]) > MOST_KEYS:
                raise ValueError("%d keys" % len(head["keys"]))
            self.keys = {key.id: key for key in map(key_of, head["keys"])}
        except (ValueError, TypeError) as error:
            self.find(None, "altered", "line %d: %s among the keys" % (self.line, error))
            return False
        signer = self.keys.get(head["key"])
        if signer is None or not signer.signed(text, signature):
            self.find(None, "altered", "line %d: the head of the export does not bear its signature" % self.line)
            return False
        return True

    def judge(self, number: int, raw: bytes) -> "tuple[int, int | None]":
        """(line, n) of a record that bears its signature; (line, None) of any other line."""
        found = opened(raw, "record", FIELDS)
        if found is None:
            return number, None
        record, text, signature = found
        key = self.keys.get(record["key"])
        if record["log"] != self.log or key is None or not key.signed(text, signature):
            return number, None
        if record["n"] not in self.good:
            self.good[record["n"]] = (record, hashlib.sha256(raw).hexdigest())
        return number, record["n"]

    def sequence(self, order: "list[tuple[int, int | None]]") -> None:
        there = {n for _, n in order if n is not None}
        expected: int = self.head["first"]
        bad: "list[int]" = []
        seen: "set[int]" = set()
        for number, n in [*order, (0, self.head["last"] + 1)]:
            if n is None:
                bad.append(number)
            elif n in seen:
                self.find(n, "inserted", "line %d: record %d is there a second time" % (number, n))
            elif n < expected:
                seen.add(n)
                self.find(n, "reordered", "line %d: record %d stands behind later ones" % (number, n))
            else:
                seen.add(n)
                self.between(expected, n, bad, there)
                expected, bad = n + 1, []

    def between(self, first: int, after: int, bad: "list[int]", there: "set[int]") -> None:
        """Records `first` to `after` - 1 are not here; `bad` lines stand in their place."""
        gone = [n for n in range(first, min(after, first + len(bad) + MOST_FINDINGS)) if n not in there]
        for number, n in zip(bad, gone):
            self.find(n, "altered", "line %d: record %d is not what was signed" % (number, n))
        for number in bad[len(gone):]:
            self.find(None, "inserted", "line %d: a record that was never part of this log" % number)
        for n in gone[len(bad):]:
            self.find(n, "removed", "record %d is missing" % n)

    def links(self) -> None:
        before = {self.head["first"] - 1: self.head["prev"]}
        before.update((n, found[1]) for n, found in self.good.items())
        for n, (record, _) in sorted(self.good.items()):
            if n - 1 in before and record["prev"] != before[n - 1]:
                self.find(n, "altered", "record %d does not follow the record %d that is here: one of them was "
                                        "written anew" % (n, n - 1))
        last = self.head["last"]
        if last in self.good and self.good[last][1] != self.head["head"]:
            self.find(last, "altered", "record %d is not the last one of this export's head" % last)

    def times(self) -> None:
        before: "Json" = {}
        for n, (record, _) in sorted(self.good.items()):
            if before and self.dated_back(before, record):
                self.find(n, "back-dated", "record %d says %d ms, record %d before it %d ms, and no step of the "
                                           "clock is recorded" % (n, record["utc_ms"], before["n"], before["utc_ms"]))
            before = record

    def dated_back(self, before: "Json", record: "Json") -> bool:
        passed_ms = record["utc_ms"] - before["utc_ms"]
        if record["run"] != before["run"]:
            known = "unknown" not in (record["clock"], before["clock"])
            return bool(known and passed_ms < -SLACK_MS - (record.get("bound_ms") or 0) - (before.get("bound_ms") or 0))
        lived_ms = record["mono_ms"] - before["mono_ms"]
        step_ms = record["data"].get("by_ms", 0) if record["kind"] == "step" else 0
        if record["n"] != before["n"] + 1:
            return bool(lived_ms < 0)  # what stood between may have told of a step
        return bool(lived_ms < 0 or abs(passed_ms - lived_ms - step_ms) > SLACK_MS)

    def lineage(self, trusted: "tuple[str, ...]") -> None:
        """A key may follow only by the word of the one before it."""
        signing = None
        announced: "set[str]" = set()
        for n, (record, _) in sorted(self.good.items()):
            key = record["key"]
            if signing is not None and key != signing and key not in announced and not among(key, trusted):
                self.find(n, "key", "record %d is signed by key %s, which the key before it did not announce; if it is "
                                    "known to you, say --key %s" % (n, key[:16], key[:16]))
            signing = key
            if record["kind"] == "key":
                public = record["data"].get("public", "")
                announced.add(hashlib.sha256(bytes.fromhex(public)).hexdigest() if PUBLIC.fullmatch(public) else "")
        signing = self.head["key"] if signing is None else signing
        self.notes.append("signed by key %s" % signing
                          + ("" if trusted else "; that it is the house's own only --key can tell"))
        ids = {record["key"] for record, _ in self.good.values()} | {self.head["key"]}
        if trusted and not any(among(key, trusted) for key in ids):
            self.find(None, "key", "no record here is signed by the key you named")

    def restored(self) -> None:
        for n, (record, _) in sorted(self.good.items()):
            data = record["data"]
            if record["kind"] == "restored":
                self.notes.append("record %d: put back from a backup that ends with record %s; the log had come to "
                                  "record %s" % (n, data.get("n"), data.get("reached") or "unknown"))

    def ends(self) -> None:
        first = self.head["first"]
        if first <= 1 or not self.head["whole"]:
            if first > 1:
                self.notes.append("records before %d are not in this export" % first)
            return
        for n, (record, _) in sorted(self.good.items()):
            data = record["data"]
            until = (data.get("through"), data.get("hash"))
            if record["kind"] == "deletion" and until == (first - 1, self.head["prev"]):
                self.notes.append("records up to %d were deleted, as record %d says: kept for %s days (%s)"
                                  % (first - 1, n, data.get("days"), data.get("why")))
                return
        self.find(first, "removed", "records before %d are missing, and no deletion is recorded" % first)

    def published(self, heads: "list[Json]") -> None:
        """Against checkpoints that were kept elsewhere: {"n", "hash"}."""
        for one in heads:
            n = one["n"]
            found = self.good.get(n)
            if found is not None and found[1] != one.get("hash"):
                self.find(n, "altered", "record %d is not the one that was published: this log was written anew" % n)
            elif found is not None:
                self.notes.append("record %d is the one that was published" % n)


def opened(raw: bytes, kind: str, fields: "dict[str, type]") -> "tuple[Json, bytes, str] | None":
    """(object, signed bytes, signature) of a line, or None when it is none."""
    try:
        match = LINE.fullmatch(raw.decode("ascii"))
        if match is None or match.group(1) != kind:
            return None
        found = json.loads(match.group(2))
    except (ValueError, RecursionError):
        return None
    if not all(type(found.get(name)) is wanted for name, wanted in fields.items()):
        return None
    return found, match.group(2).encode("ascii"), match.group(3)


def among(key: str, trusted: "tuple[str, ...]") -> bool:
    return any(key.startswith(one) for one in trusted)


def sections(content: bytes) -> "list[Section]":
    """The logs of an export. Raises ValueError when it is none."""
    if not content.endswith(b"\n"):
        raise ValueError("cut off: the last line has no end")
    if content.split(b"\n", 1)[0].endswith(b"\r"):
        raise ValueError("its line ends were changed on the way (CRLF instead of LF)")
    out: "list[Section]" = []
    for number, raw in enumerate(content[:-1].split(b"\n"), 1):
        if raw.startswith(b'{"export"'):
            out.append(Section(number, raw))
        elif out:
            out[-1].rows.append((number, raw))
        else:
            raise ValueError("line 1: no head of an export")
    return out


def checkpoints(text: str) -> "dict[str, list[Json]]":
    """log -> [{"n", "hash"}] of lines as they were published, with or without a topic in front of them."""
    out: "dict[str, list[Json]]" = {}
    for line in text.splitlines():
        begin = line.find("{")
        try:
            told = json.loads(line[begin:]) if begin >= 0 else {}
        except (ValueError, RecursionError):
            continue
        heads = told.get("heads") if isinstance(told, dict) else None
        for log, head in heads.items() if isinstance(heads, dict) else ():
            if isinstance(head, dict) and isinstance(head.get("n"), int):
                out.setdefault(log, []).append(head)
    return out


def verified(content: bytes, trusted: "tuple[str, ...]" = (),
             published: "dict[str, list[Json]] | None" = None) -> "list[Section]":
    """The sections of an export, each with what was found. Raises ValueError when it is none."""
    out = sections(content)
    for section in out:
        section.verify(trusted)
    for section in out:
        gone = set(section.head.get("logs", ())) - {one.log for one in out}
        for log in sorted(map(str, gone)):
            section.find(None, "removed", "the log %s is missing" % log)
        section.published((published or {}).get(section.log, []))
    return out


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("export", metavar="EXPORT", help="a file of exported records; - is standard input")
    parser.add_argument("--key", action="append", default=[], metavar="FINGERPRINT",
                        help="the key that is to have signed, as the house tells it; at least 16 hex digits")
    parser.add_argument("--checkpoints", metavar="FILE", help="what was published while the records were written, "
                                                              "one JSON a line, as mosquitto_sub prints it")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of words")


def run(args: argparse.Namespace) -> int:
    trusted = tuple(key.lower() for key in args.key)
    if any(not re.fullmatch("[0-9a-f]{16,64}", key) for key in trusted):
        print("--key: 16 to 64 hex digits of the fingerprint", file=sys.stderr)
        return 2
    try:
        content = sys.stdin.buffer.read() if args.export == "-" else whole(args.export)
        published = checkpoints(whole(args.checkpoints).decode("utf-8", "replace")) if args.checkpoints else None
        found = verified(content, trusted, published)
    except (OSError, ValueError) as error:
        print("%s: %s" % (args.export, error), file=sys.stderr)
        return 1
    tell(found, args.json)
    return 1 if not found or any(section.findings for section in found) else 0


def whole(name: str) -> bytes:
    with open(name, "rb") as file:
        return file.read()


def tell(found: "list[Section]", as_json: bool) -> None:
    if as_json:
        print(json.dumps({section.log: {
            "records": len(section.good), "notes": section.notes,
            "findings": [{"n": n, "kind": kind, "words": words} for n, kind, words in section.findings],
        } for section in found}))
        return
    for section in found:
        print("%s: %d records, %s" % (section.log, len(section.good), "%d FOUND WRONG" % len(section.findings)
                                      if section.findings else "all as they were written"))
        for _, kind, words in section.findings[:MOST_FINDINGS]:
            print("  %s: %s" % (kind, words))
        for words in section.notes:
            print("  (%s)" % words)


def main() -> int:
    parser = argparse.ArgumentParser(description="Checks exported records of Hutschiene.")
    add_arguments(parser)
    return run(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
