"""The frame around each page: head, breadcrumb, navigation, foot."""

from html import escape

from site_model import Entry

SITE = "DataVault"
TOP = "/docs/"


def framed(page, navigation):
    """The page as a whole document."""
    summary = f'<meta name="description" content="{escape(page.summary)}">\n' if page.summary else ""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(page.title)} · {SITE}</title>
{summary}<meta name="color-scheme" content="light dark">
<link rel="stylesheet" href="/docs/style.css">
<link rel="icon" href="/docs/icon.svg" type="image/svg+xml">
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header><a class="home" href="{TOP}">{SITE}</a><nav aria-label="Site">\
<a href="/docs/guides/collect">Collect</a><a href="/docs/guides/">Guides</a><a href="/docs/reference/">Reference</a>\
<a class="narrow" href="#pages">All pages</a></nav></header>
<div class="frame">
<main id="content" tabindex="-1">
{breadcrumb(page)}<h1>{escape(page.title)}</h1>
{contents(page)}{page.body}</main>
{sidebar(page, navigation)}</div>
{footer(page)}</body>
</html>
"""


def breadcrumb(page):
    """The way from the top to the page, which itself is the heading below: so the last item is the page's section."""
    items = "".join(f'<li><a href="{path}">{escape(title)}</a></li>' for title, path in page.trail)
    return f'<nav aria-label="Breadcrumb"><ol class="breadcrumb">{items or f"<li>{SITE}</li>"}</ol></nav>\n'


def contents(page):
    """Links to the headings, where there are enough of them to lose one's way."""
    if len(page.headings) < 4:
        return ""
    items = "".join(f'<li><a href="#{anchor}">{escape(title)}</a></li>' for title, anchor in page.headings)
    return f'<nav class="contents" aria-label="On this page"><ul>{items}</ul></nav>\n'


def sidebar(page, navigation):
    """All sections, and below the one that the page is in its pages."""
    return f'<nav id="pages" class="pages" aria-label="Pages">{entries(navigation, page)}</nav>\n'


def entries(navigation, page):
    lines = []
    for entry in navigation:
        here = ' aria-current="page"' if entry.path == page.path else ""
        below = entries(entry.below, page) if entry.below and is_open(entry, page) else ""
        lines.append(f'<li><a href="{entry.path}"{here}>{escape(entry.title)}</a>{below}</li>')
    return f"<ul>{''.join(lines)}</ul>"


def is_open(entry: Entry, page):
    above = [path for _, path in page.trail] + [page.path]
    return entry.path in above or entry.path in ("/docs/guides/", "/docs/reference/")


def footer(page):
    source = f" Made of <code>{escape(page.source)}</code>." if page.source else ""
    return f'<footer><p>{SITE} serves these pages itself.{source} <a href="/openapi.json">openapi.json</a></p></footer>\n'
