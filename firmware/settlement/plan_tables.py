"""The tables of a PLAN.toml: who has which meter, which key, which tariff. As strict as a SITE.toml.

A meter is named as in the SITE.toml, or SOURCE.METER where there are several sources.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

Meter = Annotated[str, Meta(min_length=1, max_length=65, description="a meter of the records, or SOURCE.METER")]
Meters = Annotated[tuple[Meter, ...], Meta(min_length=1, max_length=32, description="meters of the records")]
Tariff = Annotated[str, Meta(min_length=1, max_length=64, description="a [tariff.NAME]")]
File = Annotated[str, Meta(min_length=1, max_length=255, description="a file, as seen from this plan")]
Window = Annotated[str, Meta(pattern="^([01][0-9]|2[0-3]):(00|15|30|45)-(([01][0-9]|2[0-3]):(00|15|30|45)|24:00)$",
                             description='local time by the quarter hour, like "17:00-19:00"')]
Key = Annotated[Literal["constant", "cascading", "proportional"], Meta(description="how the roof is shared out")]
# 0.001 ct is the finest that operators and suppliers name; spot prices lie within -0.5 to 4 EUR/kWh
Ct = Annotated[float, Meta(ge=-1_000, le=1_000, description="ct per kWh, net, at most 3 decimals")]


class PlanTable(Struct, frozen=True, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=1, max_length=64, description="what is settled, as printed")]
    time_zone: Annotated[str, Meta(pattern="^[A-Za-z0-9_+/-]{1,64}$", description="of legal time")] = "Europe/Berlin"
    fill: Annotated[bool, Meta(description="gaps of at most a day are filled evenly, between what was read")] = False


class SourceTable(Struct, frozen=True, forbid_unknown_fields=True):
    records: Annotated[str, Meta(min_length=1, max_length=255,
                                 description="folder of the records, also of a running house; or a backup")] \
        | None = None
    export: Annotated[str, Meta(min_length=1, max_length=255, description="what `export SITE.toml records` wrote")] \
        | None = None
    key: Annotated[str, Meta(pattern="^[0-9a-f]{16,64}$", description="fingerprint of the key that has to have signed "
                                                                      "the export, 16 to 64 hex digits")] | None = None
    area: Annotated[str, Meta(min_length=1, max_length=64, description="balancing area of the site")] | None = None


class TariffTable(Struct, frozen=True, forbid_unknown_fields=True):
    energy_ct: Ct = 0  # of a dynamic tariff: the margin
    grid_ct: Ct = 0
    levies_ct: Ct = 0
    vat_pct: Annotated[int, Meta(ge=0, le=30, description="value-added tax in %, 0 for gross prices")] = 0
    base_ct_day: Annotated[float, Meta(ge=0, le=10_000, description="ct a day, net, at most 3 decimals")] = 0
    spot: Annotated[str, Meta(min_length=1, max_length=255, description="CSV of the spot prices: utc,eur_per_mwh")] \
        | None = None
    low_ct: Ct | None = None
    high_ct: Ct | None = None
    low: Annotated[tuple[Window, ...], Meta(max_length=8)] = ()
    high: Annotated[tuple[Window, ...], Meta(max_length=8)] = ()
    quarters: Annotated[tuple[Annotated[int, Meta(ge=1, le=4)], ...],
                        Meta(max_length=4, description="of the year in which the levels hold")] = (1, 2, 3, 4)
    module_1: Annotated[bool, Meta(description="section 14a module 1: the network fee of a year is lowered")] = False


class PartyTable(Struct, frozen=True, forbid_unknown_fields=True):
    """A flat with all its meters, a tenant, a consumer of a community, a device."""

    meters: Meters
    part: Annotated[int, Meta(ge=0, le=1_000_000, description="agreed part of the key, in whatever unit")] = 1
    order: Annotated[Literal["listed", "alike"], Meta(description="who of its meters has the roof first")] = "listed"
    tariff: Tariff | None = None
    rest_tariff: Tariff | None = None  # of what is not shared
    own_supplier: Annotated[bool, Meta(description="tenant: with a supplier of its own")] = False


SupplementCt = Annotated[float, Meta(ge=0, le=100, description="tenant supplement, ct per kWh, at most 3 decimals")]


class SupplementTable(Struct, frozen=True, forbid_unknown_fields=True):
    """From the day on that it is named by: [settle.NAME.supplement."2026-02-01"]."""

    ct: SupplementCt | None = None  # of all roofs alike
    by_roof: Annotated[dict[str, SupplementCt], Meta(description="roof = ct, where they differ; one that is not named "
                                                                 "has none")] = {}


class DeviceTable(Struct, frozen=True, forbid_unknown_fields=True):
    meter: Meter
    tariff: Tariff | None = None


class PlantTable(Struct, frozen=True, forbid_unknown_fields=True):
    meter: Meter


class AccountTable(Struct, frozen=True, forbid_unknown_fields=True):
    """A driver, a car or a cost centre: whose sessions these are."""

    external: Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=64)], ...],
                        Meta(max_length=64, description="what the sessions bear as external identifier")] = ()
    meters: Annotated[tuple[Meter, ...], Meta(max_length=32, description="all of these, if not another's")] = ()
    cost_centre: Annotated[str, Meta(max_length=64, description="as printed")] = ""
    tariff: Tariff | None = None


class Devices(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="devices"):
    grid: Meter
    tariff: Tariff
    roofs: Annotated[tuple[Meter, ...], Meta(max_length=32)] = ()
    storages: Annotated[tuple[Meter, ...], Meta(max_length=32)] = ()
    own_tariff: Tariff | None = None  # of the roof
    order: Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=64)], ...],
                     Meta(max_length=33, description="who has of the roof first; none: all alike")] = ()


class Shared(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="shared"):
    roofs: Meters
    key: Key = "proportional"
    tariff: Tariff | None = None  # of the roof


class Tenants(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="tenants"):
    grid: Meter
    roofs: Meters
    tariff: Tariff
    basic_ct: Annotated[float, Meta(ge=0.001, le=1_000, description="basic supply price here, net, ct per kWh")]
    term_months: Annotated[int, Meta(ge=1, le=24, description="first term of the contracts in months")]
    storages: Annotated[tuple[Meter, ...], Meta(max_length=32)] = ()
    basic_base_ct_day: Annotated[float, Meta(ge=0, le=10_000, description="its base price, net, ct a day")] = 0


class Community(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="sharing"):
    key: Key = "proportional"
    tariff: Tariff | None = None  # of what is shared


class Suppliers(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="suppliers"):
    grid: Meter
    chargers: Meters
    group: Annotated[str, Meta(min_length=1, max_length=64, description="balancing group of the connection")]


class Sessions(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="sessions"):
    chargers: Meters
    tariff: Tariff


class Supply(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="supply"):
    grid: Meter
    tariff: Tariff


class Split(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="storage-split"):
    grid: Meter
    storage: Meter
    device: Annotated[Literal["storage", "charge-point"], Meta(description="what stands behind Z2")] = "storage"
    variant: Annotated[Literal["A1", "A2", "A3", "A4"], Meta(description="of BNetzA 618-25-02")] = "A1"
    own_use: Annotated[str, Meta(min_length=1, max_length=65, description="variant A4: the meter Z3")] | None = None
    spot: Annotated[str, Meta(min_length=1, max_length=255, description="CSV of the spot prices: supported where they "
                                                                        "are not negative; none: always")] | None = None


class FlatSplit(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="storage-flat"):
    grid: Meter
    installed_wp: Annotated[int, Meta(ge=1, le=30_000, description="installed power of the roof in Wp")]
    storage_wh: Annotated[int, Meta(ge=0, le=10_000_000, description="usable capacity in Wh, 0 for none")] = 0
    charge_point: bool = False
    spot: Annotated[str, Meta(min_length=1, max_length=255, description="CSV of the spot prices: supported where they "
                                                                        "are not negative; none: always")] | None = None


class Relief(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="relief"):
    meter: Meter
    allocated: Annotated[str, Meta(min_length=1, max_length=255, description="CSV of what was allocated: utc,kwh")]


class Evidence(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="evidence"):
    grid: Meter
    devices: Annotated[tuple[Meter, ...], Meta(max_length=32, description="controllable devices, by meter")] = ()
    roofs: Annotated[tuple[Meter, ...], Meta(max_length=32)] = ()
    source: Annotated[str, Meta(min_length=1, max_length=64, description="a [source.NAME]")] | None = None


KINDS: "dict[str, type[Struct]]" = {
    "devices": Devices, "shared": Shared, "tenants": Tenants, "sharing": Community, "suppliers": Suppliers,
    "sessions": Sessions, "supply": Supply, "storage-split": Split, "storage-flat": FlatSplit,
    "relief": Relief, "evidence": Evidence,
}
# what a kind of settlement has tables of its own for: [settle.NAME.party.NAME] and the like
MEMBERS: "dict[str, dict[str, type[Struct]]]" = {
    "devices": {"device": DeviceTable}, "shared": {"party": PartyTable},
    "tenants": {"party": PartyTable, "supplement": SupplementTable},
    "sharing": {"plant": PlantTable, "party": PartyTable}, "sessions": {"account": AccountTable},
}
OPTIONAL = ("supplement",)
MOST_MEMBERS = 64
METER_KEYS = ("grid", "roofs", "storages", "chargers", "meter", "meters", "storage", "own_use", "devices")
TARIFF_KEYS = ("tariff", "own_tariff", "rest_tariff")
