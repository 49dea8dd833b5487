"""A year of 60 series in one file: how large it is, what a day writes, how long questions and `verify` take."""

import json
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # before this folder, whose control.py is none of the package

from drivers import signing
from firmware import verify
from firmware.records import series
from firmware.records.chain import METROLOGY, Draft, Stamp
from firmware.records.clock import SYNCED, ClockState
from firmware.records.query import Query
from firmware.records.store import NAME, Store

SERIES, DAY, DAYS = 60, 96, 365
BEGIN_S = 1_767_222_000  # 2026-01-01 00:00 in Germany
FLASH_MB = 100  # a day, all that the daemon writes


def draft(number: int) -> Draft:
    at_s = BEGIN_S + number * 900
    values = [[f"meter_{meter:02d}", 10_000_000 + number * (meter + 3), number * meter, 0, "measured", 120 - meter]
              for meter in range(SERIES)]
    stamp = Stamp(at_s * 1_000 + 900, 3_600, ClockState(SYNCED, 12), "01234567", number * 900_000)
    return Draft(METROLOGY, "readings", stamp, {"at_s": at_s, "offset_s": 3_600, "values": values})


def written_bytes() -> int:
    with open("/proc/self/io") as told:
        return next(int(line.split()[1]) for line in told if line.startswith("write_bytes"))


def measured(folder: Path) -> "dict[str, float]":
    signer = signing.make(folder / "key")
    store = Store(folder)
    before, begun_s = written_bytes(), time.perf_counter()
    for number in range(DAY):
        store.append([draft(number)], signer)
    out = {"written_a_day_mb": (written_bytes() - before) / 1e6,
           "one_quarter_hour_ms": (time.perf_counter() - begun_s) / DAY * 1e3}
    for day in range(1, DAYS):
        store.append([draft(day * DAY + number) for number in range(DAY)], signer)
    store.close()
    out["file_a_year_mb"] = os.path.getsize(folder / NAME) / 1e6
    query = Query(folder)
    for name, days in (("one_day_ms", 1), ("one_month_ms", 31), ("one_year_ms", DAYS)):
        begun_s = time.perf_counter()
        found = series.readings(query.quarters(BEGIN_S + 900 * DAY, BEGIN_S + 900 * DAY * (1 + days)))
        assert len(series.intervals(found["meter_07"])) >= (days - 1) * DAY - 1
        out[name] = (time.perf_counter() - begun_s) * 1e3
    lines = list(query.export(METROLOGY, (METROLOGY,), None, None, signer))
    query.close()
    out["verify_a_record_ms"] = _verify_ms(lines[:2_001])
    return out


def _verify_ms(lines: "list[str]") -> float:
    """Of the first records; a head that promises more costs nothing but findings."""
    begun_s = time.perf_counter()
    section, = verify.verified(("\n".join(lines) + "\n").encode())
    assert len(section.good) == len(lines) - 1
    return (time.perf_counter() - begun_s) * 1e3 / len(lines)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        out = measured(Path(folder))
    if "--json" in sys.argv:
        print(json.dumps(out))
        return
    print(f"{SERIES} series, {DAYS} days of {DAY} quarter hours")
    for name, value in out.items():
        budget = f"   (budget of the whole daemon: {FLASH_MB})" if name.startswith("written") else ""
        print(f"  {name:22} {value:10.1f}{budget}")


if __name__ == "__main__":
    main()
