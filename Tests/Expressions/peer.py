"""cel-python as the other evaluator, with the string functions that it lacks written here."""

import datetime
import json
import math

import celpy
from celpy import celtypes


def _index(text, number, inclusive=True):
    if not 0 <= number <= len(text) - (0 if inclusive else 1):
        raise ValueError("out of range")
    return int(number)


def substring(text, start, end=None):
    """The characters from one place up to another."""
    end = len(text) if end is None else _index(text, end)
    start = _index(text, start)
    if start > end:
        raise ValueError("out of range")
    return celtypes.StringType(str(text)[start:end])


def split(text, separator, limit=-1):
    """The pieces between separators, at most `limit` of them."""
    text, separator, limit = str(text), str(separator), int(limit)
    if limit == 0:
        pieces = []
    elif separator == "":
        pieces = list(text) if limit < 0 or limit >= len(text) else list(text[: limit - 1]) + [text[limit - 1 :]]
    else:
        pieces = text.split(separator, limit - 1) if limit > 0 else text.split(separator)
    return celtypes.ListType([celtypes.StringType(piece) for piece in pieces])


def replace(text, old, new, limit=-1):
    """A text with others in place of parts."""
    return celtypes.StringType(str(text).replace(str(old), str(new), int(limit)))


def ascii_case(first):
    """Changes the case of 26 letters."""

    def change(text):
        return celtypes.StringType("".join(chr(ord(c) ^ 32) if first <= c < chr(ord(first) + 26) else c for c in text))

    return change


FUNCTIONS = {
    # cel-python's own is lost where `+` has made the text.
    "contains": lambda text, part: celtypes.BoolType(str(part) in str(text)),
    "substring": substring,
    "split": split,
    "replace": replace,
    "join": lambda parts, separator="": celtypes.StringType(str(separator).join(map(str, parts))),
    "indexOf": lambda text, part: celtypes.IntType(str(text).find(str(part))),
    "lastIndexOf": lambda text, part: celtypes.IntType(str(text).rfind(str(part))),
    "charAt": lambda text, number: celtypes.StringType(str(text)[_index(text, number) :][:1]),
    "trim": lambda text: celtypes.StringType(str(text).strip(" \t\n\v\f\r")),
    "lowerAscii": ascii_case("A"),
    "upperAscii": ascii_case("a"),
    "reverse": lambda text: celtypes.StringType(str(text)[::-1]),
}

ENVIRONMENT = celpy.Environment()


def native(kind, text):
    """A cell as cel-python has it."""
    if kind == "int64":
        return celtypes.IntType(int(text))
    if kind == "double":
        return celtypes.DoubleType(float(text))
    if kind == "bool":
        return celtypes.BoolType(text == "true")
    if kind == "timestamp":
        return celtypes.TimestampType(text)
    if kind == "list<string>":
        return celtypes.ListType([celtypes.StringType(part) for part in json.loads(text)])
    return celtypes.StringType(text)


def described(value):
    """A value in the form of the filter's answers."""
    if isinstance(value, (bool, celtypes.BoolType)):
        return ["bool", "true" if value else "false"]
    if isinstance(value, celtypes.UintType):
        return ["uint", str(int(value))]
    if isinstance(value, celtypes.TimestampType):
        epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
        return ["timestamp", str((value - epoch) // datetime.timedelta(microseconds=1))]
    if isinstance(value, (celtypes.DurationType, datetime.timedelta)):
        return ["duration", str(value // datetime.timedelta(microseconds=1))]
    if isinstance(value, (celtypes.DoubleType, float)):
        return ["double", float(value)]
    if isinstance(value, (celtypes.IntType, int)):
        return ["int", str(int(value))]
    if isinstance(value, bytes):
        return ["bytes", " ".join(map(str, value))]
    if isinstance(value, str):
        return ["string", str(value)]
    if isinstance(value, list):
        return ["list", [described(part) for part in value]]
    raise AssertionError(f"{type(value)} {value!r}")


class Program:
    """An expression that cel-python has read."""

    def __init__(self, expression):
        self.program = ENVIRONMENT.program(ENVIRONMENT.compile(expression), functions=FUNCTIONS)

    def evaluate(self, activation):
        """The value, or `["error", …]`."""
        try:
            return described(self.program.evaluate(activation))
        except celpy.CELEvalError as error:
            return ["error", str(error)]
        except (ValueError, OverflowError) as error:
            return ["error", str(error)]


def same(ours, theirs):
    """If two values are the same: errors are one, whatever they say, and so are numbers that are not one."""
    if ours[0] == "error" or theirs[0] == "error":
        return ours[0] == theirs[0]
    if ours[0] == "list" and theirs[0] == "list":
        return len(ours[1]) == len(theirs[1]) and all(map(same, ours[1], theirs[1]))
    if ours[0] == "double" and theirs[0] == "double":
        left, right = float(ours[1]), theirs[1]
        return left == right or (math.isnan(left) and math.isnan(right))
    return ours == theirs


def known(expression, ours, theirs):
    """The difference's name, where it is one of those that docs/expressions.md lists."""
    if ours[0] == "error" and theirs[0] != "error":
        # Python's lists count negative places from the end.
        if "no element at this index" in ours[1] and "[" in expression:
            return "negative index"
        # The quotient that belongs to the remainder does not fit: CEL's Go implementation refuses it, too.
        if "does not fit" in ours[1] and "%" in expression:
            return "remainder of the least integer by -1"
    # cel-python refuses an error in the branch that is not taken.
    if theirs[0] == "error" and "found no matching overload for _?_:_" in theirs[1]:
        return "error in the other branch"
    return None
