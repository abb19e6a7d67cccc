"""Messages, JSON texts and bytes of any kind, made by hypothesis from descriptors.

Strategies are made once for each field or message type: hypothesis takes longer to make one than to draw from it.
"""

import functools
import json

from hypothesis import strategies as st

import json_text

NAME = "datavault.test.v1.KitchenSink"
# What is transcoded: mostly the message that has all, and besides one of proto2 and a list.
NAMES = [NAME] * 6 + ["datavault.test.v1.Legacy", "datavault.test.v1.RowList"]
# What an Any holds.
HELD = [
    "datavault.test.v1.Row", "datavault.test.v1.KitchenSink.Part", NAME, "google.protobuf.Any", "google.protobuf.Duration",
    "google.protobuf.Empty", "google.protobuf.FieldMask", "google.protobuf.Int64Value", "google.protobuf.ListValue",
    "google.protobuf.Struct", "google.protobuf.StringValue", "google.protobuf.Timestamp", "google.protobuf.Value",
]

INTEGERS = {
    "int32": (-(2**31), 2**31 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint32": (0, 2**32 - 1),
    "uint64": (0, 2**64 - 1),
}
LETTERS = st.characters(exclude_categories=["Cs"])
# Short ones, and long ones, which are copied and searched in other ways.
TEXT = st.one_of(
    st.text(LETTERS, max_size=12), st.text(LETTERS, max_size=12),
    st.builds(lambda text, times: text * times, st.text(LETTERS, min_size=1, max_size=8), st.integers(1, 40)))
BYTES = st.one_of(
    st.binary(max_size=12), st.builds(lambda content, times: content * times, st.binary(max_size=8), st.integers(1, 40)))
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@functools.cache
def integers(kind):
    """Whole numbers of a kind: small ones, any, and those at its edges."""
    low, high = INTEGERS[kind]
    return st.one_of(st.integers(max(low, -200), 200), st.integers(low, high), st.sampled_from([low, high]))


@functools.cache
def floats(width):
    """Numbers of a width; of NaN only the usual one, as JSON has one."""
    return st.one_of(st.floats(width=width, allow_nan=False), st.just(float("nan")))


SCALARS = {}


def scalar(field):
    """A value for a field that is no message."""
    key = (field.type, field.enum_type.full_name if field.enum_type is not None else None)
    if key not in SCALARS:
        SCALARS[key] = make_scalar(field)
    return SCALARS[key]


def make_scalar(field):
    """A strategy for a field that is no message."""
    if field.enum_type is not None:
        if field.enum_type.full_name == "google.protobuf.NullValue":
            return st.just(0)  # JSON has nothing for another number.
        known = [value.number for value in field.enum_type.values]
        return st.sampled_from(known) if field.enum_type.is_closed else st.one_of(
            st.sampled_from(known), st.integers(-(2**31), 2**31 - 1))
    kinds = {
        field.TYPE_DOUBLE: floats(64), field.TYPE_FLOAT: floats(32),
        field.TYPE_BOOL: st.booleans(),
        field.TYPE_STRING: TEXT, field.TYPE_BYTES: BYTES,
        field.TYPE_INT32: integers("int32"), field.TYPE_SINT32: integers("int32"),
        field.TYPE_SFIXED32: integers("int32"), field.TYPE_INT64: integers("int64"),
        field.TYPE_SINT64: integers("int64"), field.TYPE_SFIXED64: integers("int64"),
        field.TYPE_UINT32: integers("uint32"), field.TYPE_FIXED32: integers("uint32"),
        field.TYPE_UINT64: integers("uint64"), field.TYPE_FIXED64: integers("uint64"),
    }
    return kinds[field.type]


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXT, inner, max_size=3)),
    max_leaves=6,
)


SECONDS = st.one_of(st.integers(-62135596800, 253402300799), st.sampled_from([-62135596800, -1, 0, 253402300799]))
LENGTHS = st.one_of(st.just(0), st.integers(0, 315_576_000_000), st.just(315_576_000_000))
NANOS = st.one_of(st.just(0), st.integers(0, 999_999_999), st.sampled_from([120_000_000, 1_000, 999_999_999]))
SIGNS = st.sampled_from([1, -1])
PATHS = st.lists(st.from_regex(r"[a-z]{1,4}(_[a-z]{1,3})?(\.[a-z]{1,3})?", fullmatch=True), max_size=3)
OBJECTS = st.dictionaries(TEXT, VALUES, max_size=3)
LISTS = st.lists(VALUES, max_size=3)


