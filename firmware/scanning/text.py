"""What a scan found, in words for the electrician."""

from drivers.passport import FIELDS, Passport
from firmware.said import Said, decimal, joined, said
from firmware.scanning.find import Answer
from firmware.scanning.known import Known
from hal.values import Reading

GARBLED = ("  what comes back is damaged: two devices at this address, another parity or speed, "
           "or a pair without its end resistors")
UNKNOWN = "  answers, but its registers are those of no device known here; `poll` shows them"


def text(answer: Answer) -> str:
    lines = [f"{answer.setting}, address {answer.unit}" if answer.setting else f"unit {answer.unit}"]
    if answer.garbled:
        lines.append(GARBLED)
    elif not answer.known:
        lines.append(UNKNOWN)
    for alike in _alike(answer.known):
        lines += _known(alike)
    return "\n".join(lines)


def _alike(known: "tuple[Known, ...]") -> "list[list[Known]]":
    """Those that say the same together: several devices of one maker have the same registers."""
    out: "list[list[Known]]" = []
    for each in known:
        fitting = next((group for group in out if group[0][2:] == each[2:]), None)
        if fitting is None:
            out.append([each])
        else:
            fitting.append(each)
    return out


def _known(alike: "list[Known]") -> "list[str]":
    each = alike[0]
    by = f"driver {' or '.join(known.driver for known in alike)}" if each.driver else "no driver here"
    lines = [f"  {' or '.join(known.name for known in alike)} ({by})" + ("" if each.sure else ": its registers fit")]
    if each.warning:
        lines.append("    " + each.warning)
    if each.reading is not None:
        lines.append("    " + measured(each.reading))
    known = passport_words(each.passport)
    return [*lines, "    " + known] if known else lines


def passport_words(known: "Passport | None") -> Said:
    if known is None:
        return joined(())
    words = dict(zip(FIELDS, (
        said("maker"), said("model"), said("serial"), said("firmware"), said("accuracy class"), "MID",
        said("transformer ratio"), said("rated current in mA"), said("checked"))))
    return joined(joined((words[field], value), " ") for field, value in zip(FIELDS, known) if value is not None)


def measured(reading: Reading) -> Said:
    """In one line: 230.1 229.8 230.4 V, 1.2 0.4 0.0 A, 1234 W, 12345.7 kWh in, 50.0 kWh out, 50.00 Hz."""
    parts: "list[str]" = []
    if reading.voltage_mv is not None:
        parts.append(decimal(" ".join(f"{mv / 1000:.1f}" for mv in reading.voltage_mv) + " V"))
    if reading.current_ma is not None:
        parts.append(decimal(" ".join(f"{ma / 1000:.2f}" for ma in reading.current_ma) + " A"))
    if reading.total_w is not None:
        parts.append(f"{reading.total_w} W")
    if reading.import_wh is not None:
        parts.append(said("{} kWh in", decimal(f"{reading.import_wh / 1000:.1f}")))
    if reading.export_wh is not None:
        parts.append(said("{} kWh out", decimal(f"{reading.export_wh / 1000:.1f}")))
    if reading.frequency_mhz is not None:
        parts.append(decimal(f"{reading.frequency_mhz / 1000:.2f} Hz"))
    return joined(parts)
