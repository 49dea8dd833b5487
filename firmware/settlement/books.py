"""The sources of a plan, opened; its meters found in them, and their quarter hours read month by month."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple

from drivers import virtual_meter
from firmware.config.read import nearest
from firmware.records import legal_time, series
from firmware.records.sampler import QUARTER_S, Value
from firmware.records.series import Interval
from firmware.settlement import plan_tables
from firmware.settlement.plan import Plan, named, parts_of
from firmware.settlement.sources import Source

DAY_S = 86_400
MOST_FILLED = 96  # quarter hours in a row


class Chunk(NamedTuple):
    """A month, or what of it is asked for."""

    month: str  # 2026-03
    starts: "tuple[int, ...]"
    whole: bool

    @property
    def from_s(self) -> int:
        return self.starts[0]

    @property
    def to_s(self) -> int:
        return self.starts[-1] + QUARTER_S


def chunks(plan: Plan, first: date, last: date) -> "Iterator[Chunk]":
    """`last` included."""
    at = first
    while at <= last:
        following = (at.replace(day=1) + timedelta(days=32)).replace(day=1)
        end = min(last + timedelta(days=1), following)
        begin_s, end_s = legal_time.midnight(plan.zone, at), legal_time.midnight(plan.zone, end)
        yield Chunk(f"{at:%Y-%m}", tuple(range(begin_s, end_s, QUARTER_S)), at.day == 1 and end == following)
        at = end


class Books:
    """`known` of a source: what its records say of the meters in the period, newest last."""

    def __init__(self, plan: Plan, sources: "Mapping[str, Source]", from_s: int, to_s: int) -> None:
        self.plan = plan
        self.sources = sources
        self.known = {name: source.meters(from_s, to_s) for name, source in sources.items()}

    def check(self) -> None:
        """Every meter of the plan is one of the records; else it is a finding of the plan."""
        for one in self.plan.settles:
            for path, table in parts_of(one):
                for key in plan_tables.METER_KEYS:
                    for meter in named(table, key):
                        self._check(meter, (*path, key))

    def _check(self, meter: str, path: "tuple[str, ...]") -> None:
        there = self.names()
        source, name = self.place(meter)
        if source not in self.sources:
            self.plan.findings.add(path, "say which source it is of, as SOURCE.METER" + nearest(meter, there))
        elif name not in self.of(source):
            self.plan.findings.add(path, f"{meter}: no such meter in the records" + nearest(meter, there))

    def names(self) -> "list[str]":
        """As a plan may name them."""
        one = len(self.sources) == 1
        return [name if one else f"{source}.{name}" for source in self.sources for name in self.of(source)]

    def of(self, source: str) -> "dict[str, dict[str, Any]]":
        """What is known of the meters of a source, by the newest word on each."""
        out: "dict[str, dict[str, Any]]" = {}
        for known in self.known[source]:
            out.update(known)
        return out

    def place(self, meter: str) -> "tuple[str, str]":
        """(source, meter) of a name in the plan; source "" when it is not said and there are several."""
        source, point, name = meter.partition(".")
        if point:
            return source, name
        return (next(iter(self.sources)) if len(self.sources) == 1 else ""), meter

    def about(self, meter: str) -> "list[dict[str, Any]]":
        """All that was known of it in the period: a meter may have been changed."""
        source, name = self.place(meter)
        return [known[name] for known in self.known[source] if name in known]

    def parts(self, meter: str) -> "tuple[str, ...]":
        """The meters it is reckoned from, itself when it is measured; as the plan would name them."""
        source, name = self.place(meter)
        formula = self.of(source).get(name, {}).get("sum")
        if formula is None:
            return (meter,)
        return tuple(part for term, _ in virtual_meter.terms(formula)
                     for part in self.parts(f"{source}.{term}"))

    def certified(self, meter: str) -> bool:
        """Whether the plate of every meter it comes from bore the M of the MID, all of the time."""
        found = [known for part in self.parts(meter) for known in (self.about(part) or [{}])]
        return bool(found) and all(known.get("mid") == "yes" for known in found)

    def values(self, meters: "Iterable[str]", chunk: Chunk) -> "dict[str, dict[int, Value]]":
        """Readings of a month by meter, as the plan names them, and of those they are reckoned from."""
        wanted = {part for meter in meters for part in (meter, *self.parts(meter))}
        margin_s = DAY_S if self.plan.fill else 0
        out: "dict[str, dict[int, Value]]" = {}
        for source in {self.place(meter)[0] for meter in wanted}:
            found = self.sources[source].readings(chunk.from_s - margin_s, chunk.to_s + margin_s)
            for meter in wanted:
                at, name = self.place(meter)
                if at == source and name in found:
                    out[meter] = series.filled(found[name], MOST_FILLED) if self.plan.fill else found[name]
        return out

    def intervals(self, meters: "Iterable[str]", values: "Mapping[str, dict[int, Value]]"
                  ) -> "dict[str, tuple[Interval, ...]]":
        return {meter: self._intervals(meter, values) for meter in meters}

    def _intervals(self, meter: str, values: "Mapping[str, dict[int, Value]]") -> "tuple[Interval, ...]":
        if meter in values:
            return series.intervals(values[meter])
        source, name = self.place(meter)
        formula = self.of(source).get(name, {}).get("sum")
        if formula is None:
            return ()
        terms = virtual_meter.terms(formula)
        found = {term: self._intervals(f"{source}.{term}", values) for term, _ in terms}
        return series.reckoned(terms, found)
