"""What the machine's time of day is worth at one instant."""

from collections import namedtuple


class TimeNow(namedtuple("TimeNow", ("utc_ms", "mono_ms", "synced", "error_ms"))):
    """Both clocks of the machine, read together."""

    __slots__ = ()
    utc_ms: int  # since 1970, without leap seconds
    mono_ms: int  # as every t_ms in a Reading
    synced: bool  # the time service says that it holds the clock
    error_ms: int  # largest error by its word; means nothing while it is not synced
