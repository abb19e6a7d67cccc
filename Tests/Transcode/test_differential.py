"""Transcoding and Python's json_format get the same inputs: same value or same refusal, or a difference that is listed.

docs/transcoding-differences.md has each difference with its reason; quirks.py has each as a rule.
TRANSCODE_EXAMPLES says how many inputs each test makes; by default few, and the same ones each time.
"""

import json
import math
import os
import struct

from google.protobuf import json_format
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import quirks
import strategies
import wire_quirks
from conftest import Refused

EXAMPLES = int(os.environ.get("TRANSCODE_EXAMPLES", "400"))
LARGEST_FLOAT = 3.4028234663852886e38
CALM = settings(
    max_examples=EXAMPLES, deadline=None, database=None, derandomize="TRANSCODE_EXAMPLES" not in os.environ,
    suppress_health_check=list(HealthCheck))
READINGS = (("p", {}), ("i", {"ignore_unknown_fields": True}))


def comparable(protos, message):
    """A message's bytes in one order, also of what Anys in it hold: NaN is equal to itself there, and -0 differs from 0."""
    if message is None:
        return None
    if strategies.holds_any(message.DESCRIPTOR):
        copy = type(message)()
        copy.CopyFrom(message)
        order_anys(protos, copy)
        message = copy
    return message.SerializeToString(deterministic=True)


def order_anys(protos, message):
    """Gives what Anys hold one order."""
    if message.DESCRIPTOR.full_name == "google.protobuf.Any":
        try:
            content = protos.message(message.type_url.rpartition("/")[2]).FromString(message.value)
        except Exception:  # Of an unknown type, or no message: it stays as it is.
            return
        order_anys(protos, content)
        message.value = content.SerializeToString(deterministic=True)
        return
    for inner in strategies.messages_inside(message):
        order_anys(protos, inner)


def python_reads(protos, name, text, **options):
    """The message that Python makes of JSON, or None where it refuses; it looks for required fields only when asked."""
    try:
        message = json_format.Parse(text, protos.message(name)(), descriptor_pool=protos.pool, **options)
    except (json_format.ParseError, ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
        return None
    return message if message.IsInitialized() else None


def we_read(transcode, protos, name, text, operation="p"):
    """The message that Transcoding makes of JSON, or what it says against it."""
    try:
        return protos.message(name).FromString(transcode.ask(operation, name, text)), None
    except Refused as refusal:
        return None, str(refusal)


def read_alike(transcode, protos, name, text, operation="p", options={}):
    """Both make the same of JSON, but for what quirks.py lists."""
    ours, refusal = we_read(transcode, protos, name, text, operation)
    theirs = python_reads(protos, name, text, **options)
    ours, theirs = comparable(protos, ours), comparable(protos, theirs)
    if ours == theirs:
        return
    settler = quirks.Settler(protos.pool, ignores_unknown=bool(options))
    settled = settler.settle(protos.message(name).DESCRIPTOR, text.decode())
    about = (refusal, text.decode(), settled)
    allowed = {quirks.STRICT} if ours is None else {quirks.LOOSE} if theirs is None else {quirks.LOOSE, quirks.OTHER}
    assert settled.kinds & allowed, about
    content = settled.text.encode()
    our_second = comparable(protos, we_read(transcode, protos, name, content, operation)[0])
    their_second = comparable(protos, python_reads(protos, name, content, **options))
    assert our_second == their_second, about
    assert ours is None or not settled.keeps_ours or ours == our_second, about
    assert theirs is None or not settled.keeps_python or theirs == their_second, about


@CALM
@given(data=st.data())
def test_json_of_python(transcode, protos, data):
    """What Python writes is read as it was."""
    name, message = data.draw(strategies.messages(protos))
    for options in ({}, {"preserving_proto_field_name": True}, {"always_print_fields_with_no_presence": True},
                    {"indent": None, "ensure_ascii": False}):
        text = json_format.MessageToJson(message, descriptor_pool=protos.pool, **options)
        ours, refusal = we_read(transcode, protos, name, text.encode())
        assert refusal is None, (refusal, text)
        assert comparable(protos, ours) == comparable(protos, message), text


@CALM
@given(data=st.data())
def test_json_of_ours(transcode, protos, data):
    """What Transcoding writes is the value that Python writes, and comes back the same on both sides."""
    name, message = data.draw(strategies.messages(protos))
    content = message.SerializeToString()
    for operation, options in (
        ("j", {}),
        ("d", {"preserving_proto_field_name": True, "always_print_fields_with_no_presence": True,
               "use_integers_for_enums": True}),
    ):
        theirs = json.loads(json_format.MessageToJson(message, descriptor_pool=protos.pool, **options))
        text = transcode.ask(operation, name, content)
        ours, refusal = we_read(transcode, protos, name, text)
        assert refusal is None and comparable(protos, ours) == comparable(protos, message), (refusal, text)
        read_alike(transcode, protos, name, text)
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
    name, message = data.draw(strategies.messages(protos))
    text = json_format.MessageToJson(message, descriptor_pool=protos.pool, indent=None)
    changed = strategies.change_json(data.draw, text).encode()
    for operation, options in READINGS:
        read_alike(transcode, protos, name, changed, operation, options)


@CALM
@given(data=st.data())
def test_changed_bytes(transcode, protos, data):
    """Of bytes that something is wrong with both make the same, or neither does."""
    name, message = data.draw(strategies.messages(protos))
    content = strategies.change_bytes(data.draw, protos, name, message.SerializeToString())
    ours, refusal = we_write(transcode, name, content)
    read, theirs = python_writes(protos, name, content)
    if same_json(ours, theirs):
        return
    rules = wire_quirks.settle(protos, read) if read is not None else set()
    if read is not None and refusal is not None and refusal.startswith("invalidUTF8"):
        if wire_quirks.has_overwritten_string(read.DESCRIPTOR, content):
            rules.add("a string of proto2 that is not UTF-8")
    about = (rules, refusal, content, ours, theirs)
    assert rules, about
    assert theirs is not None or "capitals of other alphabets in a mask" in rules, about
    settled = read.SerializeToString()
    theirs = python_writes(protos, name, settled)[1]
    assert same_json(we_write(transcode, name, settled)[0], theirs), about
    # What was refused and is written now says something of the rule; what was written all the time is the same.
    assert ours is None or rules != {"a map's entry with more in it"} or same_json(ours, theirs), about


def we_write(transcode, name, content):
    """The JSON value that Transcoding writes, or what it says against the bytes."""
    try:
        return json.loads(transcode.ask("j", name, content)), None
    except Refused as error:
        return None, str(error)


def python_writes(protos, name, content):
    """The message that Python reads, and the JSON value that it writes; None where it refuses."""
    read = None
    try:
        read = protos.message(name).FromString(content)
        return read, json.loads(json_format.MessageToJson(read, descriptor_pool=protos.pool))
    except Exception:  # Python refuses with errors of many types.
        return read, None


def same_json(ours, theirs):
    """Whether both refuse, or both write the same value."""
    if ours is None or theirs is None:
        return ours is theirs
    return normal(ours) == normal(theirs)
