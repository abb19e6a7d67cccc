"""Values, links and places of real pages beside what lxml says of the same files."""

import ada_url
import lxml.html
import pytest
import webencodings
from conftest import pages
from lxml.cssselect import CSSSelector

FIELDS = [
    {"name": "title", "selector": "title"},
    {"name": "heading", "selector": "h1"},
    {"name": "sections", "selector": "h2, h3", "list": True},
    {"name": "code", "selector": "dl code", "list": True},
    {"name": "links", "selector": "div a[href]", "take": "attribute", "attribute": "href", "type": "url", "list": True},
    {"name": "names", "selector": "a[id], a[name]", "take": "attribute", "attribute": "id", "list": True},
]
PATHS = [path for path in pages(14, 3) if ".utf8" in path.name or path.suffix == ".html"]


def text(element):
    """The text without white space: where a block ends we write a space, and lxml does not."""
    for unseen in element.xpath(".//script | .//style"):
        unseen.drop_tree()
    return "".join(element.text_content().split())


def parsed(page, charset):
    """The page's tree by libxml2, which is told the encoding."""
    text = page.decode(webencodings.lookup(charset).codec_info.name, "replace")
    return lxml.html.document_fromstring(text.encode(), parser=lxml.html.HTMLParser(encoding="utf-8"))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_fields(filter, path):
    page = path.read_bytes()
    url = f"http://localhost/{path.name}?q=1#f"
    answer = filter.ask("extract", page, url=url, fields=FIELDS)
    assert answer["issues"] == [] and answer["truncations"] == []
    (record,) = answer["records"]
    tree = parsed(page, answer["charset"])

    def expected(field):
        found = CSSSelector(field["selector"], translator="html")(tree)
        if "attribute" in field:
            return [element.get(field["attribute"]).strip() for element in found if element.get(field["attribute"])]
        values = [value for value in map(text, found) if value]
        return values if field.get("list") else values[:1]

    for field, values in zip(FIELDS, record, strict=True):
        if field.get("type") == "url":
            assert values == [ada_url.join_url(url, value) for value in expected(field)]
        elif "attribute" in field:
            assert values == expected(field)
        else:
            assert ["".join(value.split()) for value in values] == expected(field)


@pytest.mark.parametrize("path", PATHS[::3], ids=lambda path: f"{path.parent.name}/{path.name}")
def test_links(filter, path):
    page = path.read_bytes()
    url = "http://localhost/a/b.html"
    answer = filter.ask("extract", page, url=url, fields=FIELDS[:1])
    tree = parsed(page, answer["charset"])
    expected = []
    for element in tree.iter("a", "area", "link", "iframe", "frame"):
        relation = set((element.get("rel") or "").lower().split())
        if element.tag == "link" and (not relation & {"next", "prev", "alternate"} or "stylesheet" in relation):
            continue
        target = element.get("src" if element.tag in ("iframe", "frame") else "href")
        if not target or target.startswith("#"):
            continue
        absolute = ada_url.join_url(url, target).partition("#")[0]
        if absolute.startswith(("http://", "https://")) and absolute not in expected:
            expected.append(absolute)
    assert answer["links"] == expected


@pytest.mark.parametrize("path", PATHS[::5], ids=lambda path: f"{path.parent.name}/{path.name}")
def test_sources(filter, path):
    """Each value's bytes in the page are its element, or its attribute's value."""
    page = path.read_bytes()
    answer = filter.ask("extract", page, url="http://localhost/", fields=FIELDS)
    mark = 3 if page.startswith(b"\xef\xbb\xbf") else 0
    assert mark == 0 or min(place[0] for places in answer["sources"][0] for place in places) >= mark
    for field, values, places in zip(FIELDS, answer["records"][0], answer["sources"][0], strict=True):
        for value, (offset, length) in zip(values, places, strict=True):
            source = page[offset : offset + length]
            if "attribute" in field:
                assert lxml.html.fromstring(b"<a t='" + source + b"'></a>").get("t") == value or "http" in value
            else:
                assert source.startswith(b"<") and source.endswith(b">")
                again = lxml.html.fragment_fromstring(source.decode(), create_parent=True)
                assert text(again) == "".join(value.split())
