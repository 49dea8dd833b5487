"""The way to a broker: address, account, certificates, version; one client that says why it has no connection.

MQTT 3.1.1 or 5. A connection that cannot be had is tried again for ever, after 1 s growing to 30 s.
"""

import ssl
from typing import NamedTuple

from paho.mqtt.client import Client, MQTTv5, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

KEEPALIVE_S = 30
CONNECT_S = 3.0
BACKOFF_S = (1, 30)  # first and longest wait between two attempts
UNTRIED = "not yet connected"
VERSIONS = {"3.1.1": MQTTv311, "5": MQTTv5}


class Access(NamedTuple):
    """`ca`, a file of certificates, switches TLS on by itself; `tls` alone trusts the system's."""

    host: str
    port: int = 1883
    user: str = ""
    password: str = ""
    tls: bool = False
    ca: str = ""
    cert: str = ""  # our own certificate and its key, for brokers that ask for one
    key: str = ""
    version: str = "3.1.1"


class Link(Client):
    """A client of paho's that keeps the reason why its newest attempt failed."""

    why = ""

    def reconnect(self) -> MQTTErrorCode:
        try:
            return super().reconnect()
        except ssl.SSLCertVerificationError as error:
            self.why = f"the broker's certificate is not trusted: {error.verify_message}"
            raise
        except OSError as error:
            self.why = f"no answer from the broker: {error.strerror or error}"
            raise


def link(access: Access, name: str) -> Link:
    """Not yet connected; a session lasts no longer than its connection.

    Raises ValueError naming the key of the configuration whose file cannot be used.
    """
    client = Link(CallbackAPIVersion.VERSION2, name, protocol=VERSIONS[access.version])
    client.reconnect_delay_set(*BACKOFF_S)
    client.connect_timeout = CONNECT_S
    if access.user:
        client.username_pw_set(access.user, access.password)
    if access.tls or access.ca or access.cert:
        client.tls_set_context(_context(access))
    return client


def connect(client: Link, access: Access) -> None:
    """At once and for ever, in paho's own thread; returns before there is a connection."""
    if access.version == "5":
        client.connect_async(access.host, access.port, KEEPALIVE_S, clean_start=True)
    else:
        client.connect_async(access.host, access.port, KEEPALIVE_S)
    client.loop_start()


def _context(access: Access) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=access.ca or None)
    except OSError as error:
        raise ValueError(f"ca = {access.ca!r}: not usable as certificates to trust: {error}") from error
    if access.cert:
        try:
            context.load_cert_chain(access.cert, access.key or None, password=lambda: "")
        except OSError as error:
            raise ValueError(f"cert = {access.cert!r}: not usable with its key: {error}") from error
    return context
