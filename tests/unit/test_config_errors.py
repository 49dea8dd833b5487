# ruff: noqa: E501  a message is one line, and is compared as one
"""Wrong files, and what is said about each: file, line, key, value, what is allowed. All of a file's errors at once."""

from pathlib import Path

import pytest

from firmware.config import driver_modules
from firmware.config.file import MOST_BYTES, ConfigError, load
from firmware.config.tables import LINES

GOOD = """\
[site]
name = "Test"
latitude = 48.1
longitude = 11.6
[line.bus]
kind = "modbus-rtu"
port = "/dev/ttyUSB0"
[line.net]
kind = "modbus-tcp"
host = "192.168.1.20"
[line.head]
kind = "sml"
port = "/dev/ttyUSB1"
[line.pins]
kind = "gpio"
[node.house]
rated_a = 35
curve = "sls-e"
meter = "grid"
rest_a = 12
[node.garage]
parent = "house"
rated_a = 20
curve = "mcb-b"
rest_a = 2
[device.grid]
driver = "eastron_sdm630"
line = "bus"
unit = 1
[device.carport]
driver = "heidelberg_energy_control"
line = "bus"
unit = 2
node = "garage"
phases = "L2 L3 L1"
failsafe_a = 6
[device.battery]
driver = "sunspec_storage"
line = "net"
node = "house"
phases = "L1 L2 L3"
max_charge_w = 5000
max_discharge_w = 5000
[device.rod]
driver = "relay_rod"
line = "pins"
node = "house"
phases = "L1 L2 L3"
pin_1 = 17
pin_2 = 27
pin_3 = 22
element_1_w = 1000
element_2_w = 1000
element_3_w = 1000
"""

DRIVERS = ", ".join(driver_modules.known())
KINDS = ", ".join(sorted(LINES))
METER = '[device.{name}]\ndriver = "eastron_sdm630"\nline = "bus"\nunit = {unit}\n'

