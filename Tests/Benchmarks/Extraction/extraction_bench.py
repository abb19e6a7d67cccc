"""Runs extraction-bench and measures lxml and lexbor on the same pages and fields; prints one table."""

import argparse
import json
import pathlib
import subprocess
import tempfile
import time
import urllib.parse

import lxml.html
from lxml.cssselect import CSSSelector
from selectolax.lexbor import LexborHTMLParser

MANUAL = "/usr/share/doc/apache2-doc/manual/en"
ROUNDS = 3
# The fields of ExtractionBench.swift: name, selector, attribute, list.
FIELDS = [
    ("title", "h1", None, False),
    ("headings", "h2, h3", None, True),
    ("paragraph", "div p:first-of-type", None, False),
    ("code", "pre, code", None, True),
    ("links", "li > a[href]", "href", True),
]
SELECTORS = [(CSSSelector(selector), attribute, is_list) for _, selector, attribute, is_list in FIELDS]
URL = "http://localhost/manual/page.html"


def lxml_parse(page):
    """A tree by libxml2."""
    return lxml.html.document_fromstring(page)


def lxml_extract(page):
    """All that extraction-bench does: fields, and links resolved."""
    tree = lxml_parse(page)
    count = 0
    for selector, attribute, is_list in SELECTORS:
        found = selector(tree)
        for element in found if is_list else found[:1]:
            if attribute:
                count += bool(urllib.parse.urljoin(URL, element.get(attribute)))
            else:
                count += bool(" ".join(element.text_content().split()))
    links = {urllib.parse.urljoin(URL, element.get("href")) for element in tree.iter("a") if element.get("href")}
    return count, links


def lexbor_parse(page):
    """A tree by lexbor."""
    return LexborHTMLParser(page)


def lexbor_extract(page):
    """As `lxml_extract`."""
    tree = lexbor_parse(page)
    count = 0
    for _, selector, attribute, is_list in FIELDS:
        found = tree.css(selector) if is_list else [node for node in [tree.css_first(selector)] if node is not None]
        for node in found:
            if attribute:
                count += bool(urllib.parse.urljoin(URL, node.attributes[attribute] or ""))
            else:
                count += bool(" ".join(node.text().split()))
    links = {urllib.parse.urljoin(URL, node.attributes["href"] or "") for node in tree.css("a[href]")}
    return count, links


def measure(body, pages, seconds):
    """Pages a second of processor time, over all pages again and again."""
    rounds = 0
    start = time.process_time()
    while True:
        for page in pages:
            body(page)
        rounds += 1
        elapsed = time.process_time() - start
        if elapsed >= seconds:
            return len(pages) * rounds / elapsed


def main():
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("folder", nargs="?", default=MANUAL)
    arguments = parser.parse_args()
    paths = sorted(path for path in pathlib.Path(arguments.folder).rglob("*.html") if path.is_file())[:500]
    pages = [path.read_bytes() for path in paths]
    size = sum(map(len, pages)) / len(pages)
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as listing:
        listing.write("".join(f"{path}\n" for path in paths))
        listing.flush()
        ours = {"parse": 0.0, "extract": 0.0, "gumbo": 0.0}
        best = {}
        for _ in range(ROUNDS):
            for what in ours:
                command = [arguments.binary, listing.name, str(arguments.seconds), what]
                result = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
                ours[what] = max(ours[what], result["pages_per_second"])
            for body in (lxml_parse, lxml_extract, lexbor_parse, lexbor_extract):
                best[body] = max(best.get(body, 0), measure(body, pages, arguments.seconds))
    print(f"{len(pages)} pages of {size / 1000:.1f} kB; best of {ROUNDS} rounds, by processor time on one core\n")
    print("| | parse, pages/s | MB/s | parse and extract, pages/s | MB/s |")
    print("|---|---|---|---|---|")
    for name, parse, extract in (
        ("**DataVault**", ours["parse"], ours["extract"]),
        ("lxml (libxml2), cssselect", best[lxml_parse], best[lxml_extract]),
        ("selectolax (lexbor)", best[lexbor_parse], best[lexbor_extract]),
        ("gumbo", ours["gumbo"], None),
    ):
        both = f"{extract:,.0f} | {extract * size / 1e6:.0f}" if extract else "– | –"
        print(f"| {name} | {parse:,.0f} | {parse * size / 1e6:.0f} | {both} |")


if __name__ == "__main__":
    main()
