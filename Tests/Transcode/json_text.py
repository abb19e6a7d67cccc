"""JSON as its text says it: numbers keep their digits, objects all their keys."""

import dataclasses
import json


@dataclasses.dataclass(frozen=True)
class Number:
    """A number's text; also NaN and the infinities, which Python's reader takes."""

    raw: str


@dataclasses.dataclass
class Pairs:
    """An object: its keys and values in their order, also where a key is there twice."""

    items: list


@dataclasses.dataclass(frozen=True)
class Raw:
    """Text that is to stand in JSON as it is."""

    text: str


def parse(text):
    """What Python's reader takes for JSON; ValueError where it takes it for none."""
    return json.loads(text, object_pairs_hook=Pairs, parse_int=Number, parse_float=Number, parse_constant=Number)


def write(value):
    """The text of what `parse` gave."""
    if isinstance(value, Pairs):
        return "{" + ",".join(f"{json.dumps(key)}:{write(inner)}" for key, inner in value.items) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(write, value)) + "]"
    if isinstance(value, Number):
        return value.raw
    if isinstance(value, Raw):
        return value.text
    return json.dumps(value)
