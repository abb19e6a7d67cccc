"""The first page, and the one for addresses that lead nowhere."""

from html import escape

from site_model import Page

FIRST = [
    ("/docs/guides/collect", "Collect a site", "One command: pages, records, a dataset, a proof."),
    ("/docs/guides/gateway", "Call it over REST", "Routes, streams, uploads, errors, limits."),
    ("/docs/guides/signing", "Sign requests", "With a few lines of Python, or with the program."),
    ("/docs/guides/contract", "Generate a client", "gRPC in any language, from the contract."),
    ("/docs/guides/operating", "Run it", "Processes, stores, keys, metrics, upgrades."),
    ("/docs/reference/", "Look a call up", "Fields, bounds, permissions, reasons."),
]


def front_page(pages):
    there = {page.path for page in pages}
    cards = "".join(
        f'<li><a href="{path}">{escape(title)}</a><span>{escape(text)}</span></li>\n' for path, title, text in FIRST
        if path in there)
    body = f"""<p class="lead">DataVault collects data from the web, turns it into clean datasets, and can prove what \
happened to it. These pages are served by the program that you run, and belong to its version.</p>
<ul class="cards">
{cards}</ul>
<h2 id="begin">Begin</h2>
<pre tabindex="0"><code>datavault collect http://127.0.0.1:8080/docs/ --allow-address 127.0.0.1/32 \\
    --field 'title=h1' --field 'section=.breadcrumb li:last-child' --require title --limit 500 --out pages.csv</code></pre>
<p>It collects these very pages: their titles and sections, as a CSV file, with a proof that the log of it is whole.</p>
"""
    return Page("/docs/", "Documentation", body, "How to use, run and build on DataVault.")


def missing_page():
    body = """<p>There is no page at this address. The <a href="/docs/">first page</a> leads to all of them, and the \
<a href="/docs/reference/routes">list of routes</a> to every call.</p>
"""
    return Page("/docs/404", "No such page", body, "There is no page at this address.")