def fill_well_known(draw, protos, message, depth):
    """Fills a message of google.protobuf with what it may hold; False where it is an ordinary one."""
    name = message.DESCRIPTOR.full_name
    if not name.startswith("google.protobuf."):
        return False
    if name == "google.protobuf.Timestamp":
        message.seconds = draw(SECONDS)
        message.nanos = draw(NANOS)
    elif name == "google.protobuf.Duration":
        sign = draw(SIGNS)
        message.seconds = sign * draw(LENGTHS)
        message.nanos = sign * draw(NANOS)
    elif name == "google.protobuf.FieldMask":
        message.paths.extend(draw(PATHS))
    elif name == "google.protobuf.Struct":
        message.update(draw(OBJECTS))
    elif name == "google.protobuf.ListValue":
        message.extend(draw(LISTS))
    elif name == "google.protobuf.Value":
        set_value(message, draw(VALUES))
    elif name == "google.protobuf.Any":
        held = draw(st.sampled_from(HELD))
        if depth < 3 and draw(st.integers(0, 7)):
            content = protos.message(held)()
            fill(draw, protos, content, depth + 1)
            message.Pack(content)
    else:
        return False
    return True


def set_value(message, value):
    """Sets a google.protobuf.Value to a Python value."""
    if value is None:
        message.null_value = 0
    elif isinstance(value, bool):
        message.bool_value = value
    elif isinstance(value, float):
        message.number_value = value
    elif isinstance(value, str):
        message.string_value = value
    elif isinstance(value, dict):
        message.struct_value.SetInParent()
        message.struct_value.update(value)
    else:
        message.list_value.SetInParent()
        message.list_value.extend(value)


@functools.cache
def shape_of(descriptor):
    """A message type's fields, and a strategy for those that are set: few, and fewer inside."""
    fields = list(descriptor.fields)
    required = [field for field in fields if field.is_required]
    choose = {
        count: st.lists(st.sampled_from(fields), max_size=count, unique_by=lambda field: field.number)
        for count in ((min(len(fields), 4), 1) if fields else ())
    }
    return fields, required, choose


def is_map(field):
    """Whether a field is a map."""
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def fill(draw, protos, message, depth=0):
    """Sets some of a message's fields."""
    if fill_well_known(draw, protos, message, depth):
        return
    fields, required, choose = shape_of(message.DESCRIPTOR)
    if not fields:
        return
    chosen = draw(choose[min(len(fields), 4) if depth < 2 else 1])
    for field in chosen + [field for field in required if field not in chosen]:
        if field.message_type is not None and depth >= 3:
            continue
        if is_map(field):
            key, value = field.message_type.fields_by_name["key"], field.message_type.fields_by_name["value"]
            target = getattr(message, field.name)
            for name in draw(few_keys(key.type, scalar(key))):
                if value.message_type is not None:
                    fill(draw, protos, target[name], depth + 1)
                else:
                    target[name] = draw(scalar(value))
        elif field.is_repeated:
            target = getattr(message, field.name)
            for _ in range(draw(COUNTS)):
                if field.message_type is not None:
                    fill(draw, protos, target.add(), depth + 1)
                else:
                    target.append(draw(scalar(field)))
        elif field.message_type is not None:
            target = getattr(message, field.name)
            target.SetInParent()
            fill(draw, protos, target, depth + 1)
        else:
            setattr(message, field.name, draw(scalar(field)))


COUNTS = st.one_of(st.integers(0, 3), st.integers(0, 3), st.integers(4, 20))
KEYS = {}


def few_keys(kind, strategy):
    """Keys of a map: few, at times more than are compared one by one."""
    if kind not in KEYS:
        KEYS[kind] = st.one_of(st.lists(strategy, max_size=3), st.lists(strategy, max_size=3), st.lists(strategy, max_size=14))
    return KEYS[kind]


