"""Transcoding and Python's json_format get the same inputs: same value or same refusal, or a difference that is listed.

docs/transcoding-differences.md has each difference with its reason; `excused` here has each as a rule.
"""

import base64
import json
import math
import os
import re

import hypothesis
from google.protobuf import json_format
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import strategies
from conftest import Refused
from strategies import NAME

EXAMPLES = int(os.environ.get("TRANSCODE_EXAMPLES", "800"))
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
        again = python_reads(protos, text)
        assert comparable(ours) == comparable(again), text


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
        ours = json.loads(transcode.ask(operation, NAME, content))
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
        return ("number", float(value), math.copysign(1, value))
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
    elif ours is not None:
        assert normal(ours) == normal(theirs), content


# MARK: The differences


def excused(text, refusal):
    """Whether one refuses for a reason that is listed. `refusal` is ours; None where Python refuses."""
    if refusal is None:
        return any(rule(text) for rule in (
            null_in_list, number_in_string, two_members_null, numbers_python_lacks, negative_zero_seconds))
    return any(word in refusal for word in STRICTER) and any(rule(text) for rule in (
        lenient_base64, lenient_number, lenient_enum, lenient_time, two_names, lenient_mask, large_number, odd_python))


STRICTER = (
    "invalidValue", "outOfRange", "duplicate", "wrongType", "malformedJSON", "unknownEnumValue", "unknownField",
    "invalidUTF8")


def null_in_list(text):
    """Lists of NullValue may hold null."""
    return "nulls" in text


def number_in_string(text):
    """A whole number in a string may have an exponent or a fraction of zeros."""
    return re.search(r'"-?\d+(\.0+)?([eE][+-]?\d+)?"', text) is not None


def two_members_null(text):
    """Null for NullValue sets its oneof."""
    return "choiceNull" in text


def numbers_python_lacks(text):
    """Numbers that json reads as infinite, or that int refuses."""
    return re.search(r"\d[eE]", text) is not None


def negative_zero_seconds(text):
    """Python's duration and timestamp refuse forms that the mapping has."""
    return re.search(r'"-?\d+(\.\d{1,9})?s"', text) is not None


def lenient_base64(text):
    """Python drops what is no base64."""
    return "ytes" in text


def lenient_number(text):
    """Python's int and float take spaces, underscores, words."""
    return re.search(r'"\s*[+-]?[\d_]+.*"|nan|inf|NaN|Infinity', text, re.I) is not None


def lenient_enum(text):
    """Python takes enums as it takes numbers."""
    return "lavor" in text or "evel" in text


def lenient_time(text):
    """Python takes more forms of times."""
    return re.search(r"timestamp|duration", text, re.I) is not None


def two_names(text):
    """Python counts a field's two names as two fields."""
    return "_" in text


def lenient_mask(text):
    """Python takes what a field mask cannot give back."""
    return "ieldMask" in text


def large_number(text):
    """Python's json reads what is beyond a double as infinite."""
    return re.search(r"\d[eE]\+?\d{3}", text) is not None


def odd_python(text):
    """Python keeps half surrogates and control characters in ignored parts."""
    return "\\u" in text or "\\" in text


def excused_value(text):
    """Both take it and differ: -0 without a fraction, base64 that Python cuts, a list of NullValue."""
    return re.search(r"-0(?![\d.])", text) is not None or lenient_base64(text)


def excused_bytes(message, refusal):
    """Where Python takes bytes that we refuse, or the other way round."""
    if refusal is None:
        return True
    return "fieldMask" in refusal or "invalidUTF8" in refusal
