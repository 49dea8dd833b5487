"""What every device that heats or is switched may have in its table; firmware.config.heat judges it."""

from typing import Annotated

from msgspec import Meta, Struct

TIME = "^([01][0-9]|2[0-3]):[0-5][0-9]$"


class HeatTable(Struct, frozen=True, forbid_unknown_fields=True):
    temperature_of: Annotated[
        str, Meta(min_length=1, max_length=32, description="the device that tells the temperature of its tank")
    ] | None = None
    most_c: Annotated[int, Meta(ge=20, le=95, description="tank: not heated above, in degC")] | None = None
    hysteresis_k: Annotated[int, Meta(ge=1, le=20, description="tank: heated again so far below most_c, in K")] \
        | None = None
    warm_c: Annotated[int, Meta(ge=20, le=90, description="tank: at least so warm by warm_by, in degC")] | None = None
    warm_by: Annotated[str, Meta(pattern=TIME, description='tank: time of day, like "06:30"')] | None = None
    litres: Annotated[int, Meta(ge=5, le=5_000, description="tank: what it holds, for warm_by")] | None = None
    heats_w: Annotated[
        int, Meta(ge=100, le=100_000, description="tank: heat at full power in W, for warm_by; default what it draws")
    ] | None = None
    legionella_c: Annotated[int, Meta(ge=50, le=80, description="tank: to be so hot now and then, in degC")] \
        | None = None
    legionella_days: Annotated[int, Meta(ge=1, le=30, description="tank: at least every so many days")] | None = None
    most_wh_a_day: Annotated[int, Meta(ge=100, le=500_000, description="heating: most it takes in a day, in Wh")] \
        | None = None
    min_run_s: Annotated[int, Meta(ge=10, le=7_200, description="heat pump, plug: shortest run in s")] | None = None
    min_rest_s: Annotated[int, Meta(ge=10, le=7_200, description="heat pump, plug: shortest rest in s")] | None = None
    starts_a_day: Annotated[int, Meta(ge=1, le=100, description="heat pump, plug: most starts in 24 hours")] \
        | None = None
