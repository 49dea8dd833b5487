"""Legal time: what a day is, and how far it is from UTC. Quarter hours are the same in both: offsets are quarters."""

from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

QUARTER_S = 900


def zone(name: str) -> ZoneInfo:
    """Raises ValueError when the machine knows no such zone."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is no time zone that this computer knows (Debian: package tzdata)") from error


def offset_s(where: ZoneInfo, utc_s: int) -> int:
    """+ is east: 3600 in a German winter, 7200 in summer."""
    offset = datetime.fromtimestamp(utc_s, timezone.utc).astimezone(where).utcoffset()
    assert offset is not None
    return int(offset.total_seconds())


def day(where: ZoneInfo, which: date) -> "tuple[int, ...]":
    """The UTC starts of its quarter hours: 92, 96 or 100 of them."""
    begin_s, end_s = midnight(where, which), midnight(where, which + timedelta(days=1))
    return tuple(range(begin_s, end_s, QUARTER_S))


def midnight(where: ZoneInfo, which: date) -> int:
    return int(datetime(which.year, which.month, which.day, tzinfo=where).timestamp())


def text(utc_s: int, offset: int) -> str:
    """ISO 8601 with the offset: 2026-10-25T02:15:00+01:00."""
    return datetime.fromtimestamp(utc_s, timezone(timedelta(seconds=offset))).isoformat()
