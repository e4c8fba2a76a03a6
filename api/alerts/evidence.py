"""What an alert shows as its reason."""

from typing import Annotated, Any

from pydantic import WithJsonSchema

_TEXT, _NUMBER = {"type": "string"}, {"type": ["number", "null"]}
_FIELDS = {
    "text_zh": _TEXT | {"description": "the reason in a sentence"},
    "text_en": _TEXT,
    "metric": _TEXT,
    "unit": _TEXT | {"description": "of value and limit"},
    "value": _NUMBER | {"description": "what was measured"},
    "limit": _NUMBER | {"description": "from where on it is an alert"},
    "since": _TEXT | {"description": "since when it has held, ISO 8601"},
    "device": {"type": "integer"},
    "test": {
        "type": "boolean",
        "description": "its device said that it is being tested: perhaps a test",
    },
    "policy": {
        "type": "object",
        "additionalProperties": {"type": "number"},
        "description": "the values by which it was judged that are not the rule's defaults",
    },
    "policy_zh": _TEXT | {"description": "the same in words"},
    "policy_en": _TEXT,
}

# Described closely, taken as it is: an alert that an earlier version wrote must be shown whatever it carries.
Evidence = Annotated[
    dict[str, Any], WithJsonSchema({"type": "object", "properties": _FIELDS, "additionalProperties": True})
]
