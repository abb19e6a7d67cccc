"""Messages, JSON texts and bytes of any kind, made by hypothesis from descriptors."""

import json

from hypothesis import strategies as st

NAME = "datavault.test.v1.KitchenSink"

INTEGERS = {
    "int32": (-(2**31), 2**31 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint32": (0, 2**32 - 1),
    "uint64": (0, 2**64 - 1),
}
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


def integers(kind):
    """Whole numbers of a kind: small ones, any, and those at its edges."""
    low, high = INTEGERS[kind]
    return st.one_of(st.integers(max(low, -200), 200), st.integers(low, high), st.sampled_from([low, high]))


def floats(width):
    """Numbers of a width; of NaN only the usual one, as JSON has one."""
    return st.one_of(st.floats(width=width, allow_nan=False), st.just(float("nan")))


def scalar(field):
    """A value for a field that is no message."""
    if field.enum_type is not None:
        if field.enum_type.full_name == "google.protobuf.NullValue":
            return st.just(0)  # JSON has nothing for another number.
        known = [value.number for value in field.enum_type.values]
        return st.sampled_from(known) if field.enum_type.is_closed else st.one_of(
            st.sampled_from(known), st.integers(-(2**31), 2**31 - 1))
    kinds = {
        field.TYPE_DOUBLE: floats(64), field.TYPE_FLOAT: floats(32),
        field.TYPE_BOOL: st.booleans(),
        field.TYPE_STRING: TEXT, field.TYPE_BYTES: st.binary(max_size=12),
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


def fill_well_known(draw, message):
    """Fills a message of google.protobuf with what it may hold; False where it is an ordinary one."""
    name = message.DESCRIPTOR.full_name
    if name == "google.protobuf.Timestamp":
        message.seconds = draw(st.integers(-62135596800, 253402300799))
        message.nanos = draw(st.one_of(st.just(0), st.integers(0, 999_999_999), st.just(120_000_000)))
    elif name == "google.protobuf.Duration":
        sign = draw(st.sampled_from([1, -1]))
        message.seconds = sign * draw(st.one_of(st.just(0), st.integers(0, 315_575_999_999)))
        message.nanos = sign * draw(st.one_of(st.just(0), st.integers(0, 999_999_999)))
    elif name == "google.protobuf.FieldMask":
        message.paths.extend(draw(st.lists(st.from_regex(r"[a-z]{1,4}(_[a-z]{1,3})?(\.[a-z]{1,3})?", fullmatch=True), max_size=3)))
    elif name == "google.protobuf.Struct":
        message.update(draw(st.dictionaries(TEXT, VALUES, max_size=3)))
    elif name == "google.protobuf.ListValue":
        message.extend(draw(st.lists(VALUES, max_size=3)))
    elif name == "google.protobuf.Value":
        set_value(message, draw(VALUES))
    elif name == "google.protobuf.Any":
        return True
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


def fill(draw, message, depth=0):
    """Sets some of a message's fields."""
    if fill_well_known(draw, message):
        return
    fields = list(message.DESCRIPTOR.fields)
    if not fields:
        return
    count = min(len(fields), 4 if depth < 2 else 1)
    for field in draw(st.lists(st.sampled_from(fields), max_size=count, unique_by=lambda field: field.number)):
        if field.message_type is not None and depth >= 3:
            continue
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            key, value = field.message_type.fields_by_name["key"], field.message_type.fields_by_name["value"]
            target = getattr(message, field.name)
            for name in draw(st.lists(scalar(key), max_size=3)):
                if value.message_type is not None:
                    fill(draw, target[name], depth + 1)
                else:
                    target[name] = draw(scalar(value))
        elif field.is_repeated:
            target = getattr(message, field.name)
            for _ in range(draw(st.integers(0, 3))):
                if field.message_type is not None:
                    fill(draw, target.add(), depth + 1)
                else:
                    target.append(draw(scalar(field)))
        elif field.message_type is not None:
            target = getattr(message, field.name)
            target.SetInParent()
            fill(draw, target, depth + 1)
        else:
            setattr(message, field.name, draw(scalar(field)))


def messages(cls):
    """Messages of a class, with a few fields of any kind set."""

    @st.composite
    def build(draw):
        message = cls()
        fill(draw, message)
        return message

    return build()


# What a JSON text may have in a place where it does not belong.
ODD_VALUES = st.one_of(
    VALUES, st.integers(), st.sampled_from(
        ["NaN", "Infinity", "-Infinity", "1", "-1", "1.5", "1e3", " 1", "1 ", "0x1", "", "true", "FLAVOR_SOUR", "AA", "AA==",
         "A", "-_", "2020-01-01T00:00:00Z", "2020-02-30T00:00:00Z", "1.5s", "-1s", "1", "a,b", "aB", "a_b", 1e39, 1e308,
         2**31, 2**32, 2**63, 2**64, -(2**31) - 1, -0.0, 1.0, 0.5, 1e3]))


def change_json(draw, text):
    """Changes a JSON text: a value, a key, or some characters."""
    if draw(st.booleans()):
        value = json.loads(text)
        if isinstance(value, dict) and value:
            key = draw(st.sampled_from(sorted(value)))
            inner = value[key]
            odd = draw(ODD_VALUES)
            if isinstance(inner, dict) and inner and draw(st.booleans()):
                inner[draw(st.sampled_from(sorted(inner)))] = odd
            elif isinstance(inner, list) and draw(st.booleans()):
                inner.append(odd)
            elif draw(st.integers(0, 5)) == 0:
                value[draw(TEXT)] = odd
            else:
                value[key] = odd
        return json.dumps(value, allow_nan=False)
    at = draw(st.integers(0, len(text)))
    cut = draw(st.integers(0, 3))
    piece = draw(st.sampled_from(["", ",", "}", "]", "{", "[", "\"", ":", "null", "1", "-", "\\u0041", "\\", "e5", ".", " "]))
    return text[:at] + piece + text[at + cut:]


def change_bytes(draw, data):
    """Changes bytes: cuts them, or puts others in."""
    at = draw(st.integers(0, len(data)))
    return data[:at] + draw(st.binary(max_size=4)) + data[at + draw(st.integers(0, 3)):]
