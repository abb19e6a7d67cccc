"""What Python's json_format does otherwise, each as a rule: docs/transcoding-differences.md has them with their reasons.

A rule says exactly which values it is about, and what to write instead so that no difference is left. An input whose
results differ is settled by all rules that apply to it; of what comes out both must make the same, whoever took the
input before must have made that same of it, and somebody must have refused it only where a rule says so. So a rule
excuses its own difference and nothing beside it.
"""

import base64
import binascii
import dataclasses
import re
from decimal import Decimal, InvalidOperation

from google.protobuf import duration_pb2, timestamp_pb2

import json_text
from json_text import Number, Pairs

# Who goes wrong by a rule. STRICT: Transcoding refuses what Python reads. LOOSE: Python refuses, or leaves out, what
# Transcoding reads. OTHER: both read it, and Python makes another value of it.
STRICT, LOOSE, OTHER = "strict", "loose", "other"

INTEGERS = {
    "int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1), "uint32": (0, 2**32 - 1), "uint64": (0, 2**64 - 1),
}
JSON_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
WHOLE = re.compile(r"-?(0|[1-9]\d*)", re.ASCII)
LARGEST_FLOAT = Decimal(2**128 - 2**104)
# Half a step above the largest float: from here on numbers round beyond it.
FLOAT_LIMIT = Decimal(2**128 - 2**103)
DOUBLE_LIMIT = Decimal(2**1024 - 2**970)
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)", re.ASCII)
DURATION = re.compile(r"-?\d{1,18}(\.\d{1,9})?s", re.ASCII)
BASE64 = re.compile(r"([\w+/-]{4})*([\w+/-]{2}(==)?|[\w+/-]{3}=?)?", re.ASCII)
EXTENSION = re.compile(r"\[[a-zA-Z0-9._]*\]")
SURROGATE = re.compile("[\ud800-\udfff]")
DELETE = object()


@dataclasses.dataclass
class Settled:
    """An input without its differences, and what made them."""

    text: str
    rules: set
    # Whose result stays the same: not where a rule has nothing to write for what Python made.
    keeps_python: bool = True
    keeps_ours: bool = True

    @property
    def kinds(self):
        return {kind for _, kind in self.rules}


