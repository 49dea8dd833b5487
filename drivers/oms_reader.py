"""From telegram to records: key, counter, compact formats; for the tool that shows and the meter that reads."""

from collections import namedtuple

from drivers.mbus_compact import Formats
from drivers.mbus_records import Record, parse
from drivers.mbus_telegram import COMPACT, RECORDS, MBusError, Telegram, plain
from drivers.oms_crypto import NO_KEY, Counters, Refused, counter_of, unseal

MOST_METERS = 1_000  # whose counters are kept


class Told(namedtuple("Told", ("telegram", "seal", "records", "more", "why"))):
    """What a telegram said. `why` is "" or the reason why there are no records."""

    __slots__ = ()
    telegram: Telegram  # opened as far as could be
    seal: str  # how it was protected: "" "mode 5" "mode 7" "ell-ctr" ...
    records: "tuple[Record, ...]"
    more: bool
    why: str


class OmsReader:
    """Keys by the meter's eight-digit id or by its whole name ("KAM-12345678-1B-16").

    `recorded`: telegrams of a file, which whoever recorded them may have opened already. On the air a telegram that
    says it is sealed and is not may be anybody's, and is refused.
    """

    def __init__(self, keys: "dict[str, tuple[bytes, ...]]", recorded: bool = False) -> None:
        self.counters = Counters()
        self._keys = keys
        self._recorded = recorded
        self._formats = Formats()

    def read(self, telegram: Telegram) -> Told:
        """Never raises."""
        try:
            opened = self._opened(telegram)
        except MBusError as error:
            return Told(telegram, telegram.seal, (), False, str(error))
        body: "bytes | None" = opened.body
        if opened.ci in COMPACT and not opened.wired:
            body = self._formats.full(opened.body)
            if body is None:
                return Told(opened, telegram.seal, (), False, "compact: its format has not been heard yet")
        elif opened.ci not in RECORDS:
            return Told(opened, telegram.seal, (), False, "a maker's own payload (CI %02X)" % opened.ci)
        assert body is not None
        parsed = parse(body)
        if parsed.fault:
            return Told(opened, telegram.seal, (), False, "no list of records: " + parsed.fault)
        if opened.ci not in COMPACT:
            self._formats.learn(body)
        return Told(opened, telegram.seal, parsed.records, parsed.more, "")

    def key(self, telegram: Telegram) -> "bytes | None":
        meter = telegram.meter
        if meter is None:
            return None
        found = self._keys.get(meter.text()) or self._keys.get(meter.id)
        return found[0] if found else None

    def _opened(self, telegram: Telegram) -> Telegram:
        key = self.key(telegram)
        if key is None:
            clear = plain(telegram) if self._recorded or not telegram.seal else None
            if clear is None:
                raise Refused(NO_KEY, "%s is encrypted (%s)" % (_name(telegram), telegram.seal))
            return clear
        counter, name = counter_of(telegram), _name(telegram)
        self.counters.check(name, counter)
        opened = unseal(telegram, key)
        if len(self.counters.highest) < MOST_METERS or name in self.counters.highest:
            self.counters.note(name, counter)
        return opened


def _name(telegram: Telegram) -> str:
    return telegram.meter.text() if telegram.meter is not None else "a meter without name"
