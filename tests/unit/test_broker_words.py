"""Why there is no broker is said in German too: all that drivers.mqtt can say, and what comes from others as it is."""

import re
from pathlib import Path

import pytest

from drivers import mqtt, mqtt_link
from firmware.broker_words import in_words
from firmware.said import german

DRIVERS = Path(__file__).parents[2] / "drivers"


def test_all_that_the_driver_says_of_a_broker_is_said_in_german() -> None:
    """Its own words, by its source."""
    own = {mqtt.HANGS_UP, mqtt_link.UNTRIED}
    for name in ("mqtt", "mqtt_link", "mqtt_watch"):
        text = (DRIVERS / f"{name}.py").read_text()
        own |= set(re.findall(r'(?:fault|why) = f?"([^"{]{4,})', text))
    assert len(own) > 7
    for words in own:
        fault = words + "keep alive timeout" if words.endswith(": ") else words
        assert in_words(fault) == fault
        assert german(in_words(fault)) != fault, fault


@pytest.mark.parametrize(("fault", "said"), [
    ("no answer from the broker: Connection refused", "keine Antwort vom Broker: dort nimmt niemand an"),
    ("refused: bad user name or password", "abgelehnt: Konto oder Passwort ist falsch"),
    ("connection lost: [Errno 99] x", "Verbindung verloren: [Errno 99] x"), ("", ""), ("else: what", "else: what"),
])
def test_what_comes_from_elsewhere_stays_as_it_is(fault: str, said: str) -> None:
    assert in_words(fault) == fault
    assert german(in_words(fault)) == said
