"""What Carlo Gavazzi's EM and ET meters have in common.

32-bit integers, LOW word first; 0x7FFFFFFF is "EEE", no value.
Sign: power + on import; the power factor carries the direction too and is taken as a size.
"""

from hal.registers import Reg

READS = (
    #   field         fn  address kind       n   num  den
    Reg("voltage_mv", 4, 0x0000, "s32n_le", 3, 100, 1),
    Reg("current_ma", 4, 0x000C, "s32n_le", 3, 1, 1),
    Reg("power_w", 4, 0x0012, "s32n_le", 3, 1, 10),
)


def slow(power_factor: int, frequency: int, taken: int, given: int) -> "tuple[Reg, ...]":
    """What stands elsewhere on each type: the addresses."""
    return (
        Reg("import_wh", 4, taken, "s32n_le", 1, 100, 1),
        Reg("export_wh", 4, given, "s32n_le", 1, 100, 1),
        Reg("power_factor_permille", 4, power_factor, "s16n", 3, 1, 1),
        Reg("frequency_mhz", 4, frequency, "s16n", 1, 100, 1),
    )
