"""Something with a plug: it draws what it is switched to, at once, like a kettle or an oven."""

from sim.part import Part, shared


class Appliance(Part):
    kind = "appliance"

    def __init__(self, phases: "tuple[int, ...]", power_w: int = 0) -> None:
        super().__init__(phases)
        self._on_w = power_w

    def switch(self, power_w: int) -> None:
        """0 is off; the watts lie evenly on its phases."""
        assert power_w >= 0
        self._on_w = power_w

    def _live(self, now_ms: int, dt_ms: int) -> None:
        self.power_w = shared(self._on_w, self.phases)