class Settler:
    """Goes through an input along its message's descriptor, and rewrites what rules are about."""

    def __init__(self, pool, ignores_unknown):
        self.pool = pool
        self.ignores = ignores_unknown
        self.done = Settled("", set())

    def settle(self, descriptor, text):
        """The input without its differences; None where it is no JSON even to Python."""
        value = json_text.parse(text)
        value = self.message(descriptor, self.constants(value))
        self.done.text = json_text.write(value)
        return self.done

    def note(self, name, kind, replacement, keeps_python=True, keeps_ours=True):
        """A rule applies: `replacement` stands for the value."""
        self.done.rules.add((name, kind))
        self.done.keeps_python &= keeps_python
        self.done.keeps_ours &= keeps_ours
        return replacement

    # MARK: Anywhere

    def constants(self, value):
        """NaN and the infinities without quotes, wherever they stand: no JSON."""
        if isinstance(value, Pairs):
            return Pairs([(key, self.constants(inner)) for key, inner in value.items])
        if isinstance(value, list):
            return [self.constants(inner) for inner in value]
        if isinstance(value, Number) and value.raw in ("NaN", "Infinity", "-Infinity"):
            return self.note("bare NaN", STRICT, Number("0"), keeps_python=False)
        return value

    def ignored(self, value):
        """A value that nobody reads, as its field is unknown."""
        if isinstance(value, Pairs):
            found = {}
            for key, inner in value.items:
                if key in found:
                    self.note("key twice in what is ignored", LOOSE, None)
                found[self.ignored(key)] = self.ignored(inner)
            return Pairs(list(found.items()))
        if isinstance(value, list):
            return [self.ignored(inner) for inner in value]
        if isinstance(value, str) and SURROGATE.search(value):
            return self.note("half a pair in what is ignored", STRICT, SURROGATE.sub("?", value))
        return value

    # MARK: Messages

    def message(self, descriptor, value):
        """A value for a message of any type."""
        name = descriptor.full_name
        if name == "google.protobuf.Any":
            return self.any(value)
        if name in ("google.protobuf.Value", "google.protobuf.Struct", "google.protobuf.ListValue"):
            return self.value(value)
        if name == "google.protobuf.Timestamp":
            return self.time(value, RFC_3339, timestamp_pb2.Timestamp)
        if name == "google.protobuf.Duration":
            return self.time(value, DURATION, duration_pb2.Duration)
        if name == "google.protobuf.FieldMask":
            return self.mask(value)
        if name.startswith("google.protobuf.") and name.endswith("Value"):
            return self.scalar(descriptor.fields_by_name["value"], value)
        if value == "" or value == []:
            return self.note("nothing for a message", STRICT, Pairs([]))
        if self.ignores and (isinstance(value, str) or isinstance(value, list) and all(isinstance(i, str) for i in value)):
            return self.note("text for a message", STRICT, Pairs([]))
        if not isinstance(value, Pairs):
            return value
        return self.fields(descriptor, value)

    def fields(self, descriptor, value, beside=()):
        """An object for an ordinary message."""
        by_json = {field.json_name: field for field in descriptor.fields}
        found, unknown, result, members = {}, set(), [], {}
        for key, inner in value.items:
            if key in beside:
                result.append((key, inner))
                continue
            field = by_json.get(key) or descriptor.fields_by_name.get(key)
            if field is None:
                if self.ignores and EXTENSION.fullmatch(key):
                    self.note("a key in brackets", LOOSE, None)
                    continue
                if not self.ignores:
                    result.append((key, inner))
                elif key in unknown:
                    self.note("key twice in what is ignored", LOOSE, None)
                else:
                    unknown.add(key)
                    result.append((self.ignored(key), self.ignored(inner)))
                continue
            if field.number in found and found[field.number] != key:
                # Python merges a second message into the first, for which there is nothing to write.
                self.note("under both names", STRICT, None, keeps_python=field.message_type is None)
                result = [(other, kept) for other, kept in result if other != found[field.number]]
            found[field.number] = key
            inner = self.field(field, inner)
            if field.containing_oneof is not None and (inner is not None or takes_null(field)):
                members.setdefault(field.containing_oneof.name, []).append((key, inner, field))
            if inner is not DELETE:
                result.append((key, inner))
        for group in members.values():
            group = [one for one in group if one[1] is not DELETE]
            if len(group) > 1 and sum(inner is not None for _, inner, _ in group) <= 1:
                # Python lets the last stand.
                self.note("null in a oneof", STRICT, None)
                gone = {key for key, _, _ in group[:-1]}
                result = [(key, inner) for key, inner in result if key not in gone]
        return Pairs(result)

    def field(self, field, value):
        """A field's value: one, a list or a map."""
        if value is None:
            if field.is_repeated and takes_null(field):
                return self.note("null for a list of what takes null", LOOSE, DELETE)
            return value
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            return self.map(field.message_type, value)
        if not field.is_repeated:
            return self.one(field, value)
        if not isinstance(value, list):
            return value
        if field.enum_type is not None and field.enum_type.full_name == "google.protobuf.NullValue":
            value = [
                self.note("null in a list of NullValue", LOOSE, Number("0")) if inner is None else inner for inner in value
            ]
        elements = [inner if inner is None and not takes_null(field) else self.one(field, inner) for inner in value]
        return [inner for inner in elements if inner is not DELETE]

    def map(self, entry, value):
        """An object for a map."""
        if not isinstance(value, Pairs):
            return value
        key_field, value_field = entry.fields_by_name["key"], entry.fields_by_name["value"]
        numbers, result = {}, []
        for key, inner in value.items:
            if key_field.type not in (key_field.TYPE_STRING, key_field.TYPE_BOOL):
                key = self.scalar(key_field, key)
                key = key.raw if isinstance(key, Number) else key
                number = exact(key)
                if number is not None and number in numbers and numbers[number] != key:
                    self.note("a map's key in two forms", STRICT, None)
                    result = [(other, kept) for other, kept in result if other != numbers[number]]
                numbers[number] = key
            inner = inner if inner is None else self.one(value_field, inner)
            if inner is not DELETE:
                result.append((key, inner))
        return Pairs(result)

    def one(self, field, value):
        """One value of a field."""
        if field.message_type is not None:
            return self.message(field.message_type, value)
        return self.scalar(field, value)

    # MARK: Scalars

    def scalar(self, field, value):
        """A value for a number, enum or bytes; nothing else has differences."""
        if field.enum_type is not None:
            return self.enum(field, value)
        kind = field.cpp_type
        if kind in (field.CPPTYPE_INT32, field.CPPTYPE_INT64, field.CPPTYPE_UINT32, field.CPPTYPE_UINT64):
            return self.integer(value)
        if kind in (field.CPPTYPE_DOUBLE, field.CPPTYPE_FLOAT):
            return self.floating(value, kind == field.CPPTYPE_FLOAT)
        if field.type == field.TYPE_BYTES and isinstance(value, str) and not BASE64.fullmatch(value):
            try:
                content = base64.urlsafe_b64decode(value.encode() + b"=" * (4 - len(value.encode()) % 4))
            except (binascii.Error, UnicodeEncodeError):
                return value
            return self.note("not base64", STRICT, base64.b64encode(content).decode())
        return value

    def integer(self, value):
        """A whole number."""
        if isinstance(value, str) and not JSON_NUMBER.fullmatch(value):
            if " " in value:
                return value
            try:
                return self.note("Python's numbers", STRICT, str(int(value)))
            except ValueError:
                pass
            try:
                number = float(value)
            except ValueError:
                return value
            return self.note("Python's numbers", STRICT, str(int(number))) if number.is_integer() else value
        return self.rounded(value)

    def rounded(self, value):
        """A whole number with a fraction or a power of ten: Python makes a double of it first."""
        raw = value.raw if isinstance(value, Number) else value
        if not isinstance(raw, str) or WHOLE.fullmatch(raw):
            return value
        number, double = exact(raw), float(raw)
        if number is None or number == Decimal(double) or not double.is_integer():
            return value
        quote = str if isinstance(value, str) else Number
        if number == number.to_integral_value():
            return self.note("whole numbers through a double", OTHER, quote(str(int(number))), keeps_python=False)
        return self.note("a fraction beyond a double's digits", STRICT, quote(str(int(double))))

    def enum(self, field, value):
        """An enum's name or number; proto2's know their numbers only."""
        value = self.enum_number(field, value)
        text = value.raw if isinstance(value, Number) else value
        if self.ignores and field.enum_type.is_closed and isinstance(text, str) and WHOLE.fullmatch(text):
            if int(text) not in field.enum_type.values_by_number:
                return self.note("an unknown number of a closed enum", LOOSE, DELETE, keeps_python=False)
        return value

    def enum_number(self, field, value):
        """An enum's name or number, whichever the numbers are that it knows."""
        if isinstance(value, bool):
            return self.note("a boolean for a number", STRICT, Number(str(int(value))))
        if isinstance(value, Number):
            number = exact(value.raw)
            if number is None or abs(number) > 2**70:
                return value
            if number != number.to_integral_value():
                return self.note("a fraction for an enum", STRICT, Number(str(int(float(value.raw)))))
            return self.cut(field, self.rounded(value))
        if not isinstance(value, str) or value in field.enum_type.values_by_name:
            return value
        if not JSON_NUMBER.fullmatch(value):
            try:
                number = Number(str(int(value)))
            except ValueError:
                return value
            # To Transcoding it is an unknown name.
            kind = OTHER if self.ignores else STRICT
            return self.cut(field, self.note("Python's numbers", kind, number, keeps_ours=not self.ignores))
        if WHOLE.fullmatch(value):
            return self.cut(field, value)
        number = exact(value)
        if number == number.to_integral_value() and abs(number) < 2**31:
            return self.note("an enum's number as text", LOOSE, Number(str(int(number))), keeps_python=False)
        if self.ignores:
            return self.note("an enum's number as text", STRICT, DELETE)
        return value

    def cut(self, field, value):
        """Python cuts an enum's number to 32 bits where what is left is one that the enum knows."""
        number = int(exact(value.raw if isinstance(value, Number) else value))
        low = number & 0xFFFF_FFFF
        low = low - 2**32 if low >= 2**31 else low
        if -(2**63) <= number < 2**63 and number != low and low in field.enum_type.values_by_number:
            return self.note("an enum's number beyond 32 bits", STRICT, Number(str(low)))
        return value

    def floating(self, value, is_float):
        """A floating-point number."""
        if isinstance(value, bool):
            return self.note("a boolean for a number", STRICT, Number(str(int(value))))
        if isinstance(value, str) and not JSON_NUMBER.fullmatch(value):
            if value in ("NaN", "Infinity", "-Infinity"):
                return value
            try:
                number = float(value)
            except ValueError:
                return value
            if value == "nan":
                return value
            text = {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}.get(repr(number), repr(number))
            return self.floating(self.note("Python's numbers", STRICT, text), is_float)
        raw = value.raw if isinstance(value, Number) else value
        if not isinstance(raw, str):
            return value
        if raw == "-0" and isinstance(value, Number):
            return self.note("-0", OTHER, Number("-0.0"), keeps_python=False)
        number = exact(raw)
        if number is None:
            return value
        beyond = abs(number) >= (FLOAT_LIMIT if is_float else DOUBLE_LIMIT)
        if beyond and (isinstance(value, str) or is_float and WHOLE.fullmatch(raw) and abs(number) < DOUBLE_LIMIT):
            return self.note("beyond a floating-point number", STRICT, "-Infinity" if number < 0 else "Infinity")
        if is_float and not beyond and isinstance(value, Number) and abs(number) > LARGEST_FLOAT and not WHOLE.fullmatch(raw):
            return self.note("digits of the largest float", LOOSE, Number(f"{'-' if number < 0 else ''}3.4028234663852886e38"))
        return value

    # MARK: Well-known types

    def value(self, value):
        """Any JSON value."""
        if isinstance(value, Pairs):
            return Pairs([(key, self.value(inner)) for key, inner in value.items])
        if isinstance(value, list):
            return [self.value(inner) for inner in value]
        if isinstance(value, Number):
            if value.raw == "-0":
                return self.note("-0", OTHER, Number("-0.0"), keeps_python=False)
            number = exact(value.raw)
            if number is not None and abs(number) >= DOUBLE_LIMIT and not WHOLE.fullmatch(value.raw):
                return self.note("beyond a floating-point number", STRICT, Number("0"), keeps_python=False)
        return value

    def time(self, value, form, kind):
        """A timestamp or duration."""
        if not isinstance(value, str) or form.fullmatch(value):
            return value
        message = kind()
        try:
            message.FromJsonString(value)
            return self.note("other times", STRICT, message.ToJsonString())
        except ValueError:
            return value

    def mask(self, value):
        """A field mask: Python raises and lowers letters of all alphabets."""
        if isinstance(value, str) and any(letter.isupper() and not letter.isascii() for letter in value):
            return self.note("capitals of other alphabets in a mask", OTHER, "", keeps_python=False, keeps_ours=False)
        return value

    def any(self, value):
        """An Any."""
        if not isinstance(value, Pairs):
            return value
        url = dict(value.items).get("@type")
        if not isinstance(url, str):
            return value
        try:
            descriptor = self.pool.FindMessageTypeByName(url.split("/")[-1])
        except KeyError:
            return value
        if "/" not in url:
            self.note("a type URL without a slash", STRICT, None, keeps_python=False)
            value = Pairs([(key, "type.googleapis.com/" + url if key == "@type" else inner) for key, inner in value.items])
        if not has_own_form(descriptor):
            return self.fields(descriptor, value, beside=("@type",))
        result = []
        for key, inner in value.items:
            if key == "value":
                inner = self.message(descriptor, inner)
            elif key != "@type":
                if self.ignores:
                    inner = self.ignored(inner)
                else:
                    self.note("more beside an Any's value", STRICT, None)
                    continue
            result.append((key, inner))
        return Pairs(result)


def has_own_form(descriptor):
    """Whether JSON has a form of its own for a message, other than an object of its fields."""
    return descriptor.full_name.startswith("google.protobuf.") and descriptor.name in (
        "Any", "Timestamp", "Duration", "FieldMask", "Struct", "Value", "ListValue", "DoubleValue", "FloatValue", "Int64Value",
        "UInt64Value", "Int32Value", "UInt32Value", "BoolValue", "StringValue", "BytesValue")


def takes_null(field):
    """Whether null is a value of a field."""
    if field.message_type is not None:
        return field.message_type.full_name == "google.protobuf.Value"
    return field.enum_type is not None and field.enum_type.full_name == "google.protobuf.NullValue"


def exact(raw):
    """A number's value without rounding."""
    try:
        return Decimal(raw)
    except (InvalidOperation, TypeError):
        return None
