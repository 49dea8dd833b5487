"""What Eastron's SDM meters have in common: where their registers stand.

Source: maker's protocol descriptions; input registers, IEEE 754, high word first.
Sign: + on import. Currents are sizes.
"""

from hal.registers import Reg


def reads(conductors: int) -> "tuple[Reg, ...]":
    return (
        #   field         fn  address kind   n           num  den
        Reg("voltage_mv", 4, 0x0000, "f32", conductors, 1000, 1),
        Reg("current_ma", 4, 0x0006, "f32", conductors, 1000, 1),
        Reg("power_w", 4, 0x000C, "f32", conductors, 1, 1),
    )


def slow(conductors: int) -> "tuple[Reg, ...]":
    return (
        Reg("import_wh", 4, 0x0048, "f32", 1, 1000, 1),
        Reg("export_wh", 4, 0x004A, "f32", 1, 1000, 1),
        Reg("power_factor_permille", 4, 0x001E, "f32", conductors, 1000, 1),
        Reg("frequency_mhz", 4, 0x0046, "f32", 1, 1000, 1),
    )