@functools.cache
def holds_any(descriptor, above=()):
    """Whether there can be an Any in a message."""
    if descriptor.full_name == "google.protobuf.Any":
        return True
    return any(
        holds_any(field.message_type, above + (descriptor.full_name,)) for field in descriptor.fields
        if field.message_type is not None and field.message_type.full_name not in above + (descriptor.full_name,))


def messages_inside(message):
    """The messages that a message's fields hold."""
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        if is_map(field):
            if field.message_type.fields_by_name["value"].message_type is not None:
                yield from value.values()
        elif field.is_repeated:
            yield from value
        else:
            yield value


@st.composite
def messages(draw, protos):
    """Messages with a few fields of any kind set, each with its type's name."""
    name = draw(st.sampled_from(NAMES))
    message = protos.message(name)()
    fill(draw, protos, message)
    return name, message


# What a JSON text may have in a place where it does not belong, as text.
ODD_TEXTS = st.one_of(
    st.builds(json.dumps, VALUES), st.builds(str, st.integers()), st.sampled_from([
        '"NaN"', '"Infinity"', '"-Infinity"', '"1"', '"-1"', '"1.5"', '"1e3"', '"1.0"', '" 1"', '"1 "', '"+1"', '"01"', '"1_0"',
        '"0x1"', '""', '"-0"', '"inf"', '"nan"', '"\\u0661"', '"true"', '"FLAVOR_SOUR"', '"FLAVOR_NONE"', '"LEVEL_SMALL"',
        '"CLOSED_FIRST"', '"AA"', '"AA=="', '"A"', '"AA="', '"-_"', '"+/-_"', '"AB"', '"AAA=A"', '"A A="', '"a,bB"', '"a,,b"',
        '"aB"', '"a_b"', '"\\u00c9a"', '"a."', '"2020-01-01T00:00:00Z"', '"2020-02-30T00:00:00Z"', '"2020-01-01T00:00:00.5+01:30"',
        '"2020-1-1T0:0:0Z"', '"2020-01-01T00:00:60Z"', '"2020-01-01T24:00:00Z"', '"2020-01-01t00:00:00z"',
        '"2020-01-01T00:00:00+25:00"', '"0001-01-01T00:00:00+01:00"', '"9999-12-31T23:59:59-00:01"', '"2020-01-01T00:00:00.Z"',
        '"2020-01-01T00:00:00.1234567891Z"', '"1.5s"', '"-1s"', '"-0.5s"', '"1.s"', '"+1s"', '"1"', '"315576000000.9s"',
        '"315576000001s"', '"1.0000000001s"', '1e39', '1e308', '-1e308', '1e309', '1e400', '-0', '-0.0', '0e9', '1.0', '0.5', '1e3',
        '1E+2', '12e-1', '10e-1', '2147483648', '-2147483649', '4294967296', '-4294967297', '9223372036854775808',
        '-9223372036854775809', '18446744073709551616', '9007199254740993', '9007199254740993.0', '90071992547409930e-1',
        '0.99999999999999999999', '1.00000000000000000000001', '18446744073709551615.0', '3.4028235e38', '3.4028235677973366e38',
        '3.4028236e38', '"3.5e38"', '1e-400', '5e-324', '01', '1.', '.5', '+1', '1e', 'NaN', 'Infinity', '-Infinity', 'true',
        'false', 'null', '[]', '{}', '[null]', '[[]]', '{"":null}', '["a"]', '{"@type":"type.googleapis.com/google.protobuf.Empty"}',
        '{"@type":"google.protobuf.Empty"}', '{"@type":"x/google.protobuf.Duration","value":"1s"}',
        '{"value":"1s","@type":"type.googleapis.com/google.protobuf.Duration"}',
        '{"@type":"type.googleapis.com/google.protobuf.Duration","value":"1s","more":1}',
        '{"@type":"type.googleapis.com/google.protobuf.Duration"}', '{"@type":"type.googleapis.com/none.Such"}', '{"@type":1}',
        '{"@type":"type.googleapis.com/datavault.test.v1.Row","id":"7","nothing":1}',
        '{"@type":"type.googleapis.com/google.protobuf.Value","value":null}', '"\\ud800"', '"\\udc00\\ud800"', '"\\ud83d\\ude00"',
        '"\\x"', '"\t"', '"\\u12"']))
