"""Charging sessions for whoever pays for them: company cars, cost centres, guests.

A session is the difference of its two readings; nothing else is billed. Where the price changes by the quarter hour,
its sections (what it had of each interval of its charger) are priced one by one; what no section has, because a quarter
hour is missing or not relied on, has no price and is said to. One that began or ended without a clock, or at a doubted
meter, is not billed.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple
from zoneinfo import ZoneInfo

from firmware.records.marks import Section, Transaction
from firmware.records.sampler import MEASURED, SUBSTITUTED
from firmware.settlement.tariffs import Tariff, price


class Account(NamedTuple):
    """Whose sessions: those that bear one of `external`, else all of `meters`."""

    name: str
    cost_centre: str
    external: "tuple[str, ...]"
    meters: "tuple[str, ...]"
    tariff: Tariff


class Session(NamedTuple):
    transaction: Transaction
    account: str  # "": nobody's
    cost_centre: str
    energy_e: "int | None"  # in 10**scaler Wh; None: not billed
    exact: int  # money, in 10**(scaler - 11) EUR
    unpriced_e: int
    scaler: int
    why: str  # a key of words.WHY_NOT; "" when it is billed


def account_of(transaction: Transaction, meter: str, accounts: "Iterable[Account]") -> "Account | None":
    """`meter`: as the plan names it. Who is named by the session itself goes before who has the charger."""
    accounts = tuple(accounts)
    ends = (transaction.end or {}).get("external", "")
    said = {str(transaction.begin.get("external", "")), str(ends)} - {""}
    for account in accounts:
        if said & set(account.external):
            return account
    return next((account for account in accounts if meter in account.meters), None)


def billed(transaction: Transaction, sections: "Iterable[Section]", account: "Account | None", zone: ZoneInfo
           ) -> Session:
    """`sections`: those of its meter; a flat price needs none of them."""
    who = ("", "") if account is None else (account.name, account.cost_centre)
    why = _why_not(transaction, account)
    drawn = transaction.energy_e()
    if why or account is None or drawn is None:
        return Session(transaction, *who, None, 0, 0, min(transaction.scaler, 0), why)
    own = [part for part in sections if part.transaction == transaction.id and part.status in (MEASURED, SUBSTITUTED)]
    scaler = min([0, transaction.scaler] + [part.scaler for part in own])
    energy = drawn * 10 ** (transaction.scaler - scaler)
    if account.tariff.spot is None and account.tariff.levels is None:
        gross = price(account.tariff, int(transaction.begin["at_s"]), zone).gross
        assert gross is not None
        return Session(transaction, *who, energy, energy * gross, 0, scaler, "")
    exact, priced = 0, 0
    for part in own:
        gross = price(account.tariff, part.start_s, zone).gross
        if gross is not None:
            exact += part.energy_e * 10 ** (part.scaler - scaler) * gross
            priced += part.energy_e * 10 ** (part.scaler - scaler)
    return Session(transaction, *who, energy, exact, energy - priced, scaler, "")


def _why_not(transaction: Transaction, account: "Account | None") -> str:
    if transaction.end is None:
        return "open"
    statuses = {transaction.begin["status"], transaction.end["status"]}
    if statuses - {MEASURED, SUBSTITUTED}:
        return "doubted"
    if (transaction.energy_e() or 0) < 0:
        return "doubted"
    return "" if account is not None else "nobody"


def by_account(sessions: "Iterable[Session]", scaler: int) -> "Mapping[tuple[str, str], tuple[int, int, int]]":
    """(account, cost centre) -> (sessions, energy, exact money), in the unit of `scaler`."""
    out: "dict[tuple[str, str], tuple[int, int, int]]" = {}
    for one in sessions:
        if one.energy_e is not None:
            by = 10 ** (one.scaler - scaler)
            count, energy, exact = out.get((one.account, one.cost_centre), (0, 0, 0))
            out[one.account, one.cost_centre] = (count + 1, energy + one.energy_e * by, exact + one.exact * by)
    return out
