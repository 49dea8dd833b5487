"""Money as whole numbers, so small that nothing is rounded before the end.

A price is a whole number of 0.001 ct/kWh (1e-8 EUR/Wh); with value-added tax in whole per mille it is one of 1e-11
EUR/Wh. So energy in 10**scaler Wh has an exact amount in 10**(scaler - 11) EUR. Only what a person pays is rounded to
cents: the total first, half up; its cents then go to the parties, and each party's to its positions, by the largest
remainder, by name where these are equal. So all that is printed adds up to what is printed below it.
"""

from collections.abc import Mapping

MILLE = 1_000
PRICE_DIGITS = 11  # a price with tax is in 10**-11 EUR/Wh
CENT_DIGITS = 9  # what 10**-11 EUR lacks to a cent


def gross(price_mct: int, vat_permille: int) -> int:
    """In 1e-11 EUR/Wh, of a net price in 0.001 ct/kWh."""
    return price_mct * (MILLE + vat_permille)


def daily(price_mct: int, vat_permille: int, scaler: int) -> int:
    """Of a net price in 0.001 ct a day, as an amount beside energies in 10**scaler Wh."""
    assert scaler <= 0
    return int(gross(price_mct, vat_permille) * 10 ** (3 - scaler))


def cents(exact: int, scaler: int) -> int:
    """Half up."""
    unit = 10 ** (CENT_DIGITS - scaler)
    return int((2 * exact + unit) // (2 * unit))


def shared_cents(exact: "Mapping[str, int]", scaler: int, total_ct: "int | None" = None) -> "dict[str, int]":
    """Of each in cents, adding up to `total_ct`: the rounded sum, unless it is said.

    One that is said may be away from the sum by less than a cent for each of them.
    """
    unit = 10 ** (CENT_DIGITS - scaler)
    whole = {name: amount // unit for name, amount in exact.items()}
    if total_ct is None:
        total_ct = cents(sum(exact.values()), scaler)
    left = total_ct - sum(whole.values())
    order = sorted(exact, key=lambda name: (-(exact[name] % unit), name))
    step = 1 if left >= 0 else -1
    chosen = order if left >= 0 else order[::-1]
    for number in range(abs(left)):
        whole[chosen[number % len(chosen)]] += step
    return whole
