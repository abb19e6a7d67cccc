"""Decimals are computed and compared as Python's decimal does, digit by digit; what has too many digits is an error."""

import decimal
import random

import pytest

FIELDS = [["a", "decimal"], ["b", "decimal"], ["n", "int64"], ["x", "double"]]
DIGITS = 38
EXACT = decimal.Context(prec=200, rounding=decimal.ROUND_HALF_UP, Emin=-1000, Emax=1000)


def number(rng):
    """A decimal of up to 38 digits, often short, often with zeros at its end."""
    digits = "".join(rng.choices("0123456789", k=rng.choice([1, 2, 3, 5, 10, 20, rng.randint(1, DIGITS)])))
    digits += "0" * rng.choice([0, 0, 1, 2]) if len(digits) < DIGITS - 2 else ""
    scale = rng.randint(0, min(len(digits), rng.choice([2, 2, 6, DIGITS])))
    whole, part = digits[: len(digits) - scale], digits[len(digits) - scale :]
    return rng.choice(["", "-"]) + (whole or "0") + ("." + part if part else "")


def written(value):
    """A decimal by its digits, or None where it has more than are held: no exponent, no minus before zero."""
    sign, digits, exponent = value.as_tuple()
    unscaled = int("".join(map(str, digits)))
    if exponent > 0:
        unscaled, exponent = unscaled * 10**exponent, 0
    if unscaled >= 10**DIGITS or -exponent > DIGITS:
        return None
    text = str(unscaled).rjust(1 - exponent, "0")
    text = text[:exponent] + "." + text[exponent:] if exponent else text
    return "-" + text if sign and unscaled else text


def expected(operator, a, b):
    """What an operator gives, as a kind and a text."""
    if operator in ("==", "!=", "<", "<=", ">", ">="):
        order = a.compare(b, context=EXACT)
        holds = {"==": order == 0, "!=": order != 0, "<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0}
        return ["bool", "true" if holds[operator] else "false"]
    result = {"+": EXACT.add, "-": EXACT.subtract, "*": EXACT.multiply}[operator](a, b)
    text = written(result)
    return ["decimal", text] if text is not None else ["error", ""]


def check(answer, wanted, shown):
    """Compares answers; of errors only that they are."""
    assert "values" in answer, f"{shown}: {answer}"
    for ours, theirs, where in zip(answer["values"], wanted, shown, strict=True):
        same = ours[0] == theirs[0] == "error" or ours == theirs
        assert same, f"{where}: {ours}, decimal says {theirs}"


@pytest.mark.parametrize("operator", ["+", "-", "*", "==", "!=", "<", "<=", ">", ">="])
def test_operators(cel, operator):
    """Columns with columns, with whole numbers, and with numbers that are written out."""
    rng = random.Random(operator)
    pairs = []
    for _ in range(400):
        a = number(rng)
        # Now and then the same number with other zeros.
        b = rng.choice([number(rng), number(rng), a, a + "0" if "." in a and len(a) < DIGITS else a])
        pairs.append((a, b, str(rng.choice([0, 1, -7, 2**63 - 1, rng.randint(-10**6, 10**6)]))))
    rows = [[a, b, n, "0"] for a, b, n in pairs]
    values = [tuple(map(decimal.Decimal, pair)) for pair in pairs]
    check(cel.evaluate(f"a {operator} b", FIELDS, rows), [expected(operator, a, b) for a, b, _ in values], pairs)
    check(cel.evaluate(f"a {operator} n", FIELDS, rows), [expected(operator, a, n) for a, _, n in values], pairs)
    check(cel.evaluate(f"n {operator} b", FIELDS, rows), [expected(operator, n, b) for _, b, n in values], pairs)
    for a, b, n in pairs[:60]:
        literal = b if "." in b else b + ".0"
        check(
            cel.evaluate(f"a {operator} {literal}", FIELDS, [[a, b, n, "0"]]),
            [expected(operator, decimal.Decimal(a), decimal.Decimal(literal))], [(a, literal)],
        )


@pytest.mark.parametrize("places", [0, 1, 2, 10, 38])
def test_rounding(cel, places):
    """To the nearest, halves away from zero, with all places."""
    rng = random.Random(places)
    numbers = [number(rng) for _ in range(300)] + ["0.5", "-0.5", "1.005", "2.675", "-2.5", "0.05", "0.045"]
    wanted = [written(decimal.Decimal(a).quantize(decimal.Decimal(1).scaleb(-places), context=EXACT)) for a in numbers]
    answer = cel.evaluate(f"math.round(a, {places})", FIELDS, [[a, "0", "0", "0"] for a in numbers])
    check(answer, [["decimal", text] if text is not None else ["error", ""] for text in wanted], numbers)


def test_conversions(cel):
    """To doubles as Python rounds them, from doubles by their shortest digits, to and from texts."""
    rng = random.Random(1)
    numbers = [number(rng) for _ in range(500)]
    doubles = [rng.choice([rng.uniform(-1e6, 1e6), round(rng.uniform(-100, 100), 2), 1e22, 2.0**60, 1e-9]) for _ in numbers]
    rows = [[a, "0", "0", repr(x)] for a, x in zip(numbers, doubles)]
    answer = cel.evaluate("double(a)", FIELDS, rows)
    for ours, text in zip(answer["values"], numbers, strict=True):
        assert float(ours[1]) == float(decimal.Decimal(text)), f"{text}: {ours}"
    check(cel.evaluate("string(a)", FIELDS, rows), [["string", written(decimal.Decimal(a))] for a in numbers], numbers)
    wanted = []
    for x in doubles:
        text = written(decimal.Decimal(repr(x)))
        wanted.append(["decimal", text.removesuffix(".0")])
    check(cel.evaluate("decimal(x)", FIELDS, rows), wanted, doubles)
    orders = [decimal.Decimal(a).compare(decimal.Decimal(repr(x))) for a, x in zip(numbers, doubles)]
    check(cel.evaluate("a < x", FIELDS, rows), [["bool", "true" if o < 0 else "false"] for o in orders], rows)
    check(cel.evaluate("decimal(x) == x", FIELDS, rows), [["bool", "true"] for _ in rows], rows)