WRONG = {  # name: (what is replaced, by what, what is said)
    "a serial server for a meter that changes its rate": (
        'kind = "sml"\nport = "/dev/ttyUSB1"', 'kind = "d0"\nport = "tcp://192.168.1.21:4000"',
        ['13: line.head.port = "tcp://192.168.1.21:4000": allowed is a path: a serial server cannot change its rate on '
         'the way, as these meters do']),
    "a serial server without its port": (
        'port = "/dev/ttyUSB0"', 'port = "tcp://192.168.1.20"',
        ['7: line.bus.port = "tcp://192.168.1.20": allowed is tcp://HOST:PORT, or a path']),
    "a serial server that is another line": (
        'port = "/dev/ttyUSB0"', 'port = "tcp://192.168.1.20:502"',
        ['10: line.net.host = "192.168.1.20": [line.bus] is already there; one line a port, several devices share a line']),
    "unknown key": (
        "failsafe_a = 6", "failsave_a = 6",
        ["36: device.carport.failsave_a = 6: no such key here; did you mean failsafe_a?; known are accuracy_class, "
         "capacity_wh, charge_curve, checked, depart_at, depart_pct, discharge_curve, efficiency_pct, failsafe_a, failsafe_s, "
         "first_pct, full_pct, grid_pct, grid_price, heats_w, hysteresis_k, keep, legionella_c, legionella_days, line, litres, "
         "max_a, mid, min_rest_s, min_run_s, mode, most_c, most_wh_a_day, node, peak_pct, period_s, phases, priority, rated_a, "
         "reserve_pct, rest_below_w, section_14a, serial, stale_s, starts_a_day, temperature_of, unit, warm_by, warm_c"]),
    "out of bounds": (
        "failsafe_a = 6", "failsafe_a = 20",
        ["36: device.carport.failsafe_a = 20: allowed are 0 to 16 "
         "(current the box falls back to: 6 to 16, or 0 to stop)"]),
    "number in quotes": (
        "failsafe_a = 6", 'failsafe_a = "6"',
        ['36: device.carport.failsafe_a = "6": a number is written without quotes; allowed are 0 to 16 '
         "(current the box falls back to: 6 to 16, or 0 to stop)"]),
    "not a whole number": (
        "rated_a = 35", "rated_a = 35.0",
        ["17: node.house.rated_a = 35.0: only whole numbers; allowed are 6 to 125 "
         "(rated current of its fuse in A, per phase)"]),
    "true for a number": (
        "rated_a = 35", "rated_a = true",
        ["17: node.house.rated_a = true: allowed are 6 to 125 (rated current of its fuse in A, per phase)"]),
    "number for a switch": (
        "pin_1 = 17", "pin_1 = 17\nactive_high = 1",
        ["50: device.rod.active_high = 1: allowed are true and false (1 when a high pin closes the relay)"]),
    "number for text": (
        'name = "Test"', "name = 7",
        ["2: site.name = 7: text is written in quotes; allowed is text of 1 to 64 characters (what the house is called)"]),
    "not one of the words": (
        'curve = "sls-e"', 'curve = "SLS-E"',
        ['18: node.house.curve = "SLS-E": allowed are "gg", "mcb-b", "mcb-c", "mcb-d", "sls-e" '
         "(characteristic printed on the fuse)"]),
    "not one of the numbers": (
        'port = "/dev/ttyUSB0"', 'port = "/dev/ttyUSB0"\nbaud = 9601',
        ["8: line.bus.baud = 9601: allowed are 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200 (as set in the devices)"]),
    "missing key": (
        "rated_a = 20\n", "",
        ["21: node.garage.rated_a is missing: allowed are 6 to 125 (rated current of its fuse in A, per phase)"]),
    "missing site": (
        GOOD[:GOOD.index("[line.bus]")], "",
        ["1: site is missing: [site] with name, latitude and longitude"]),
    "no devices": (
        GOOD[GOOD.index("[device.grid]"):], "",
        ["1: device is missing: at least one [device.NAME]",
         '19: node.house.meter = "grid": there is no [device.grid]; none is known']),
    "unknown table": (
        "[site]\n", "[mqqt]\n[site]\n",
        ["1: mqqt: no such table; did you mean mqtt?; known are accounts, carry, commands, contact, device, history, "
         "journal, line, mqtt, node, notify, page, records, site, state"]),
    "a key of no certificate": (
        "[site]\n", '[mqtt]\nhost = "b"\nkey = "k"\n[site]\n',
        ['3: mqtt.key = "k": the key of a certificate; name that as cert']),
    "commands without a way in": (
        "[site]\n", "[commands]\nkeep = true\n[site]\n",
        ["1: mqtt is missing: commands come over the broker, or with [accounts] over the page",
         "1: state is missing: [state] with the folder where it is kept"]),
    "a page for all without accounts": (
        "[site]\n", '[page]\nhost = "0.0.0.0"\nkey = "k"\n[site]\n',
        ['2: page.host = "0.0.0.0": without [accounts] allowed is "127.0.0.1", this computer alone; [accounts] with '
         'guests = "viewer" lets everybody look', '3: page.key = "k": the key of a certificate; name that as cert']),
    "accounts without a page": (
        "[site]\n", '[accounts]\nfile = "a"\nidle_min = 1\n[site]\n',
        ["1: page is missing: accounts are of the page", "3: accounts.idle_min = 1: allowed are 5 to 1440 (a session "
         "ends so long after its last use, in min)"]),
    "nobody to be told": (
        "[site]\n", '[notify]\nquiet = "22-6"\n[site]\n',
        ["1: notify.services is missing: a file with the addresses of services, or mqtt = true",
         '2: notify.quiet = "22-6": allowed is when only what is critical is told, like "22:00-06:30"']),
    "told over no broker, by a file that is not there": (
        "[site]\n", '[notify]\nmqtt = true\nservices = "/none"\n[site]\n',
        ["1: mqtt is missing: [mqtt], over which notify.mqtt = true tells",
         '3: notify.services = "/none": /none cannot be read: No such file or directory']),
    "a key for a table": (
        "[site]\n", 'page = "yes"\n[site]\n', ['1: page = "yes": a table is written [page]']),
    "device without a name": (
        "[device.grid]", "[device]\nx = 5\n[device.grid]",
        ["27: device.x = 5: a device is a table of its own: [device.NAME]"]),
    "latitude": (
        "latitude = 48.1", "latitude = 148.1",
        ["3: site.latitude = 148.1: allowed are -90 to 90 (degrees north, at most 6 decimals)"]),
    "latitude not a number": (
        "latitude = 48.1", "latitude = nan",
        ["3: site.latitude = NaN: allowed are -90 to 90 (degrees north, at most 6 decimals)"]),
    "longitude too fine": (
        "longitude = 11.6", "longitude = 11.1234567",
        ["4: site.longitude = 11.1234567: finer than 0.1 m; allowed are -180 to 180 (degrees east, at most 6 decimals)"]),
    "unknown kind of line": (
        'kind = "modbus-rtu"', 'kind = "modbus"',
        [f'6: line.bus.kind = "modbus": no such kind; did you mean modbus-tcp?; known are {KINDS}']),
    "unknown driver": (
        'driver = "heidelberg_energy_control"', 'driver = "heidelberg"',
        [f'31: device.carport.driver = "heidelberg": no such driver; did you mean '
         f"heidelberg_energy_control?; known are {DRIVERS}"]),
    "missing driver": (
        'driver = "heidelberg_energy_control"\n', "",
        [f"30: device.carport.driver is missing: known are {DRIVERS}"]),
    "unknown line": (
        'line = "net"', 'line = "nett"',
        ['39: device.battery.line = "nett": there is no [line.nett]; did you mean net?; known are bus, head, net, pins']),
    "unknown node": (
        'node = "garage"', 'node = "garag"',
        ['34: device.carport.node = "garag": there is no [node.garag]; did you mean garage?; known are garage, house']),
    "unknown parent": (
        'parent = "house"', 'parent = "hause"',
        ['22: node.garage.parent = "hause": there is no [node.hause]; did you mean house?; known are garage, house']),
    "unknown meter": (
        'meter = "grid"', 'meter = "netz"',
        ['19: node.house.meter = "netz": there is no [device.netz]; known are battery, carport, grid, rod',
         "26: device.grid: a meter that measures no node; name it as meter of a node, "
         'or say role = "source" if it measures a generator']),
    "two devices on one address": (
        "unit = 2", "unit = 1",
        ["33: device.carport.unit = 1: [device.grid] already has this address on line bus; give each device its own"]),
    "one address unsaid": (
        "[device.rod]", '[device.second]\ndriver = "mypv_elwa2"\nline = "net"\nnode = "house"\nphases = "L1"\n[device.rod]',
        ["44: device.second.unit is missing: [device.battery] already has this address on line net (unit 1, because none is "
         "said)"]),
    "two lines on one port": (
        '"/dev/ttyUSB1"', '"/dev/../dev/ttyUSB0"',
        ['13: line.head.port = "/dev/../dev/ttyUSB0": [line.bus] is already there; one line a port, '
         "several devices share a line"]),
    "a list for a port": (
        'host = "192.168.1.20"', 'host = "192.168.1.20"\nport = []',
        ["11: line.net.port = []: allowed are 1 to 65535 (TCP port of the device)"]),
    "two lines on one host": (
        "[line.head]", '[line.rod]\nkind = "modbus-tcp"\nhost = "192.168.1.20"\n[line.head]',
        ['13: line.rod.host = "192.168.1.20": [line.net] is already there; one line a port, several devices share a line']),
    "two meters under one head": (
        "[device.carport]", '[device.a]\ndriver = "sml_head"\nline = "head"\nrole = "source"\nnode = "house"\nphases = "L1"\n'
        '[device.b]\ndriver = "sml_head"\nline = "head"\nrole = "source"\nnode = "house"\nphases = "L2"\n[device.carport]',
        ['38: device.b.line = "head": one meter a head or cable: [device.a]']),
    "driver on the wrong kind of line": (
        'line = "net"', 'line = "pins"',
        ['39: device.battery.line = "pins": a line of kind gpio; sunspec_storage hangs on modbus-tcp or modbus-rtu: bus, net']),
    "serial device without address": (
        "unit = 2\n", "", ["30: device.carport.unit is missing: allowed are 1 to 247 (Modbus address)"]),
    "address beyond the bus": (
        "unit = 2", "unit = 250",
        ["33: device.carport.unit = 250: allowed are 1 to 247 (Modbus address on a serial line)"]),
    "address where there is none": (
        "pin_1 = 17", "unit = 3\npin_1 = 17",
        ["49: device.rod.unit = 3: a line of kind gpio has no addresses; leave it out"]),
    "load on no node": (
        'node = "garage"\n', "",
        ["30: device.carport.node is missing: the node whose fuse it hangs behind; known are house, garage"]),
    "load without phases": (
        'phases = "L2 L3 L1"\n', "",
        ['30: device.carport.phases is missing: the grid phases it is wired to, in its own order: "L1 L2 L3", "L2 L3 L1", '
         '"L1", ...']),
    "phases misspelt": (
        'phases = "L2 L3 L1"', 'phases = "L2,L3,L1"',
        ['35: device.carport.phases = "L2,L3,L1": allowed is "L1 L2 L3" in the order of its own conductors, or fewer of them']),
    "phase twice": (
        'phases = "L2 L3 L1"', 'phases = "L2 L2 L1"',
        ['35: device.carport.phases = "L2 L2 L1": a phase twice; each conductor has its own']),
    "meter on one phase": (
        "unit = 1", 'unit = 1\nphases = "L1"',
        ['30: device.grid.phases = "L1": the meter of a node measures all three; allowed are L1, L2 and L3 in any order']),
    "circle of nodes": (
        'meter = "grid"', 'meter = "grid"\nparent = "garage"',
        ['20: node.house.parent = "garage": a circle: house <- garage <- house; the house connection has no parent, '
         "all others lead to it"]),
    "two roots": (
        'parent = "house"\n', "",
        ['21: node.garage.parent is missing: only the house connection has none, and that is "house"; say parent = "house", '
         "or which node feeds it",
         "21: node.garage.meter is missing: the house connection must be measured; name the device"]),
    "root without meter": (
        'meter = "grid"\n', "",
        ["16: node.house.meter is missing: the house connection must be measured; name the device",
         "25: device.grid: a meter that measures no node; name it as meter of a node, "
         'or say role = "source" if it measures a generator']),
    "unmeasured node without rest": (
        "rest_a = 2\n", "",
        ["21: node.garage.rest_a is missing: a node without a meter must say what the loads nobody controls may draw, "
         "in A per phase; allowed are 0 to 125"]),
    "meter of two nodes": (
        "rest_a = 2", 'rest_a = 2\nmeter = "grid"',
        ['26: node.garage.meter = "grid": it already measures [node.house]; a meter measures one node']),
    "wallbox as meter": (
        "rest_a = 2", 'rest_a = 2\nmeter = "carport"',
        ['26: node.garage.meter = "carport": it is a wallbox; allowed is a device that measures a node (role = "meter")']),
    "meter of nothing": (
        "[device.carport]", METER.format(name="spare", unit=9) + "[device.carport]",
        ["30: device.spare: a meter that measures no node; name it as meter of a node, "
         'or say role = "source" if it measures a generator']),
    "meter on another node": (
        "unit = 1", 'unit = 1\nnode = "garage"',
        ['30: device.grid.node = "garage": it measures [node.house]; leave it out, or change one of them']),
    "continuous above rated": (
        "rated_a = 20", "rated_a = 20\ncontinuous_a = 25",
        ["24: node.garage.continuous_a = 25: above its fuse; allowed are 6 to 20 (rated_a)"]),
    "rest above rated": (
        "rest_a = 2", "rest_a = 21", ["25: node.garage.rest_a = 21: above its fuse; allowed are 0 to 20 (rated_a)"]),
    "fail-safe currents above the fuse": (
        "rest_a = 12", "rest_a = 25",
        ["17: node.house.rated_a = 35: the fail-safe currents on L1 are above it: carport 6 A + rod 4.9 A + 25 A for the "
         "loads nobody controls = 35.9 A; allowed are at most 35 A: lower failsafe_a, max_a or rest_a"]),
    "fail-safe current above the garage's fuse": (
        "rated_a = 20", "rated_a = 7",
        ["23: node.garage.rated_a = 7: the fail-safe currents on L1 are above it: carport 6 A + 2 A for the loads nobody "
         "controls = 8 A; allowed are at most 7 A: lower failsafe_a, max_a or rest_a"]),
    "bands": (
        "max_charge_w = 5000", "max_charge_w = 5000\nreserve_pct = 60\nfirst_pct = 50",
        ["44: device.battery.first_pct = 50: reserve_pct 60, first_pct 50, full_pct 100: allowed is that none is above the "
         "next"]),
    "bands of a wallbox": (
        "failsafe_a = 6", "full_pct = 80", ["36: device.carport.full_pct = 80: a wallbox has no such key; leave it out"]),
    "a curve that falls back": (
        "max_charge_w = 5000", 'max_charge_w = 5000\ncharge_curve = ["90=3000", "80=5000"]',
        ['43: device.battery.charge_curve = ["90=3000", "80=5000"]: allowed is a list of "%=W" with rising %, each once']),
    "a curve of something else": (
        "max_charge_w = 5000", 'max_charge_w = 5000\ncharge_curve = ["90 % 3000 W"]',
        ['43: device.battery.charge_curve = ["90 % 3000 W"]: allowed is a list of 1 to 16 texts "%=W", like "95=1500" '
         "(storage: the most it does at a charge, straight in between)"]),
    "charged by price up to nowhere": (
        "max_charge_w = 5000", "max_charge_w = 5000\ngrid_pct = 80",
        ["43: device.battery.grid_pct = 80: up to there at which price? say grid_price too, in 0.001 ct/kWh"]),
    "charged by price beyond full": (
        "max_charge_w = 5000", "max_charge_w = 5000\ncapacity_wh = 9000\ngrid_price = 9000\ngrid_pct = 90\nfull_pct = 80",
        ["45: device.battery.grid_pct = 90: above full_pct; allowed are 0 to 80"]),
    "charged by price without a size": (
        "max_charge_w = 5000", "max_charge_w = 5000\ngrid_price = 9000",
        ["43: device.battery.grid_price = 9000: how much fits into it? say capacity_wh too"]),
    "a departure without a charge": (
        "max_charge_w = 5000", 'max_charge_w = 5000\ncapacity_wh = 9000\ndepart_at = "07:00"',
        ['44: device.battery.depart_at = "07:00": with which charge? say depart_pct too']),
    "a departure below the reserve": (
        "max_charge_w = 5000", "max_charge_w = 5000\nreserve_pct = 30\ndepart_pct = 20",
        ["44: device.battery.depart_pct = 20: allowed are 30 (reserve_pct) to 100 (full_pct)"]),
    "a time that is none": (
        "max_charge_w = 5000", 'max_charge_w = 5000\ndepart_at = "7 o\'clock"',
        ['43: device.battery.depart_at = "7 o\'clock": allowed is car: when it departs, local time: "07:00"']),
    "the battery of a car nobody tells of": (
        "failsafe_a = 6", "capacity_wh = 60000",
        ["36: device.carport.capacity_wh = 60000: it does not tell the charge of the car; leave it out "
         '(a json_device with soc = "PATH" tells it)']),
    "a curve of a wallbox": (
        "failsafe_a = 6", 'charge_curve = ["90=3000"]',
        ['36: device.carport.charge_curve = ["90=3000"]: a wallbox has no such key; leave it out']),
    "mode of a meter": (
        "unit = 1", 'unit = 1\nmode = "off"', ['30: device.grid.mode = "off": a meter has no such key; leave it out']),
    "mode of another kind": (
        "max_charge_w = 5000", 'max_charge_w = 5000\nmode = "minimum"',
        ['43: device.battery.mode = "minimum": a storage has no such mode; allowed are off, fast, surplus, target']),
    "unknown mode": (
        "failsafe_a = 6", 'mode = "pv"',
        ['36: device.carport.mode = "pv": allowed are "fast", "minimum", "off", "surplus", "target" (at start)']),
    "stale too soon": (
        "failsafe_a = 6", "period_s = 2\nstale_s = 4",
        ["37: device.carport.stale_s = 4: it is read every 2 s, and three may be missed; allowed are 6 to 300"]),
    "grid meter too slow": (
        "unit = 1", "unit = 1\nperiod_s = 5",
        ["30: device.grid.period_s = 5: too slow for the meter of the house connection; allowed are 1 to 3"]),
    "grid meter believed too long": (
        "unit = 1", "unit = 1\nstale_s = 11",
        ["30: device.grid.stale_s = 11: too long for the meter of the house connection; allowed are 3 to 10"]),
    "fail-safe sooner than the next reading": (
        "failsafe_a = 6", "failsafe_s = 6\nperiod_s = 3",
        ["36: device.carport.failsafe_s = 6: it falls back after 6 s of silence, but is read only every 3 s; "
         "allowed is more than 6 s, or a shorter period_s"]),
    "cable below the least current": (
        "failsafe_a = 6", "max_a = 5",
        ["36: device.carport.max_a = 5: the wallbox cannot charge with less than 6 A"]),
    "the driver refuses": (
        "pin_2 = 27", "pin_2 = 17", ["49: device.rod.pin_1 = 17: pin_1, pin_2, pin_3: the same pin twice"]),
    "two devices on one pin": (
        "[device.grid]", '[device.pump]\ndriver = "sg_ready"\nline = "pins"\nnode = "house"\nphases = "L1"\nlock_pin = 5\n'
        "boost_pin = 22\nnormal_w = 500\nboost_w = 1000\n[device.grid]",
        ["60: device.rod.pin_3 = 22: [device.pump] already has this pin (boost_pin); give each device its own"]),
    "name with a capital": (
        "[device.grid]", METER.format(name="Roof", unit=8) + 'role = "source"\nnode = "house"\nphases = "L1"\n[device.grid]',
        ["26: device.Roof: not allowed as a name; allowed are small letters, digits and _, at most 32 of them"]),
    "name with a space": (
        "[node.garage]", '[node."my garage"]\nparent = "house"\nrated_a = 20\ncurve = "gg"\nrest_a = 0\n[node.garage]',
        ['21: node."my garage": not allowed as a name; allowed are small letters, digits and _, at most 32 of them']),
    "reserved name": (
        "[device.grid]", METER.format(name="node_1", unit=8) + 'role = "source"\nnode = "house"\nphases = "L1"\n[device.grid]',
        ["26: device.node_1: not free as a name; site, status, carry, records and what begins with node_ or line_ are topics "
         "of the program's own"]),
    "password is not shown": (
        "[site]\n", '[mqtt]\nhost = "a"\npassword = 5\n[site]\n',
        ["3: mqtt.password = (not shown): text is written in quotes; allowed is text of 0 to 256 characters"]),
    "host with blanks": (
        'host = "192.168.1.20"', 'host = "192.168.1.20 "',
        ['10: line.net.host = "192.168.1.20 ": allowed is a name or an address, like "192.168.1.20"']),
    "inline and dotted keys": (
        "rated_a = 20\n", "rated_a = 20\nmax_w = {high = 5}\n'rest' . b = 1\n",
        ["24: node.garage.max_w: allowed are 1000 to 100000 (highest import in W)",
         "25: node.garage.rest: no such key here; did you mean rest_a?; known are continuous_a, curve, imbalance_va, max_w, "
         "meter, parent, rated_a, rest_a"]),
    "several at once": (
        GOOD[:GOOD.index("[line.net]")],
        '[site]\nname = ""\nlatitude = 48.1\n[line.bus]\nkind = "modbus-rtu"\nport = 5\nparity = "n"\n',
        ['2: site.name = "": allowed is text of 1 to 64 characters (what the house is called)',
         "1: site.longitude is missing: allowed are -180 to 180 (degrees east, at most 6 decimals)",
         "6: line.bus.port = 5: text is written in quotes; allowed is text of 1 to 255 characters "
         "(the serial adapter, /dev/serial/by-id/...; or a serial server, tcp://HOST:PORT)",
         '7: line.bus.parity = "n": allowed are "E", "N", "O" (even, none, odd; as set in the devices)']),
    "a wrong line hides nothing of its devices": (
        'port = "/dev/ttyUSB0"', "prt = 5",
        ["7: line.bus.prt = 5: no such key here; did you mean port?; known are baud, delay_ms, echo, parity, pause_ms, port, stop_bits",
         "5: line.bus.port is missing: allowed is text of 1 to 255 characters (the serial adapter, /dev/serial/by-id/...; or a serial server, tcp://HOST:PORT)"]),
    "no value": (
        'kind = "modbus-rtu"', "kind = modbus-rtu",
        ["6: no TOML: Invalid value (column 8) in kind = modbus-rtu; expected is a number, true, false, \"text in quotes\" "
         "or a [list]"]),
    "no equals sign": (
        "rated_a = 35", "rated_a: 35",
        ["17: no TOML: Expected '=' after a key in a key/value pair (column 8) in rated_a: 35"]),
    "a table twice": (
        "[device.battery]", "[device.carport]",
        ["37: no TOML: Cannot declare ('device', 'carport') twice (column 16) in [device.carport]; the table is there "
         "already"]),
    "a key twice": (
        "rated_a = 35", "rated_a = 35\nrated_a = 40",
        ["18: no TOML: Cannot overwrite a value (column 13) in rated_a = 40; the key is there already"]),
    "quotes not closed": (
        'curve = "sls-e"', 'curve = "sls-e',
        ["18: no TOML: Illegal character '\\n' (column 15) in curve = \"sls-e"]),
}


