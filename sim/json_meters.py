"""What JSON meters say about an instant: Shelly (RPC and Gen1) and Tasmota; each (topic or path, text).

Texts by hand, from the makers' descriptions, so that a number is written as the device writes it.
"""

from sim.p1_meter import thousandths
from sim.part import Point

ABOUT = '{"name":null,"id":"shellypro3em-0a1b","mac":"0A1B2C3D4E5F","model":"SPEM-003CEBEU","gen":2,"ver":"1.4.4"}'


def shelly(profile: str, channel: int, live: str, counters: str, now: Point) -> "tuple[tuple[str, str], ...]":
    """`live`, `counters`: where the two messages are."""
    if profile == "triphase":
        parts = []
        for at, name in enumerate("abc"):
            parts.append('"%s_current":%s,"%s_voltage":%s,"%s_act_power":%d.0,"%s_pf":0.99' % (
                name, decimal(abs(now.flow_ma[at])), name, decimal(now.voltage_mv[at]), name, now.power_w[at], name))
        text = '{"id":0,%s,"n_current":null,"total_current":9.1,"total_act_power":%d.000}' % (
            ",".join(parts), now.power_w.total())
        energy = '{"id":0,"total_act":%d.00,"total_act_ret":%d.00}' % (now.import_wh, now.export_wh)
        return (live, text), (counters, energy)
    if profile == "monophase":
        text = '{"id":%d,"current":%s,"voltage":%s,"act_power":%d.0,"pf":1,"freq":50.0}' % (
            channel, decimal(abs(now.flow_ma[0])), decimal(now.voltage_mv[0]), now.power_w.total())
        energy = '{"id":%d,"total_act_energy":%d.00,"total_act_ret_energy":%d.00}' % (
            channel, now.import_wh, now.export_wh)
        return (live, text), (counters, energy)
    each = []
    for at in range(3):
        share = now.import_wh // 3 if at else now.import_wh - 2 * (now.import_wh // 3)
        back = now.export_wh // 3 if at else now.export_wh - 2 * (now.export_wh // 3)
        each.append('{"power":%d.0,"pf":0.9,"current":%s,"voltage":%s,"is_valid":true,"total":%d.0,'
                    '"total_returned":%d.0}' % (now.power_w[at], decimal(abs(now.flow_ma[at])),
                                                decimal(now.voltage_mv[at]), share, back))
    return ((live, '{"wifi_sta":{"connected":true},"emeters":[%s]}' % ",".join(each)),)


def tasmota(layout: str, group: str, topic: str, now: Point) -> "tuple[tuple[str, str], ...]":
    total = now.power_w.total()
    if layout == "plug":
        inner = '"ENERGY":{"Total":%s,"Power":%d,"Voltage":%d,"Current":%s}' % (
            decimal(now.import_wh), total, now.voltage_mv[0] // 1000, decimal(abs(now.flow_ma[0])))
    else:
        phases = ",".join('"power_l%d":%d,"voltage_l%d":%s,"current_l%d":%s' % (
            at + 1, now.power_w[at], at + 1, decimal(now.voltage_mv[at]), at + 1, decimal(abs(now.flow_ma[at])))
            for at in range(3))
        inner = '"%s":{"Total_in":%s,"Total_out":%s,"Power_curr":%d,"Meter_Id":"0a01",%s}' % (
            group, decimal(now.import_wh), decimal(now.export_wh), total, phases)
    return ((topic, '{"Time":"2024-01-01T12:00:00",%s}' % inner),)


def decimal(value: int) -> str:
    """Of thousandths."""
    return thousandths(value, 1)
