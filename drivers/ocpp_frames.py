"""OCPP-J messages without I/O: text in, requests and answers out, both judged by the schemas of the standard.

[2, id, action, payload] asks, [3, id, payload] answers, [4, id, code, words, details] refuses. What breaks a schema is
no message of ours or theirs: `Broken` says why. The `ocpp` package (MIT) frames and has the schemas of 1.6 and 2.0.1.
"""

import math
from collections import namedtuple
from typing import Any

import ocpp.messages
from ocpp.exceptions import OCPPError
from ocpp.messages import Call, CallError, CallResult

ocpp.messages.ASYNC_VALIDATION = False  # a message is small: judged at once, without a pool of threads

VERSIONS = ("1.6", "2.0.1")
MOST_BYTES = 65_536  # of a message
MOST_ID = 64  # the standard has 36
MOST_WORDS = 200  # of theirs that we repeat
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
    except (OCPPError, ValueError, RecursionError, TypeError, KeyError, AttributeError) as error:
        raise Broken(str(getattr(error, "description", "") or error)) from None
    id = found.unique_id
    if not isinstance(id, str) or len(id) > MOST_ID:
        raise Broken("a message without a usable id")
    if isinstance(found, CallError):
        return Refuses(id, str(found.error_code)[:64], str(found.error_description)[:MOST_WORDS])
    if not isinstance(found.payload, dict):
        raise Broken("a payload that is no object", id=id)
    if not _is_finite(found.payload):
        raise Broken("a number that is none", id=id)
    if isinstance(found, CallResult):
        return Answers(id, found.payload)
    if not isinstance(found.action, str) or not found.action.isalnum() or len(found.action) > 64:
        raise Broken("no action", "NotImplemented", id)
    return Asks(id, found.action, found.payload)


def judge(version: str, asks: Asks) -> None:
    """Raises Broken for a request that breaks the schema of its action, or whose action is none."""
    _judge(version, Call(asks.id, asks.action, asks.payload), asks.id)


def judge_answer(version: str, action: str, answers: Answers) -> None:
    """Raises Broken for an answer that breaks the schema of what was asked."""
    _judge(version, CallResult(answers.id, answers.payload, action), answers.id)


def request(version: str, id: str, action: str, payload: Payload) -> str:
    """What we ask, judged by the same schemas."""
    judge(version, Asks(id, action, payload))
    return str(Call(id, action, payload).to_json())


def answer(version: str, id: str, action: str, payload: Payload) -> str:
    judge_answer(version, action, Answers(id, payload))
    return str(CallResult(id, payload, action).to_json())


def refusal(broken: Broken) -> str:
    return str(CallError(broken.id, broken.code, broken.words, {}).to_json())


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
