"""What real stations get wrong and nobody is hurt by: read all the same, where the schemas of the standard refuse it.

Too long a text that is only shown or compared, a key nobody knows, an unknown word beside a value (values in words we
do not know are left out anyway), tenths that are none, null for what was left out. Found in reports of users about
Schneider EVlink (serial numbers of 34 characters), Sigenergy (cards of 21), Alfen (the context of values), Legrand
(errorCode "Error") with central systems on the same schemas. What we say ourselves is never pardoned.
"""

from collections.abc import Iterable
from typing import Any

TEXTS = ("chargePointVendor", "chargePointModel", "chargePointSerialNumber", "chargeBoxSerialNumber", "firmwareVersion",
         "iccid", "imsi", "meterType", "meterSerialNumber", "info", "vendorId", "vendorErrorCode", "idTag",
         "parentIdTag", "vendorName", "model", "serialNumber", "idToken", "value", "attributeValue", "techCode",
         "techInfo", "messageId", "data")
WORDS = ("errorCode", "reason", "stoppedReason", "context", "measurand", "unit", "location", "phase", "format",
         "triggerReason", "type")


def pardoned(errors: "Iterable[Any]") -> bool:
    """Whether all that breaks the schema (jsonschema's errors) is of no account."""
    return all(_is_small(error) for error in errors)


def _is_small(error: Any) -> bool:
    name = next((step for step in reversed(error.absolute_path) if isinstance(step, str)), "")
    if error.validator == "maxLength":
        return name in TEXTS
    if error.validator == "enum":
        return name in WORDS and isinstance(error.instance, str)
    return error.validator in ("additionalProperties", "multipleOf")


def without_nulls(tree: Any) -> Any:
    """A key whose value is null was left out."""
    if isinstance(tree, dict):
        return {key: without_nulls(value) for key, value in tree.items() if value is not None}
    return [without_nulls(one) for one in tree] if isinstance(tree, list) else tree
