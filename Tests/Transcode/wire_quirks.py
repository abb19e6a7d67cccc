"""What Python makes otherwise of protobuf bytes: the rules of quirks.py's kind for messages that have been read."""

import re

from google.protobuf import message_factory, unknown_fields

import strategies

LENGTH_DELIMITED = 2
# Paths that have a form in JSON which comes back the same.
PATH = re.compile(r"""([^A-Z_"\\,\x00-\x1f]|_[a-z])*""")


def settle(protos, message):
    """Takes the differences out of a message, in place, and returns the rules that were about them."""
    rules = set()
    descriptor = message.DESCRIPTOR
    if descriptor.full_name == "google.protobuf.FieldMask":
        rules |= settle_mask(message)
    elif descriptor.full_name == "google.protobuf.Any":
        rules |= settle_any(protos, message)
    else:
        rules |= settle_entries(message)
        rules |= settle_strings(message)
        for inner in strategies.messages_inside(message):
            rules |= settle(protos, inner)
    return rules


def settle_mask(message):
    """Python writes paths that do not come back the same, and does with letters of all alphabets as with those of ASCII."""
    rules, kept = set(), []
    for path in message.paths:
        if any(letter.isupper() and not letter.isascii() for letter in path):
            rules.add("capitals of other alphabets in a mask")
        elif not PATH.fullmatch(path):
            rules.add("a mask's path without a form")
        else:
            kept.append(path)
    if kept == [""]:
        rules.add("a mask's path without a form")
        kept = []
    if rules:
        del message.paths[:]
        message.paths.extend(kept)
    return rules


def settle_strings(message):
    """Python gives bytes where a string of proto2 is not UTF-8, and writes how they look in its own source."""
    rules = set()
    for field, value in message.ListFields():
        if field.type == field.TYPE_STRING and not field.is_repeated and isinstance(value, bytes):
            rules.add("a string of proto2 that is not UTF-8")
            setattr(message, field.name, "")
    return rules


def has_overwritten_string(descriptor, content):
    """Whether bytes hold a string of proto2 that is not UTF-8 and that another follows: Python has forgotten the first."""
    at = 0
    while at < len(content):
        tag, at = varint(content, at)
        kind = tag & 7
        if kind == LENGTH_DELIMITED:
            length, at = varint(content, at)
            inner, at = content[at:at + length], at + length
            field = descriptor.fields_by_number.get(tag >> 3)
            if field is None:
                continue
            if field.message_type is not None and has_overwritten_string(field.message_type, inner):
                return True
            if field.type == field.TYPE_STRING and descriptor.file.name.endswith("legacy.proto") and not is_utf8(inner):
                return True
        elif kind == 0:
            at = varint(content, at)[1]
        else:
            at += {1: 8, 5: 4}.get(kind, 0)
    return False


def varint(content, at):
    """A number and the place behind it."""
    value = shift = 0
    while at < len(content):
        value |= (content[at] & 0x7F) << shift
        shift += 7
        at += 1
        if content[at - 1] < 0x80:
            break
    return value, at


def is_utf8(content):
    """Whether bytes are UTF-8."""
    try:
        content.decode()
        return True
    except UnicodeDecodeError:
        return False


def settle_any(protos, message):
    """What an Any holds."""
    try:
        content = protos.message(message.type_url.rpartition("/")[2]).FromString(message.value)
    except Exception:  # Of an unknown type, or no message: both refuse it.
        return set()
    rules = settle(protos, content)
    if rules:
        message.value = content.SerializeToString()
    return rules


def settle_entries(message):
    """upb takes a map's entry that has anything but a key and a value for an unknown field."""
    rules = set()
    maps = {field.number: field for field in message.DESCRIPTOR.fields if strategies.is_map(field)}
    for unknown in list(unknown_fields.UnknownFieldSet(message)) if maps else ():
        field = maps.get(unknown.field_number)
        if field is None or unknown.wire_type != LENGTH_DELIMITED:
            continue
        rules.add("a map's entry with more in it")
        entry = message_factory.GetMessageClass(field.message_type).FromString(unknown.data)
        target = getattr(message, field.name)
        if field.message_type.fields_by_name["value"].message_type is not None:
            target[entry.key].CopyFrom(entry.value)
        else:
            target[entry.key] = entry.value
    if rules:
        message.DiscardUnknownFields()
    return rules
