"""Expressions that the checker takes, and rows for them, the same in each run."""

import json
import random

FIELDS = [
    ["n", "int64"], ["m", "int64"], ["x", "double"], ["s", "string"], ["t", "string"], ["b", "bool"], ["at", "timestamp"],
    ["tags", "list<string>"],
]
PARTS = [
    "getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear", "getHours", "getMinutes",
    "getSeconds", "getMilliseconds",
]
ZONES = ["", "'UTC'", "'+05:30'", "'-08:00'", "'America/New_York'", "'Europe/Berlin'"]
PATTERNS = ["[a-z]+", "^a", "1$", ".", "", "ß|Z"]


def literal(text):
    """A text as a literal."""
    return json.dumps(text, ensure_ascii=False)


class Writer:
    """Writes cells and expressions of each type, from one seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.variables = []

    def text_value(self):
        """A short text, some characters of which take several bytes."""
        return "".join(self.random.choices("ab1 ,ßZ😀-", k=self.random.randrange(6)))

    def int_value(self):
        """A whole number, now and then at an edge."""
        return self.random.choice([self.random.randint(-10, 10), 2**63 - 1, -(2**63), 2**53 + 1, 10**9, 0, 1, 2])

    def double_value(self):
        """A number, now and then a large one."""
        return self.random.choice([0.0, 1.0, -2.5, 0.1, 1e18, 1e300, round(self.random.uniform(-1000, 1000), 3)])

    def row(self):
        """Cells for FIELDS, as text."""
        pick = self.random.randrange
        at = f"{pick(1900, 2100)}-{pick(1, 13):02}-{pick(1, 29):02}T{pick(24):02}:{pick(60):02}:{pick(60):02}.{pick(10**6):06}Z"
        tags = [self.text_value() for _ in range(pick(4))]
        return [
            str(self.int_value()), str(pick(-5, 6)), repr(self.double_value()), self.text_value(), self.text_value(),
            self.random.choice(["true", "false"]), at, json.dumps(tags, ensure_ascii=False),
        ]

    def any(self, depth):
        """An expression of any type."""
        return getattr(self, self.random.choice(["int", "double", "text", "bool", "list"]))(depth)

    def choose(self, *choices):
        """One of several ways to write."""
        return self.random.choice(choices)()

    def macro(self, kinds, depth, body):
        """A macro over a list, with a variable for texts."""
        if len(self.variables) > 1:
            return body(0) if body != self.text else "tags"
        target = self.list(depth)
        variable = f"v{len(self.variables)}"
        self.variables.append(variable)
        text = f"{target}.{self.random.choice(kinds)}({variable}, {body(depth)})"
        self.variables.pop()
        return text

    def int(self, depth):
        """An int."""
        if depth == 0:
            value = self.int_value()
            return self.random.choice(["n", "m", f"({value})"])
        sub = lambda f: f(depth - 1)
        return self.choose(
            lambda: f"({sub(self.int)} {self.random.choice('+-*/%')} {sub(self.int)})",
            lambda: f"-({sub(self.int)})",
            lambda: f"size({sub(self.text)})",
            lambda: f"{sub(self.list)}.size()",
            lambda: f"({sub(self.bool)} ? {sub(self.int)} : {sub(self.int)})",
            lambda: f"int(string({sub(self.int)}))",
            lambda: f"at.{self.random.choice(PARTS)}({self.random.choice(ZONES)})",
            lambda: f"{sub(self.text)}.{self.random.choice(['indexOf', 'lastIndexOf'])}({sub(self.text)})",
        )

    def double(self, depth):
        """A double."""
        if depth == 0:
            return self.random.choice(["x", f"({self.double_value()!r})"])
        sub = lambda f: f(depth - 1)
        return self.choose(
            lambda: f"({sub(self.double)} {self.random.choice('+-*')} {sub(self.double)})",
            lambda: f"double({sub(self.int)})",
            lambda: f"({sub(self.bool)} ? {sub(self.double)} : {sub(self.double)})",
        )

    def text(self, depth):
        """A string."""
        if depth == 0:
            return self.random.choice(["s", "t", literal(self.text_value()), *self.variables])
        sub = lambda f: f(depth - 1)
        return self.choose(
            lambda: f"({sub(self.text)} + {sub(self.text)})",
            lambda: f"({sub(self.bool)} ? {sub(self.text)} : {sub(self.text)})",
            lambda: f"string({sub(self.int)})",
            lambda: f"{sub(self.text)}.{self.random.choice(['trim', 'lowerAscii', 'upperAscii', 'reverse'])}()",
            lambda: f"{sub(self.text)}.substring({self.random.choice([sub(self.int), '1', '0'])})",
            lambda: f"{sub(self.text)}.substring({self.random.randrange(3)}, {self.random.randrange(5)})",
            lambda: f"{sub(self.text)}.charAt({self.random.choice([sub(self.int), '0', '2'])})",
            lambda: f"{sub(self.text)}.replace({sub(self.text)}, {sub(self.text)})",
            lambda: f"{sub(self.list)}.join({sub(self.text)})",
            lambda: f"{sub(self.list)}[{self.random.choice([sub(self.int), '0'])}]",
        )

    def bool(self, depth):
        """A bool."""
        if depth == 0:
            return self.random.choice(["b", "true", "false"])
        sub = lambda f: f(depth - 1)
        order = self.random.choice(["<", "<=", ">", ">=", "==", "!="])
        return self.choose(
            lambda: f"({sub(self.bool)} {self.random.choice(['&&', '||'])} {sub(self.bool)})",
            lambda: f"!({sub(self.bool)})",
            lambda: f"({sub(self.int)} {order} {sub(self.int)})",
            lambda: f"({sub(self.double)} {order} {sub(self.double)})",
            lambda: f"({sub(self.text)} {order} {sub(self.text)})",
            lambda: f"({sub(self.bool)} ? {sub(self.bool)} : {sub(self.bool)})",
            lambda: f"{sub(self.text)}.{self.random.choice(['contains', 'startsWith', 'endsWith'])}({sub(self.text)})",
            lambda: f"{sub(self.text)}.matches('{self.random.choice(PATTERNS)}')",
            lambda: f"({sub(self.text)} in {sub(self.list)})",
            lambda: f"({sub(self.int)} in [1, {sub(self.int)}])",
            lambda: self.macro(["all", "exists", "exists_one"], depth - 1, self.bool),
        )

    def list(self, depth):
        """A list of strings."""
        if depth == 0 or len(self.variables) > 1:
            return self.random.choice(["tags", "['a', 'b']"])
        sub = lambda f: f(depth - 1)
        return self.choose(
            lambda: f"[{sub(self.text)}, {sub(self.text)}]",
            lambda: f"{sub(self.text)}.split({sub(self.text)})",
            lambda: self.macro(["filter"], depth - 1, self.bool),
            lambda: self.macro(["map"], depth - 1, self.text),
            lambda: f"({sub(self.list)} + {sub(self.list)})",
        )
