"""`notify SITE.toml --test`: one message to every service of [notify], and whether each took it."""

import argparse
import json
import time
from pathlib import Path

from drivers.mqtt_watch import MqttWatch
from firmware.config.file import SiteFile, load
from firmware.config.tables import access
from firmware.errors import UserError
from firmware.notices.post import post
from firmware.notices.services import services
from firmware.topics import slug

WAIT_S = 10.0
TAKEN_S = 1.0
WORDS = {"en": ("this is a test", "All is well: this message was asked for."),
         "de": ("das ist ein Test", "Alles in Ordnung: um diese Nachricht wurde gebeten.")}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("site", metavar="SITE.toml", type=Path)
    parser.add_argument("--test", action="store_true", required=True, help="send one message to each service")


def run(args: argparse.Namespace) -> int:
    file = load(args.site)
    if file.notify is None:
        raise UserError(f"{args.site}: no [notify] table, so nobody is told anything")
    title, text = WORDS[file.notify.language]
    title = f"{file.site.name}: {title}"
    found = [(service.name, post(service.url, title, text, "info"))
             for service in (services(file.notify.services) if file.notify.services else ())]
    if file.notify.mqtt:
        found.append(("MQTT", _over_mqtt(file, title, text)))
    for name, why in found:
        print(f"{name}: {why or 'told'}")
    return 1 if any(why for _, why in found) else 0


def _over_mqtt(file: SiteFile, title: str, text: str) -> str:
    assert file.mqtt is not None
    try:
        watch = MqttWatch(access(file.mqtt), (), lambda topic, payload, retained: None)
    except ValueError as error:
        return str(error)
    watch.start()
    end_s = time.monotonic() + WAIT_S
    while not watch.connected and time.monotonic() < end_s:
        time.sleep(0.05)
    payload = json.dumps({"t_s": int(time.time()), "title": title, "text": text, "critical": False, "well": True},
                         ensure_ascii=False)
    told = watch.say(f"hutschiene/{slug(file.site.name)}/site/notice", payload.encode())
    time.sleep(TAKEN_S if told else 0)
    watch.close()
    return "" if told else watch.fault
