"""Selectors beside soupsieve, on random documents and on real pages."""

import warnings

import bs4
import pytest
import soupsieve
from conftest import pages, randoms

warnings.simplefilter("ignore")
NAMES = ["div", "p", "a", "span", "ul", "li", "b"]
CLASSES = ["x", "y", "z", "X"]
IDS = ["m", "n", "o"]
VALUES = ["x", "y", "x-y", "y x", "", "Xy", "ab"]


def element(random, depth):
    """An element with what is below it; white space is never alone, for soupsieve takes it for nothing in `:empty`."""
    name = random.choice(["div", "span", "b", "a", "ul", "li", "p"])
    attributes = ""
    if random.random() < 0.5:
        attributes += f' class="{" ".join(random.choices(CLASSES, k=random.randint(1, 2)))}"'
    if random.random() < 0.3:
        attributes += f' id="{random.choice(IDS)}"'
    if random.random() < 0.4:
        attributes += f' data-k="{random.choice(VALUES)}"'
    if random.random() < 0.2:
        attributes += f' href="{random.choice(VALUES)}"'
    count = random.randint(0, 4) if depth < 5 else 0
    inner = "".join(
        random.choice(["t", " t", "<!--c-->"]) if random.random() < 0.2 else element(random, depth + 1)
        for _ in range(count)
    )
    return f"<{name}{attributes}>{inner}</{name}>"


def nth(random):
    """An argument of :nth-child() and the like."""
    return random.choice(["odd", "even", "1", "2", "n", "2n+1", "-n+2", "3n-1", "0n+2", "n+2", "+3", "-2n+5", "2n + 1"])


def attribute(random):
    """An attribute selector."""
    operator = random.choice(["=", "~=", "|=", "^=", "$=", "*="])
    flag = random.choice(["", "", " i", " s"])
    name = random.choice(["data-k", "href", "class", "DATA-K"])
    return random.choice([f"[{name}]", f'[{name}{operator}"{random.choice(VALUES)}"{flag}]'])


def simple(random, depth):
    """A simple selector other than a type."""
    choice = random.random()
    if choice < 0.3:
        return "." + random.choice(CLASSES)
    if choice < 0.4:
        return "#" + random.choice(IDS)
    if choice < 0.55:
        return attribute(random)
    if choice < 0.75 or depth > 1:
        kind = random.choice(["nth-child", "nth-last-child", "nth-of-type", "nth-last-of-type"])
        plain = random.choice(
            ["first-child", "last-child", "only-child", "first-of-type", "last-of-type", "only-of-type", "empty", "root"]
        )
        return random.choice([f":{kind}({nth(random)})", ":" + plain])
    if choice < 0.82:
        among = ", ".join(compound(random, 2) for _ in range(random.choice([1, 2])))
        return f":nth-{random.choice(['', 'last-'])}child({nth(random)} of {among})"
    if choice < 0.9:
        relative = random.choice(["", "> ", "+ ", "~ "]) + complex_(random, depth + 2)
        return f":has({relative})"
    return f":{random.choice(['is', 'not', 'where'])}({listed(random, depth + 1)})"


def compound(random, depth):
    """A compound selector."""
    parts = [random.choice(NAMES + ["*"])] if random.random() < 0.6 else []
    parts += [simple(random, depth) for _ in range(random.choice([0, 1, 1, 2]))]
    return "".join(parts) or "*"


def complex_(random, depth):
    """Compounds with combinators."""
    text = compound(random, depth)
    for _ in range(random.choice([0, 0, 1, 1, 2, 3])):
        text += random.choice([" ", " > ", " + ", " ~ ", ">"]) + compound(random, depth)
    return text


def listed(random, depth):
    """One to three selectors."""
    return ", ".join(complex_(random, depth) for _ in range(random.choice([1, 1, 2, 3])))


def by_soupsieve(page, selectors, parser="html5lib"):
    """The matches of each selector as positions among all elements."""
    soup = bs4.BeautifulSoup(page, parser)
    positions = {id(tag): number for number, tag in enumerate(soup.find_all(True))}
    results = []
    for selector in selectors:
        try:
            results.append([positions[id(tag)] for tag in soupsieve.select(selector, soup)])
        except soupsieve.SelectorSyntaxError as error:
            # It forbids combinators in some places where the standard has them.
            assert "Using strict rules" in str(error)
            results.append(None)
    return results


def test_random_selectors(filter):
    """Twelve selectors on each of many documents."""
    matches = 0
    for random in randoms(80):
        page = "<!doctype html><body>" + "".join(element(random, 0) for _ in range(3))
        selectors = [listed(random, 0) for _ in range(12)]
        ours = filter.ask("select", page.encode(), selectors=selectors)["matches"]
        for selector, found, expected in zip(selectors, ours, by_soupsieve(page, selectors), strict=True):
            if expected is not None:
                assert found == expected, (selector, page)
                matches += len(found)
    assert matches > 3_000, "selectors that match nothing test nothing"


REAL = ["h1", "div#preamble > p", ".toc li a[href^='#']", "table tr:nth-child(2n+1) td:first-of-type", "a[href$='.html' i]",
        "dl > dt + dd", "p:has(> code)", "body *:not(div):not(p)", "li:last-child", "div :is(h2, h3) > a",
        "pre ~ p", "#page-header img", "[lang], [xml\\:lang]", ".up, .seealso a", "td:nth-last-child(2)"]  # fmt: skip


@pytest.mark.parametrize("path", pages(130, 7), ids=lambda path: path.name)
def test_real_page(filter, path):
    page = path.read_bytes()
    ours = filter.ask("select", page, selectors=REAL)["matches"]
    assert ours == by_soupsieve(page, REAL)


@pytest.mark.parametrize(
    "selector,position",
    [("", 0), ("a >", 3), ("a,", 2), (":nope", 0), ("a:hover", 1), (":not()", 5), ("[a=]", 3), ("[a", 2), ("a::before", 1),
     ("a | b", 2), (":nth-child(x)", 11), (":has(:has(a))", 5), ("'a'", 0), ("#1", 1), ("a b)", 3), ("..x", 1)],
)  # fmt: skip
def test_invalid(filter, selector, position):
    (answer,) = filter.ask("select", b"<p>", selectors=[selector])["matches"]
    assert isinstance(answer, str), f"{selector} is valid for us"
    assert answer.endswith(f" at {position}"), answer
    # soupsieve takes pseudo-classes that never match, and :has() within itself.
    if selector not in ("a:hover", ":has(:has(a))"):
        with pytest.raises((soupsieve.SelectorSyntaxError, NotImplementedError)):
            soupsieve.compile(selector)
