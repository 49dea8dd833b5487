"""The bill of a house of 20 flats over a year, as its landlord asks for it: how long it takes, and how much memory."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # before this folder, whose control.py is none of the package

from drivers import signing
from firmware.records.chain import METROLOGY, Draft, Stamp
from firmware.records.clock import SYNCED, ClockState
from firmware.records.keys import KEY
from firmware.records.store import Store

ROOT = Path(__file__).parents[1]
FLATS, DAY, DAYS = 20, 96, 365
BEGIN_S = 1_767_222_000  # 2026-01-01 00:00 in Germany
HEAD = """\
[plan]
name = "Haus"
[source.house]
records = "records"
[tariff.roof]
energy_ct = 18
[tariff.supply]
energy_ct = 31
base_ct_day = 30
vat_pct = 19
[settle.building]
"""
KINDS = {
    "shared, proportional": 'kind = "shared"\nroofs = ["roof"]\nkey = "proportional"\ntariff = "roof"\n',
    "shared, cascading": 'kind = "shared"\nroofs = ["roof"]\nkey = "cascading"\ntariff = "roof"\n',
    "tenants": 'kind = "tenants"\ngrid = "grid"\nroofs = ["roof"]\ntariff = "supply"\nbasic_ct = 40\n'
               'term_months = 12\n',
}


def stamp(at_s: int) -> Stamp:
    return Stamp(at_s * 1_000 + 900, 3_600, ClockState(SYNCED, 12), "01234567", (at_s - BEGIN_S) * 1_000 + 10 ** 9)


def readings(number: int) -> Draft:
    """Each flat uses about 100 Wh a quarter hour, the roof makes 4 kWh by day."""
    at_s, days, hour = BEGIN_S + number * 900, number // DAY, number % DAY // 4
    made = 1_000 * (days * 32 + min(max(0, number % DAY - 32), 32))
    used = [number * (80 + flat) + hour * flat for flat in range(FLATS)]
    values = [["grid", sum(used), made // 2, 0, "measured", 40], ["roof", 0, made, 0, "measured", 50],
              *([f"flat_{flat:02d}", used[flat], 0, 0, "measured", 60] for flat in range(FLATS))]
    return Draft(METROLOGY, "readings", stamp(at_s), {"at_s": at_s, "offset_s": 3_600, "values": values})


def keep(folder: Path) -> None:
    folder.mkdir()
    signer, store = signing.make(folder / KEY), Store(folder)
    names = ["grid", "roof", *(f"flat_{flat:02d}" for flat in range(FLATS))]
    store.append([Draft(METROLOGY, "start", stamp(BEGIN_S - 9), {"chain": "x", "public": signer.public.hex()}),
                  Draft(METROLOGY, "meters", stamp(BEGIN_S - 8), {"meters": [
                      {"name": name, "serial": name, "driver": "d"} for name in names]})], signer)
    for day in range(DAYS + 1):
        store.append([readings(day * DAY + number) for number in range(DAY)], signer)
    store.close()


def settled(plan: Path, *more: str) -> "tuple[float, float]":
    """Seconds of the processor and MB of the verb, in a process of its own."""
    script = ("import resource, sys; from firmware.__main__ import main; code = main(sys.argv[1:]); "
              "used = resource.getrusage(resource.RUSAGE_SELF); "
              "print(used.ru_utime + used.ru_stime, used.ru_maxrss, file=sys.stderr); sys.exit(code)")
    done = subprocess.run([sys.executable, "-c", script, "settle", str(plan), "--from", "2026-01-01", "--to",
                           "2026-12-31", "--format", "json", *more], cwd=ROOT, capture_output=True, text=True,
                          check=True)
    *_, took_s, kilobytes = done.stderr.split()
    return float(took_s), int(kilobytes) / 1e3


def main() -> None:
    out = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        keep(folder / "records")
        for kind, table in KINDS.items():
            parties = "".join(f'[settle.building.party.flat_{flat:02d}]\nmeters = ["flat_{flat:02d}"]\n'
                              for flat in range(FLATS))
            (folder / "plan.toml").write_text(HEAD + table + parties)
            took_s, mb = settled(folder / "plan.toml")
            out[kind] = {"seconds": took_s, "megabytes": mb}
    if "--json" in sys.argv:
        print(json.dumps(out))
        return
    print(f"{FLATS} flats, a roof and the grid's meter, {DAYS} days of {DAY} quarter hours")
    for kind, one in out.items():
        print(f"  {kind:22} {one['seconds']:8.1f} s {one['megabytes']:8.0f} MB")


if __name__ == "__main__":
    main()
