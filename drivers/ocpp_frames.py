"""OCPP-J messages without I/O: text in, requests and answers out, both judged by the schemas of the standard.

[2, id, action, payload] asks, [3, id, payload] answers, [4, id, code, words, details] refuses. What breaks a schema is
no message of ours, nor theirs but for trifles (drivers.ocpp_pardon): `Broken` says why. The `ocpp` package (MIT) frames
and has the schemas of 1.6 and 2.0.1.
"""

import json
import math
from collections import namedtuple
from decimal import Decimal
from typing import Any

import ocpp.messages
from ocpp.exceptions import OCPPError
from ocpp.messages import Call, CallError, CallResult

from drivers.ocpp_pardon import pardoned, without_nulls

ocpp.messages.ASYNC_VALIDATION = False  # a message is small: judged at once, without a pool of threads

VERSIONS = ("1.6", "2.0.1")
MOST_BYTES = 65_536  # of a message
MOST_ID = 64  # the standard has 36
MOST_WORDS = 200  # of theirs that we repeat
DECIMALS = ("1.6", "GetCompositeSchedule")  # whose schema the package reads with exact tenths
Payload = dict[str, Any]


class Asks(namedtuple("Asks", ("id", "action", "payload"))):
    """Somebody wants an answer."""

    __slots__ = ()
    id: str
    action: str
    payload: Payload


class Answers(namedtuple("Answers", ("id", "payload"))):
    """To what was asked under this id; not judged yet, for the answer does not say to what."""

    __slots__ = ()
    id: str
    payload: Payload


class Refuses(namedtuple("Refuses", ("id", "code", "words"))):
    __slots__ = ()
    id: str
    code: str
    words: str


class Broken(Exception):
    """Breaks the standard: `code` and words as the other side is told; `id` of the request, "" when it has none."""

    def __init__(self, words: str, code: str = "FormationViolation", id: str = "") -> None:
        super().__init__(words)
        self.words = words[:MOST_WORDS]
        self.code = code
        self.id = id


def parse(text: "str | bytes") -> "Asks | Answers | Refuses":
    """Raises Broken; the payload of what is asked or answered is not judged yet (`judge`)."""
    try:
        found = ocpp.messages.unpack(text)
        if not isinstance(found, CallError):
            found.payload = without_nulls(found.payload)
    except (OCPPError, ValueError, RecursionError, TypeError, KeyError, AttributeError) as error:
        raise Broken(_why(error)) from None
    id = found.unique_id
    if not isinstance(id, str) or len(id) > MOST_ID:
        raise Broken("a message without a usable id")
    if isinstance(found, CallError):
        return Refuses(id, str(found.error_code)[:64], str(found.error_description)[:MOST_WORDS])
    asked = id if isinstance(found, Call) else ""  # an answer is not answered
    if not isinstance(found.payload, dict):
        raise Broken("a payload that is no object", id=asked)
    if not _is_finite(found.payload):
        raise Broken("a number that is none", id=asked)
    if isinstance(found, CallResult):
        return Answers(id, found.payload)
    if not isinstance(found.action, str) or not found.action.isalnum() or len(found.action) > 64:
        raise Broken("no action", "NotImplemented", id)
    return Asks(id, found.action, found.payload)


def judge(version: str, asks: Asks) -> None:
    """Of theirs. Raises Broken for a request that breaks the schema of its action, or whose action is none."""
    try:
        _judge(version, Call(asks.id, asks.action, asks.payload), asks.id)
    except Broken:
        if not _pardoned(2, version, asks.action, asks.payload):
            raise


def judge_answer(version: str, action: str, answers: Answers) -> None:
    """Of theirs. Raises Broken for an answer that breaks the schema of what was asked."""
    try:
        _judge(version, CallResult(answers.id, answers.payload, action), answers.id)
    except Broken:
        if not _pardoned(3, version, action, answers.payload):
            raise


def request(version: str, id: str, action: str, payload: Payload) -> str:
    """What we ask, judged by the same schemas."""
    _judge(version, Call(id, action, payload), id)
    return str(Call(id, action, payload).to_json())


def answer(version: str, id: str, action: str, payload: Payload) -> str:
    _judge(version, CallResult(id, payload, action), id)
    return str(CallResult(id, payload, action).to_json())


def refusal(broken: Broken) -> str:
    return str(CallError(broken.id, broken.code, broken.words, {}).to_json())


def _why(error: Exception) -> str:
    if isinstance(error, OCPPError):
        return str(error.details.get("cause") or error.description)
    return str(error)


def _pardoned(kind: int, version: str, action: str, payload: Payload) -> bool:
    """`kind` as in OCPP-J: 2 asks, 3 answers."""
    try:
        if (version, action) == DECIMALS:
            payload = json.loads(json.dumps(payload), parse_float=Decimal)
        return pardoned(ocpp.messages.get_validator(kind, action, version).iter_errors(payload))
    except (OSError, ValueError, TypeError, ArithmeticError, RecursionError):
        return False


def _is_finite(payload: Payload) -> bool:
    """JSON has no NaN and no infinity; Python reads both."""
    left: "list[Any]" = [payload]
    while left:
        one = left.pop()
        if isinstance(one, float) and not math.isfinite(one):
            return False
        left += one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
    return True


def _judge(version: str, message: "Call | CallResult", id: str) -> None:
    try:
        _at_once(ocpp.messages.validate_payload(message, version))
    except OCPPError as error:
        words = "%s: %s" % (message.action, error.details.get("cause", error.description))
        raise Broken(" ".join(words.split()), error.code, id) from None
    except (ValueError, TypeError, RecursionError, ArithmeticError) as error:
        raise Broken("%s: %s" % (message.action, error), id=id) from None


def _at_once(coroutine: Any) -> None:
    """Runs what awaits nothing."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    coroutine.close()
    raise AssertionError("validation waits")
