"""The tables of a SITE.toml that are about people: who sees the page, who may set things, who is told of troubles."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from firmware.config.tables import HOST


class PageTable(Struct, frozen=True, forbid_unknown_fields=True):
    # only this machine can see it unless someone decides otherwise
    host: Annotated[str, Meta(pattern=HOST, description='an address to listen on, like "127.0.0.1"')] = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65_535, description="TCP port to listen on")] = 8080
    cert: Annotated[str, Meta(max_length=255, description="file of a certificate; switches https on")] = ""
    key: Annotated[str, Meta(max_length=255, description="file of the key of cert, without a password")] = ""


class AccountsTable(Struct, frozen=True, forbid_unknown_fields=True):
    """Who may look at the page and set things there; added with `hutschiene account`."""

    file: Annotated[str, Meta(min_length=1, max_length=255, description="where they are kept, mode 0600; made here")]
    guests: Annotated[
        Literal["none", "viewer"], Meta(description="what who has not logged in may be")
    ] = "none"
    idle_min: Annotated[int, Meta(ge=5, le=1_440, description="a session ends so long after its last use, in min")] = 60
    longest_h: Annotated[int, Meta(ge=1, le=720, description="and so long after the login in any case, in h")] = 168


class NotifyTable(Struct, frozen=True, forbid_unknown_fields=True):
    """Who is told when something is wrong."""

    services: Annotated[str, Meta(max_length=255, description="file of addresses, mode 0600: ntfy, e-mail, Telegram")] \
        = ""
    mqtt: Annotated[bool, Meta(description="also on the topic site/notice")] = False
    language: Annotated[Literal["en", "de"], Meta(description="of the messages")] = "en"
    quiet: Annotated[
        str, Meta(pattern="^(([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9])?$",
                  description='when only what is critical is told, like "22:00-06:30"')
    ] = ""
    hold_s: Annotated[int, Meta(ge=5, le=3_600, description="how long it must last before it is told, in s")] = 60
    well_s: Annotated[int, Meta(ge=5, le=3_600, description="how long it must be away before that is told, in s")] = 300
