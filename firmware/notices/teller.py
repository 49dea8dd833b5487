"""From a decision's alarms and the parts that fail to messages on their way."""

import json
import time
from collections.abc import Callable

from control.values import Plan, Site
from firmware.config import SiteFile
from firmware.config_tables_people import NotifyTable
from firmware.notices.advice import of_alarm, of_part
from firmware.notices.sender import Sender
from firmware.notices.services import services
from firmware.notices.watcher import Notice, Watcher, quiet_hours
from firmware.records.legal_time import offset_s, zone
from firmware.topics import slug

PARTS = ("broker", "journal", "history", "records", "totals", "orders")
Say = Callable[[str, str], bool]


class Teller:
    """`say(topic, payload)`: over MQTT, not retained; whether there is a connection. None without one."""

    def __init__(self, file: SiteFile, say: "Say | None", wall_s: "Callable[[], float]" = time.time) -> None:
        assert file.notify is not None
        self._site, self._table = file.site, file.notify
        self._wall_s, self._zone = wall_s, zone(file.time_zone)
        self._watcher = Watcher(file.site.name, file.notify.language, 1_000 * file.notify.hold_s,
                                quiet_hours(file.notify.quiet))
        self.sender = sender(file.site, file.notify, say, wall_s)

    @property
    def fault(self) -> str:
        lost = f"{self.sender.lost} given up; " if self.sender.lost else ""
        return lost + self.sender.fault if self.sender.fault else ""

    def hear(self, plan: Plan, faults: "dict[str, str]", now_ms: int) -> None:
        """Returns at once."""
        language = self._table.language
        troubles = [of_alarm(self._site, reason, device, language) for reason, device in plan.alarms]
        troubles += [of_part(name, fault, language) for name, fault in faults.items() if fault and name in PARTS]
        now_s = int(self._wall_s())
        minute = (now_s + offset_s(self._zone, now_s)) // 60 % 1_440
        for notice in self._watcher.feed(troubles, now_ms, minute):
            self.sender.send(notice)


def sender(site: Site, table: NotifyTable, say: "Say | None", wall_s: "Callable[[], float]" = time.time) -> Sender:
    """Raises ValueError when the file of services cannot be used."""
    topic = f"hutschiene/{slug(site.name)}/site/notice"

    def tell(notice: Notice) -> bool:
        payload = json.dumps({"t_s": int(wall_s()), **notice._asdict()}, ensure_ascii=False)
        return say is not None and say(topic, payload)

    return Sender(services(table.services) if table.services else (), tell if table.mqtt else None)
