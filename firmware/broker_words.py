"""Why there is no broker, as drivers.mqtt and the broker say it in English, for those who read German."""

from firmware.said import Said, said


def in_words(fault: str) -> str:
    """The same in English; what is not known here stays as it is."""
    begin, _, why = fault.partition(": ")
    if begin == "no answer from the broker":
        return said("no answer from the broker: {}", _why(why))
    if begin == "connection lost":
        return said("connection lost: {}", _why(why))
    if begin == "refused":
        return said("refused: {}", _why(why))
    if begin == "the broker's certificate is not trusted":
        return said("the broker's certificate is not trusted: {}", _why(why))
    if begin == "the broker refuses what is published":
        return said("the broker refuses what is published: {}", _why(why))
    if fault == "the broker does not let commands be heard":
        return said("the broker does not let commands be heard")
    if fault == "the broker does not let this account look":
        return said("the broker does not let this account look")
    if begin == "the broker hangs up before it lets us in":
        return said("the broker hangs up before it lets us in: does it want a certificate, or another port?")
    return said("not yet connected") if fault == "not yet connected" else fault


def _why(words: str) -> str:
    """Of the system, of TLS and of MQTT, what is met most."""
    known: "tuple[Said, ...]" = (
        said("Connection refused"), said("timed out"), said("No route to host"), said("Network is unreachable"),
        said("Name or service not known"), said("Temporary failure in name resolution"), said("not authorized"),
        said("bad user name or password"), said("unspecified error"), said("keep alive timeout"),
        said("certificate has expired"), said("self-signed certificate in certificate chain"),
        said("unable to get local issuer certificate"))
    return next((one for one in known if one == words), words)
