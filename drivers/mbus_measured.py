"""Records of a telegram -> hal.measured.Measured: those that are known numbers, each with the time it is of."""

from drivers.mbus_media import status_words
from drivers.mbus_records import Record
from drivers.mbus_telegram import Telegram
from drivers.mbus_values import Time
from hal.measured import NO_CLOCK, OWN_CLOCK, RECEIVED, WRONG_CLOCK, Measured

NAMES = ("access_number", "bus_address", "medium", "manufacturer", "first_storage", "last_storage", "storage_size")


def measured(telegram: Telegram, records: "tuple[Record, ...]", heard: "str | None" = None) -> "tuple[Measured, ...]":
    """`heard`: when it was received, as ISO 8601; the time of values of now when the meter sends none."""
    if telegram.meter is None:
        return ()
    status = () if telegram.status is None else status_words(telegram.status)
    out = []
    for record in records:
        if is_known_number(record):
            time, clock = time_of(record, records, heard)
            out.append(Measured(
                telegram.meter.text(), telegram.meter.medium_word(), record.quantity, record.value, record.scaler,
                record.unit, time, clock, status, record.function, record.storage, record.tariff, record.subunit,
                record.qualifiers))
    return tuple(out)


def is_known_number(record: Record) -> bool:
    """A number of a known quantity; not one that names something, nor one the maker has changed the meaning of."""
    return (isinstance(record.value, int) and not record.error and record.quantity not in ("", "maker") + NAMES
            and not any([word.startswith("maker:") for word in record.qualifiers]))


def time_of(record: Record, records: "tuple[Record, ...]", heard: "str | None") -> "tuple[str | None, str]":
    """The date or time of the same storage and tariff (else of the same storage), else when it was heard."""
    for tariff in (record.tariff, 0):
        for other in records:
            at = _time(other)
            if at is not None and other.storage == record.storage and other.tariff == tariff and (
                    other.function in (record.function, "now")):
                return at.text, OWN_CLOCK if at.valid else WRONG_CLOCK
    if heard is not None and record.storage == 0 and record.function == "now":
        return heard, RECEIVED
    return None, NO_CLOCK


def _time(record: Record) -> "Time | None":
    """The time that values of a record's storage are of, if this is it."""
    plain = record.quantity in ("date", "datetime") and not record.qualifiers and record.function != "at_error"
    return record.value if plain and isinstance(record.value, Time) else None
