"""One message in, one out, whichever OCPP it is; judged by the schemas on the way."""

import traceback
from typing import Any

from drivers import ocpp_16, ocpp_201, ocpp_frames
from drivers.ocpp_desk import At, Desk
from drivers.ocpp_frames import Answers, Asks, Broken, Payload, Refuses
from hal.faults import FRAME, REFUSED, DeviceError

DIALECTS: "dict[str, Any]" = {module.SUBPROTOCOL: module for module in (ocpp_16, ocpp_201)}


def answered(dialect: Any, desk: Desk, asks: Asks, at: At) -> str:
    """What we say to a request; raises Broken for one that breaks the standard."""
    ocpp_frames.judge(dialect.VERSION, asks)
    try:
        said = dialect.take(desk, asks.action, asks.payload, at)
        if said is None:
            raise Broken(f"{asks.action}: nothing a station asks for", "NotSupported", asks.id)
        return ocpp_frames.answer(dialect.VERSION, asks.id, asks.action, said)
    except (KeyError, ValueError, TypeError, IndexError):  # a mistake of ours costs one message, not all stations
        traceback.print_exc()
        raise Broken(f"{asks.action}: not understood", "InternalError", asks.id) from None


def judged(version: str, action: str, found: "Answers | Refuses") -> Payload:
    """The payload of an answer; DeviceError(REFUSED, FRAME)."""
    if isinstance(found, Refuses):
        raise DeviceError(REFUSED, f"{action}: {found.code} {found.words}".strip())
    try:
        ocpp_frames.judge_answer(version, action, found)
    except Broken as broken:
        raise DeviceError(FRAME, broken.words) from None
    return dict(found.payload)
