"""From a decision's alarms and the parts that fail to messages on their way."""

import json
import time
from collections.abc import Callable, Sequence

from control.values import Site
from firmware.config.file import SiteFile
from firmware.config.tables_people import NotifyTable
from firmware.kept import Kept
from firmware.notices.sender import Sender
from firmware.notices.services import services
from firmware.notices.watcher import Notice, Watcher, quiet_hours
from firmware.records.legal_time import offset_s, zone
from firmware.topics import slug
from firmware.troubles import Trouble

FORMAT = 1
Say = Callable[[str, str], bool]


class Teller:
    """`say(topic, payload)`: over MQTT, not retained; whether there is a connection. None without one. `kept`: what was
    told and is not over yet, so that a restart does not tell it again; None: it does."""

    def __init__(self, file: SiteFile, say: "Say | None", wall_s: "Callable[[], float]" = time.time,
                 kept: "Kept | None" = None, now_ms: int = 0) -> None:
        assert file.notify is not None
        self._wall_s, self._zone = wall_s, zone(file.time_zone)
        quiet = quiet_hours(file.notify.quiet)
        self._watcher = Watcher(file.site.name, file.notify.language, 1_000 * file.notify.hold_s,
                                1_000 * file.notify.well_s, quiet)
        self._kept = kept
        content = kept.load() if kept else None
        if isinstance(content, dict) and content.get("format") == FORMAT:
            self._watcher.remember(content.get("told"), now_ms)
        self.sender = sender(file.site, file.notify, say, wall_s,
                             lambda: quiet is not None and quiet.holds(self._minute()))

    @property
    def fault(self) -> str:
        lost = f"{self.sender.lost} given up; " if self.sender.lost else ""
        return lost + self.sender.fault if self.sender.fault else ""

    def hear(self, troubles: "Sequence[Trouble]", now_ms: int) -> None:
        """Returns at once."""
        for notice in self._watcher.feed((one for one in troubles if one.worth_a_message), now_ms, self._minute()):
            self.sender.send(notice)
        if self._kept is not None and self.sender.idle():  # what waits still would be lost, and is told anew instead
            self._kept.keep({"format": FORMAT, "told": self._watcher.told()})

    def _minute(self) -> int:
        """Of the local day."""
        now_s = int(self._wall_s())
        return (now_s + offset_s(self._zone, now_s)) // 60 % 1_440


def sender(site: Site, table: NotifyTable, say: "Say | None", wall_s: "Callable[[], float]" = time.time,
           quiet: "Callable[[], bool]" = lambda: False) -> Sender:
    """Raises ValueError when the file of services cannot be used."""
    topic = f"hutschiene/{slug(site.name)}/site/notice"

    def tell(notice: Notice) -> bool:
        payload = json.dumps({"t_s": int(wall_s()), **notice._asdict()}, ensure_ascii=False)
        return say is not None and say(topic, payload)

    return Sender(services(table.services) if table.services else (), tell if table.mqtt else None, quiet=quiet)