ODD_KEYS = st.one_of(
    TEXT, st.sampled_from(["1", "01", "1.0", "1e1", "-0", "0", "true", "", "@type", "value", "[a.b]", "choiceNull", "choiceValue",
                           "choiceInt64", "choicePart", "choiceBool", "int32_value", "int32Value", "_leading_underscore",
                           "LeadingUnderscore", "calledOtherwise", "renamed", "nulls", "part", "optional_part", "\ud800"]))


def change_json(draw, text):
    """Changes a JSON text: one or two values or keys somewhere inside, or some characters."""
    if draw(st.integers(0, 3)):
        value = json_text.parse(text)
        for _ in range(draw(st.integers(1, 2))):
            value = change_value(draw, value)
        return json_text.write(value)
    at = draw(st.integers(0, len(text)))
    cut = draw(st.integers(0, 3))
    piece = draw(st.sampled_from(
        ["", ",", "}", "]", "{", "[", "\"", ":", "null", "1", "-", "\\u0041", "\\", "e5", ".", " ", "\x00", "\ufeff", "//", "'"]))
    return text[:at] + piece + text[at + cut:]


def change_value(draw, value):
    """Changes something in a value."""
    if isinstance(value, json_text.Pairs) and value.items and draw(st.integers(0, 4)):
        at = draw(st.integers(0, len(value.items) - 1))
        key, inner = value.items[at]
        action = draw(st.integers(0, 9))
        if action == 0:
            value.items.append((draw(ODD_KEYS), change_value(draw, inner)))
        elif action == 1:
            value.items.append((draw(ODD_KEYS), json_text.Raw(draw(ODD_TEXTS))))
        elif action == 2:
            value.items[at] = (draw(ODD_KEYS), inner)
        elif action == 3:
            value.items.append((key, inner))
        else:
            value.items[at] = (key, change_value(draw, inner))
        return value
    if isinstance(value, list) and value and draw(st.booleans()):
        at = draw(st.integers(0, len(value) - 1))
        value[at] = change_value(draw, value[at])
        return value
    if isinstance(value, list) and draw(st.booleans()):
        return value + [json_text.Raw(draw(ODD_TEXTS))]
    return json_text.Raw(draw(ODD_TEXTS))


TAILS = st.one_of(
    st.binary(max_size=11), st.sampled_from([
        b"\x00", b"\x01", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", b"\x80\x80\x80\x80\x10", b"\xff" * 11, b"\x03abc",
        b"\x02\xc3\x28", b"\x03\xed\xa0\x80", b"\x01\xff", b"\x04\x08\x01\x10\x01", b"\x06\x0a\x01k\x12\x01v",
        b"\x08\x0a\x01k\x12\x01v\x18\x01", b"\x02\x08\x05", b"\x00\x00\x80\x7f", b"\x00\x00\xc0\x7f",
        b"\x00\x00\x00\x00\x00\x00\xf0\x7f", b"\x03\x0a\x01A", b"\x05\x0a\x03a,b", b"\x05\x0a\x03a_B", b"\x02\x0a\x00"]))


def change_bytes(draw, protos, name, content):
    """Changes bytes: cuts them, puts others or a field in, or lets another message's follow."""
    action = draw(st.integers(0, 3))
    at = draw(st.integers(0, len(content)))
    if action == 0:
        return content[:at] + draw(st.binary(max_size=4)) + content[at + draw(st.integers(0, 3)):]
    if action == 1:
        other = protos.message(name)()
        fill(draw, protos, other, 1)
        return content + other.SerializeToString()
    numbers = [field.number for field in protos.message(name).DESCRIPTOR.fields] + [1000, 0, 536870911]
    tag = draw(st.sampled_from(numbers)) << 3 | draw(st.sampled_from([0, 1, 2, 2, 2, 3, 4, 5, 6]))
    record = varint(tag) + draw(TAILS)
    return content + record if action == 2 else record + content


def varint(value):
    """A number as protobuf has it."""
    content = bytearray()
    while value > 0x7F:
        content.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(content + bytes([value]))
