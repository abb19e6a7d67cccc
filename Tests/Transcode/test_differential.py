"""Transcoding and Python's json_format get the same inputs: same value or same refusal, or a difference that is listed.

docs/transcoding-differences.md has each difference with its reason; `excused` here has each as a rule.
"""

import json
import math
import os
import re
import struct

from google.protobuf import json_format, unknown_fields
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import strategies
from conftest import Refused
from strategies import NAME

EXAMPLES = int(os.environ.get("TRANSCODE_EXAMPLES", "500"))
LARGEST_FLOAT = 3.4028234663852886e38
CALM = settings(
    max_examples=EXAMPLES, deadline=None, database=None, derandomize="TRANSCODE_EXAMPLES" not in os.environ,
    suppress_health_check=list(HealthCheck))


def comparable(message):
    """A message's bytes in one order: NaN is equal to itself there, and -0 differs from 0."""
    return message.SerializeToString(deterministic=True)


def python_reads(protos, text, **options):
    """The message that Python makes of JSON, or None where it refuses."""
    try:
        return json_format.Parse(text, protos.message(NAME)(), descriptor_pool=protos.pool, **options)
    except (json_format.ParseError, ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
        return None


def we_read(transcode, protos, text, operation="p"):
    """The message that Transcoding makes of JSON, or what it says against it."""
    try:
        return protos.message(NAME).FromString(transcode.ask(operation, NAME, text)), None
    except Refused as refusal:
        return None, str(refusal)


@CALM
@given(data=st.data())
def test_json_of_python(transcode, protos, data):
    """What Python writes is read as it was."""
    message = data.draw(strategies.messages(protos.message(NAME)))
    for options in ({}, {"preserving_proto_field_name": True}, {"always_print_fields_with_no_presence": True}):
        text = json_format.MessageToJson(message, descriptor_pool=protos.pool, **options)
        ours, refusal = we_read(transcode, protos, text.encode())
        assert refusal is None, (refusal, text)
        assert comparable(ours) == comparable(message), text


@CALM
@given(data=st.data())
def test_json_of_ours(transcode, protos, data):
    """What Transcoding writes is the value that Python writes."""
    message = data.draw(strategies.messages(protos.message(NAME)))
    content = message.SerializeToString()
    for operation, options in (
        ("j", {}),
        ("d", {"preserving_proto_field_name": True, "always_print_fields_with_no_presence": True,
               "use_integers_for_enums": True}),
    ):
        theirs = json.loads(json_format.MessageToJson(message, descriptor_pool=protos.pool, **options))
        text = transcode.ask(operation, NAME, content)
        again = python_reads(protos, text.decode())
        assert again is None or comparable(again) == comparable(message), text
        # Python reads neither lists of NullValue, which it writes, nor the shortest digits of the largest float.
        assert again is not None or b'"nulls"' in text or b"3.4028235e+38" in text, text
        ours = json.loads(text)
        if operation == "d":
            drop_null_value(ours)
            drop_null_value(theirs)
        assert normal(ours) == normal(theirs)


def drop_null_value(value):
    """NullValue as a number is one of the listed differences."""
    for key in ("null_value", "nulls", "choice_null"):
        value.pop(key, None)
    for inner in value.values():
        for each in inner if isinstance(inner, list) else inner.values() if isinstance(inner, dict) else []:
            if isinstance(each, dict):
                drop_null_value(each)
        if isinstance(inner, dict):
            drop_null_value(inner)


def normal(value):
    """JSON values that compare as values: 1 and 1.0 are one number."""
    if isinstance(value, dict):
        return {key: normal(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [normal(inner) for inner in value]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        number = float(value)
        if abs(number) <= LARGEST_FLOAT:
            # Several decimals are one float; that doubles keep all their digits is seen by reading them back.
            number = struct.unpack("f", struct.pack("f", number))[0]
        return ("number", number, math.copysign(1, value))
    return value


@CALM
@given(data=st.data())
def test_changed_json(transcode, protos, data):
    """Of JSON that something is wrong with both make the same, or neither does."""
    message = data.draw(strategies.messages(protos.message(NAME)))
    text = strategies.change_json(data.draw, json_format.MessageToJson(message, descriptor_pool=protos.pool, indent=None))
    for operation, options in (("p", {}), ("i", {"ignore_unknown_fields": True})):
        ours, refusal = we_read(transcode, protos, text.encode("utf-8", "surrogatepass"), operation)
        theirs = python_reads(protos, text, **options)
        if (ours is None) != (theirs is None):
            assert excused(text, refusal), (refusal, text)
        elif ours is not None and comparable(ours) != comparable(theirs):
            assert excused_value(text), text


@CALM
@given(data=st.data())
def test_changed_bytes(transcode, protos, data):
    """Of bytes that something is wrong with both make the same, or neither does."""
    message = data.draw(strategies.messages(protos.message(NAME)))
    content = strategies.change_bytes(data.draw, message.SerializeToString())
    try:
        read = protos.message(NAME).FromString(content)
        theirs = json.loads(json_format.MessageToJson(read, descriptor_pool=protos.pool))
    except Exception:  # Python refuses with errors of many types.
        theirs = None
    try:
        ours = json.loads(transcode.ask("j", NAME, content))
        refusal = None
    except Refused as error:
        ours, refusal = None, str(error)
    if (ours is None) != (theirs is None):
        assert excused_bytes(read if theirs is not None else None, refusal), (refusal, content)
    elif ours is not None and not has_odd_entry(read):
        assert normal(ours) == normal(theirs), content


# MARK: The differences

# What Transcoding refuses and Python takes: what we say against it, and what the text then holds.
STRICTER = [
    (r"is not base64", r'"'),
    (r"is no number", r'"\s*[+-]?[\d_.]*|"[+-]?(nan|inf)'),
    (r"is no (timestamp|duration)|years 0001|10 000 years", r'"'),
    (r"the field is there twice", r"_"),
    (r"no underscores in JSON", r"_"),
    (r"another member of the same oneof", r"choiceNull"),
    (r"malformedJSON", r"NaN|Infinity"),
    (r"not a whole one", r'(lavor|evel|[nN]ull)\w*": ?[^,]*\d\.\d|"-?\d{16,}\.\d'),
    (r"does not fit into an enum", r"-\d{10}"),
    (r"wrongType: .* an object is wanted", r'"'),
    (r"this is a boolean, and (a number|the name of an enum)", r"true|false"),
]

# What Python refuses and Transcoding takes: what the text then holds.
LOOSER = [
    r'"nulls": ?(\[[^]]*)?null',
    r'"-?\d+(\.0+)?([eE]\+?\d+)?"',
    r'choiceNull',
]


def excused(text, refusal):
    """Whether one refuses for a reason that is listed. `refusal` is ours; None where Python refuses."""
    if refusal is None:
        return any(re.search(rule, text) for rule in LOOSER)
    return any(re.search(said, refusal) and re.search(rule, text) for said, rule in STRICTER)


def excused_value(text):
    """Both take it and differ: -0 without a fraction, which Python reads as 0, and "1e3" for an enum, which it ignores."""
    return re.search(r'-0(?![\d.])|(lavor|evel).*"-?\d+(\.0+)?([eE]\+?\d+)"', text) is not None


def has_odd_entry(message):
    """upb takes a map's entry that has anything but a key and a value for an unknown field."""
    numbers = {field.number for field in message.DESCRIPTOR.fields
               if field.message_type is not None and field.message_type.GetOptions().map_entry}
    return any(field.field_number in numbers for field in unknown_fields.UnknownFieldSet(message))


def excused_bytes(message, refusal):
    """Python writes field masks that do not come back the same."""
    return refusal is not None and "field mask" in refusal and message is not None
