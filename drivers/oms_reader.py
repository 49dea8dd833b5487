"""From telegram to records: key, counter, compact formats; for the tool that shows and the meter that reads."""

from collections import namedtuple

from drivers.afl_fragments import Fragments
from drivers.counters import Counters, name_of
from drivers.mbus_compact import Formats
from drivers.mbus_records import Record, parse
from drivers.mbus_telegram import COMPACT, FRAGMENT, RECORDS, MBusError, Telegram, plain
from drivers.oms_crypto import (
    NO_KEY,
    REPEATED,
    UNSUPPORTED,
    Refused,
    counter_of,
    is_supported,
    security,
    unseal,
)

MORE = "a fragment: the telegram goes on"
NOTHING = "no data in it: a meter that confirms, or that can be asked now"


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

    def __init__(self, keys: "dict[str, tuple[bytes, ...]]", recorded: bool = False,
                 counters: "Counters | None" = None) -> None:
        self.counters = Counters() if counters is None else counters
        self._fragments = Fragments()
        self._keys = keys
        self._recorded = recorded
        self._formats = Formats()

    def read(self, telegram: Telegram) -> Told:
        """Never raises."""
        try:
            whole = self._fragments.add(telegram) if telegram.seal == FRAGMENT else telegram
            if whole is None:
                return Told(telegram, FRAGMENT, (), True, MORE)
            telegram = whole
            if not telegram.body and not telegram.wired:
                return Told(telegram, telegram.seal, (), False, NOTHING)
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
        key, name = self.key(telegram), _name(telegram)
        if key is None:
            clear = plain(telegram) if self._recorded or not telegram.seal else None
            if clear is not None:
                return clear
            if not is_supported(telegram):
                raise Refused(UNSUPPORTED, security(telegram))
            raise Refused(NO_KEY, "%s is encrypted (%s)" % (name, telegram.seal))
        counter, name = counter_of(telegram), name_of(name, key)
        if counter is not None and counter <= self.counters.last(name):
            raise Refused(REPEATED, "%d after %d" % (counter, self.counters.last(name)))
        opened = unseal(telegram, key)
        if counter is not None:
            self.counters.note(name, counter)
        return opened


def _name(telegram: Telegram) -> str:
    return telegram.meter.text() if telegram.meter is not None else "a meter without name"
