"""The JSON schema of a SITE.toml, from the same tables that read it: editors complete and check while typing."""

from functools import reduce
from operator import or_
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct, defstruct

from firmware.config import driver_modules
from firmware.config.contacts import ContactTable
from firmware.config.file import SINGLE
from firmware.config.tables import LINES, NAME, NodeTable, SiteTable

Schema = dict[str, Any]


def schema() -> Schema:
    """What depends on more than one table (references, sums, addresses) only `check` can say."""
    out = _plain(msgspec.json.schema(_whole()))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Hutschiene SITE.toml", **out}


def _whole() -> "type[Struct]":
    name: Any = Annotated[str, Meta(pattern=f"^{NAME.pattern}$")]
    lines: Any = reduce(or_, LINES.values())
    drivers = driver_modules.known()
    devices: Any = reduce(or_, (driver_modules.table(driver) for driver in drivers))
    return defstruct("SiteToml", [
        ("site", SiteTable), ("line", dict[name, lines]), ("node", dict[name, NodeTable]),
        ("device", dict[name, devices]), ("contact", dict[name, ContactTable] | None, None),
        *[(name, table | None, None) for name, table in SINGLE.items() if name != "site"],
    ], forbid_unknown_fields=True)


def _plain(part: Any) -> Any:
    """Without null: TOML leaves a key out."""
    if isinstance(part, list):
        return [_plain(one) for one in part]
    if not isinstance(part, dict):
        return part
    out = {key: _plain(value) for key, value in part.items() if not (key == "default" and value is None)}
    choices = [one for one in out.get("anyOf", ()) if one != {"type": "null"}]
    if len(choices) == 1:
        del out["anyOf"]
        out = {**out, **choices[0]}
    return out