def said(path: Path) -> "list[str]":
    with pytest.raises(ConfigError) as caught:
        load(path)
    return list(caught.value.messages)


def test_the_file_all_wrong_ones_are_made_from_is_right(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text(GOOD)
    assert [device.name for device in load(path).devices] == ["grid", "carport", "battery", "rod"]


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_file_says_what_to_do(name: str, tmp_path: Path) -> None:
    old, new, expected = WRONG[name]
    assert GOOD.count(old) == 1
    path = tmp_path / "site.toml"
    path.write_text(GOOD.replace(old, new))
    assert said(path) == [f"{path}:{words}" for words in sorted(expected, key=lambda words: int(words.split(":")[0]))]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    assert said(path) == [f"{path}: cannot be read: No such file or directory"]
    assert said(tmp_path) == [f"{tmp_path}: cannot be read: Is a directory"]


def test_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text("\n \n")
    assert said(path) == [f"{path}: empty; site.example.toml shows what belongs here"]


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text(GOOD + "#" * MOST_BYTES)
    assert said(path) == [f"{path}: too large for a configuration; allowed are 256 KiB"]


def test_a_file_that_is_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_bytes(b'[site]\nname = "K\xfcche"\n')
    assert said(path) == [f"{path}:2: not UTF-8; save the file as UTF-8"]


def test_a_file_nested_without_end(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text("a = " + "[" * 50_000 + "]" * 50_000)
    assert said(path) == [f"{path}: nested too deep for a configuration"]


def test_too_many_devices(tmp_path: Path) -> None:
    many = "".join(METER.format(name=f"m{i}", unit=10 + i) for i in range(61))
    path = tmp_path / "site.toml"
    path.write_text(GOOD + many)
    assert f"{path}:26: device: 65 of them; allowed are 64" in said(path)


def test_the_lines_are_those_of_a_file_from_windows(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("rated_a = 20", "rated_a = 2").replace("\n", "\r\n").encode())
    assert [words.split(": ")[0] for words in said(path)] == [f"{path}:23"]
