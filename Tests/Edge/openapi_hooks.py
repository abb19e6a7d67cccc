"""What schemathesis may not hold against the edge, case by case: the mapping of protobuf to JSON takes more spellings of
a value than a schema of the one that is written can tell, and some rules are no schema's.

Loaded by schemathesis (SCHEMATHESIS_HOOKS). Everything else that it finds is a failure.
"""

import re

import schemathesis
from jsonschema import Draft202012Validator, FormatChecker
from schemathesis.core import NotSet
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.openapi.checks import RejectedPositiveData

# Reasons of a 400 for a request that is well formed, with what no schema can say.
BUSINESS = {
    "PASSWORD_WEAK": "how hard a password is to guess",
    "SIZE_OUT_OF_RANGE": "how many entries the audit log has",
    "PAGE_TOKEN_INVALID": "which tokens were given, and for what",
    "NETWORK_INVALID": "which texts are addresses or networks",
    "PERMISSION_UNKNOWN": "which permissions the running services declare",
    "KEY_MALFORMED": "a key's checksum",
    "FIELD_IMMUTABLE": "which fields of a resource can change",
    "USER_REQUIRED": "whether the caller is a user or a key",
    "LAST_ADMIN": "who else is an admin",
    "KEY_INACTIVE": "whether a key's time is over",
    "ROTATION_UNFINISHED": "whether an earlier secret still works",
    "IDEMPOTENCY_KEY_INVALID": "that the header, which is a UUID by its schema, is the same as requestId",
    "REQUEST_ID_REUSED": "what was sent under the same requestId before",
}
# Ends of what FIELDS_INVALID says of a field that is well formed.
BUSINESS_FIELDS = {
    "must be a role": "that no element of a list may be an enumeration's unspecified value",
    "must be in the future": "the time",
    "must be the caller, or empty": "who calls",
    "must have no control characters": "what a terminal or a database does not take",
}


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Whether a failure counts."""
    if isinstance(failure, RejectedPositiveData):
        return not is_business(response)
    if isinstance(failure, AcceptedNegativeData):
        return not is_another_spelling(case)
    return True


# Messages of PARAMETER_INVALID about requests whose parts do not fit each other.
BUSINESS_PARTS = ("the body gives this field another value than the path",)


def is_business(response):
    error = response.json()
    if error.get("message", "").endswith(BUSINESS_PARTS):
        return True
    for detail in error.get("details", []):
        if detail.get("reason") in BUSINESS:
            return True
        if fields := detail.get("fieldViolations"):
            return all(any(field["description"].endswith(end) for end in BUSINESS_FIELDS) for field in fields)
    return False


def is_another_spelling(case):
    """Whether a request that was meant to be wrong is right once it is written as answers are."""
    document = case.operation.schema.raw_schema
    path = re.sub(r"^.*?(?=/api/)", "", case.operation.path)
    operation = document["paths"][path][case.operation.method.lower()]
    speller = Speller(document["components"])
    places = {"path": case.path_parameters, "query": case.query, "header": case.headers}
    for parameter in operation.get("parameters", []):
        given = places[parameter["in"]] or {}
        names = {parameter["name"]}
        if parameter["in"] == "query":
            names.add(snake(parameter["name"]))
        elif parameter["in"] == "header":
            given = {name.lower(): value for name, value in given.items()}
            names = {parameter["name"].lower()}
        found = [given[name] for name in names if given.get(name) is not None]
        if len(found) > 1:
            return False
        value = speller.text(found[0], parameter["schema"]) if found else None
        if speller.is_none(value, parameter["schema"]):
            if parameter.get("required"):
                return False
        elif not speller.fits(value, parameter["schema"]):
            return False
    body = operation.get("requestBody")
    if body is None:
        return True
    schema = body["content"]["application/json"]["schema"]
    # No body is a message whose fields all have their defaults.
    given = case.body if isinstance(case.body, dict) else {} if isinstance(case.body, NotSet) else None
    return given is not None and speller.fits(speller.value(given, schema), schema)


def snake(name):
    return re.sub(r"[A-Z]", lambda letter: "_" + letter.group().lower(), name)


class Speller:
    """Writes values as answers have them, so far as the mapping to JSON takes them (docs/transcoding.md)."""

    def __init__(self, components):
        self.components = components

    def fits(self, value, schema):
        whole = {**schema, "components": self.components}
        return Draft202012Validator(whole, format_checker=FormatChecker()).is_valid(value)

    def resolve(self, schema):
        if "$ref" in schema:
            return self.components["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        return schema

    def is_none(self, value, schema):
        """Whether a value is a field's default, which stands for no value."""
        schema = self.resolve(schema)
        zero = schema["enum"][0] if "enum" in schema else None
        return value is None or value is False or value in ("", [], {}, zero) or (
            not isinstance(value, bool) and value in (0, "0") and (
                schema.get("type") in ("integer", "number") or "int64" in schema.get("format", "")))

    def text(self, value, schema):
        """A value of a path, a query or a header: text, whatever it is."""
        schema = self.resolve(schema)
        if schema.get("type") == "array":
            values = value if isinstance(value, list) else [value]
            return [self.text(one, schema["items"]) for one in values]
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if isinstance(value, bool):
            value = str(value).lower()
        if isinstance(value, str) and schema.get("type") == "boolean" and value in ("true", "false"):
            return value == "true"
        return self.value(value if isinstance(value, (str, type(None))) else str(value), schema)

    def value(self, value, schema):
        schema = self.resolve(schema)
        kind = schema.get("type")
        if kind == "object" and isinstance(value, dict) and "properties" in schema:
            return self.message(value, schema)
        if kind == "object" and isinstance(value, dict) and isinstance(schema.get("additionalProperties"), dict):
            return {name: self.value(one, schema["additionalProperties"]) for name, one in value.items()}
        if kind == "array" and isinstance(value, list):
            return [self.value(one, schema["items"]) for one in value]
        if "enum" in schema:
            return self.enumeration(value, schema["enum"])
        if kind in ("integer", "number") and isinstance(value, str):
            try:
                value = float(value)
            except ValueError:
                return value
        if kind == "integer" and isinstance(value, float) and value.is_integer():
            return int(value)
        if "int64" in schema.get("format", "") and isinstance(value, (int, float)) and not isinstance(value, bool):
            return str(int(value)) if float(value).is_integer() else value
        return value

    @staticmethod
    def enumeration(value, names):
        # The contract's enumerations are numbered from 0 without gaps.
        try:
            number = float(value) if not isinstance(value, bool) else -1
        except (TypeError, ValueError):
            return value
        return names[int(number)] if number.is_integer() and 0 <= number < len(names) else value

    def message(self, value, schema):
        written = {}
        properties = schema["properties"]
        for name, one in value.items():
            known = next((each for each in properties if name in (each, snake(each))), name)
            if known in written:
                return value
            if known not in properties:
                written[known] = one
                continue
            one = self.value(one, properties[known])
            # Of fields without presence; an empty message is one.
            if not self.is_none(one, properties[known]) or one == {}:
                written[known] = one
        return written
