"""Expressions give what cel-python gives, on any row; docs/expressions.md lists where the two differ and why."""

import collections

import pytest

import peer
import strategies

SEEN = collections.Counter()


def compare(cel, expression, rows):
    """Evaluates in both; gives the pairs."""
    answer = cel.evaluate(expression, strategies.FIELDS, rows)
    assert "error" not in answer, f"{expression}: {answer}"
    program = peer.Program(expression)
    for row, ours in zip(rows, answer["values"], strict=True):
        activation = {name: peer.native(kind, cell) for (name, kind), cell in zip(strategies.FIELDS, row)}
        theirs = program.evaluate(activation)
        difference = None if peer.same(ours, theirs) else peer.known(expression, ours, theirs)
        assert difference or peer.same(ours, theirs), f"{expression} on {row}: {ours}, cel-python {theirs}"
        SEEN[difference or ours[0]] += 1


@pytest.mark.parametrize("seed", range(20))
def test_any_expression(cel, seed):
    """Generated expressions of all types, on generated rows."""
    writer = strategies.Writer(seed)
    for _ in range(50):
        expression = writer.any(3)
        compare(cel, expression, [writer.row() for _ in range(4)])


def test_kinds_were_met(cel):
    """The generator reaches values of all kinds, and errors."""
    writer = strategies.Writer(1_000)
    for _ in range(60):
        compare(cel, writer.any(3), [writer.row() for _ in range(4)])
    assert {"int", "double", "string", "bool", "list", "error"} <= set(SEEN)
    assert SEEN["error"] < sum(SEEN.values()) / 2
    assert SEEN["negative index"] + SEEN["error in the other branch"] < sum(SEEN.values()) / 20


ROW = ["7", "-3", "2.5", "aß1", "a", "true", "2024-02-29T12:34:56.123456Z", '["a", "bb"]']


@pytest.mark.parametrize("expression", [
    "7u / 2u", "3u - 5u", "18446744073709551615u + 1u", "uint(n) * 2u", "uint(m)", "b'ab' + b'\\x00\\377'", "size(b'abc')",
    "timestamp('2024-02-29T12:34:56Z') < at", "timestamp('2024-03-10T00:00:00+02:00').getHours()",
    "duration('1h30m') + duration('-90s')", "duration('1.5h').getMinutes()",
    "at + duration('24h') > at", "(at - duration('48h')).getDate()", "at - timestamp('2024-02-29T00:00:00Z')",
    "int(timestamp('1970-01-01T00:01:00Z'))", "int(2.9)", "int(-2.9)", "int('x')", "double('1e3')", "bool('true')",
    "string(n) + string(m)", "{'a': 1, 'b': 2}['b']", "{'a': 1}['c']", "'a' in {'a': 1}", "{1: 'x'}[1]",
    "[1, 2, 3].filter(i, i % 2 == 1)", "[1, 2].map(i, i * n)", "[3, 1].exists_one(i, i > n)", "[1, 2][0]", "[1, 2][2]",
    "[[1], [2, 3]][1].size()", "[1, 2] == [1, 2]", "r'\\n'.size()", "'\\u00e9\\U0001F600'.size()", "'''a'b\"c'''",
    "0x1F + 1", "1e3 + .5", "true ? 1 : 2 / 0", "false && 1 / 0 == 1", "1 / 0 == 1 || true", "-9223372036854775808",
    "n > 5 && s.matches('^a.1$') ? 'yes' : 'no'", "tags.all(t, t.size() > 0) && !tags.exists(t, t == 'c')",
])
def test_known_expressions(cel, expression):
    """Literals, unsigned numbers, bytes, durations, maps."""
    compare(cel, expression, [ROW])
