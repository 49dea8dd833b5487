"""The time of day for the decision: local, and only from a clock that the time service has set.

Once it was set it is believed while the computer runs: a computer's clock drifts by seconds a day, and an owner's
"by six in the morning" means no seconds. A clock that nobody has set since the start may be wrong by months.
"""

from zoneinfo import ZoneInfo

from control.values import NONE
from firmware.records.legal_time import offset_s
from hal.ports import TimeService

DAY_MS = 86_400_000


class TimeOfDay:
    def __init__(self, where: ZoneInfo, service: TimeService) -> None:
        self._where = where
        self._service = service
        self._set = False

    def now_ms(self) -> int:
        """Since local midnight; NONE while no time service has set the clock."""
        now = self._service.read()
        self._set = self._set or now.synced
        if not self._set:
            return NONE
        return (now.utc_ms + 1_000 * offset_s(self._where, now.utc_ms // 1_000)) % DAY_MS
