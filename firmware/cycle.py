"""One cycle: snapshot, decision, leases. Then the journal and the outboxes, and nothing comes back from them."""

from control.step import start, step
from control.values import NONE, Obligation, Plan, Prices, Site, Snapshot, Wish
from firmware.image import Image, Lease
from firmware.line import lease_ms


class Cycle:
    """The decision's state between cycles, and what the owner has set."""

    def __init__(self, site: Site, image: Image, now_ms: int) -> None:
        self.site = site
        self.state = start(site, now_ms)
        self.modes = tuple(device.mode for device in site.devices)
        self.obligations: "tuple[Obligation, ...]" = ()
        self.wishes: "tuple[Wish | None, ...]" = (None,) * len(site.devices)
        self.prices: "Prices | None" = None
        self.day_ms = NONE  # since local midnight
        self._image = image
        self._lease_ms = tuple(lease_ms(device.ability) for device in site.devices)

    def once(self, now_ms: int) -> "tuple[Snapshot, Plan]":
        snapshot = self._image.snapshot(now_ms, self.modes, self.obligations, self.wishes, self.prices,
                                        self.day_ms)
        self.state, plan = step(self.site, self.state, snapshot)
        for index, grant in enumerate(plan.grants):
            if grant is not None:
                self._image.lease(index, Lease(grant.setpoint, now_ms + self._lease_ms[index]))
        return snapshot, plan
