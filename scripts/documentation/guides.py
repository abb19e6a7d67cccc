"""Pages made of the repository's Markdown: the README, docs/ and the decisions."""

import pathlib
import posixpath
import re
from html import escape

import markdown_it

from site_model import Entry, Page

# The order in which guides are read. What stands in no group comes at the end, under "Further".
GROUPS = [
    ("Use it", ["collect", "scraping", "extraction", "fields", "pipelines", "expressions", "datasets", "audit",
                "gateway", "signing", "contract", "identity", "identity-keys", "identity-sessions"]),
    ("Run it", ["operating", "configuration", "telemetry", "benchmarks"]),
    ("Build on it", ["servicekit", "policy", "persistence", "jobs", "outbound", "transcoding",
                     "transcoding-differences", "wire", "guard"]),
]
GUIDES = "/docs/guides/"
DECISIONS = "/docs/decisions/"
EXAMPLES = "/docs/examples/"
TOP = ("Documentation", "/docs/")


class Guides:
    """The Markdown files of a repository, as pages."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.paths = {}  # a source file -> the page that shows it
        for file in sorted((self.root / "docs").glob("*.md")):
            self.paths[f"docs/{file.name}"] = GUIDES + file.stem
        for file in sorted((self.root / "docs/decisions").glob("*.md")):
            self.paths[f"docs/decisions/{file.name}"] = DECISIONS + file.stem
        self.examples = {}
        for file in sorted((self.root / "docs/examples").glob("*.py")):
            self.examples[f"docs/examples/{file.name}"] = f"{EXAMPLES}{file.stem}"
        self.paths["README.md"] = GUIDES + "readme"
        self.paths["proto/README.md"] = GUIDES + "contract"
        self.pictures = {}  # a source file -> where it is served
        self.markdown = markdown_it.MarkdownIt("commonmark", {"html": False}).enable("table")
        self.markdown.add_render_rule("table_open", lambda *_: '<div class="wide" role="region" tabindex="0" '
                                      'aria-label="Table"><table>\n')
        self.markdown.add_render_rule("table_close", lambda *_: "</table></div>\n")
        # Whoever has no mouse can scroll only what can be focused.
        for kind in ("fence", "code_block"):
            self.markdown.add_render_rule(kind, lambda _, tokens, index, *__: '<pre tabindex="0"><code>'
                                          f"{escape(tokens[index].content, quote=False)}</code></pre>\n")

    def pages(self):
        """All pages, the two lists among them."""
        shown = [self.page(source) for source in self.paths]
        guides = [page for page in shown if page.path.startswith(GUIDES)]
        decisions = [page for page in shown if page.path.startswith(DECISIONS)]
        examples = [self.example(source, path) for source, path in self.examples.items()]
        return shown + examples + [self.guides_list(guides), decisions_list(decisions), examples_list(examples)]

    def navigation(self, pages):
        """The guides' part of the navigation."""
        titles = {page.path: page.title for page in pages}
        entries = [Entry(titles[path], path) for _, paths in self.grouped() for path in paths]
        decisions = [Entry(page.title, page.path) for page in pages
                     if page.path.startswith(DECISIONS) and page.path != DECISIONS]
        examples = [Entry(titles[path], path) for path in self.examples.values()]
        return [Entry("Guides", GUIDES, entries), Entry("Examples", EXAMPLES, examples),
                Entry("Decisions", DECISIONS, decisions)]

    def grouped(self):
        """Groups of guides with their pages' paths."""
        there = [path for path in self.paths.values() if path.startswith(GUIDES)]
        groups = [("Start", [GUIDES + "readme"])]
        groups += [(title, [GUIDES + name for name in names if GUIDES + name in there]) for title, names in GROUPS]
        known = {path for _, paths in groups for path in paths}
        further = [path for path in there if path not in known]
        return groups + ([("Further", further)] if further else [])

    def page(self, source):
        """A Markdown file as a page."""
        tokens = self.markdown.parse((self.root / source).read_text())
        title, tokens = take_title(tokens, source)
        assert all(token.tag != "h1" for token in tokens), f"{source} has two headings of the first level"
        headings = name_headings(tokens)
        for token in tokens:
            if token.type == "inline":
                self.rewrite(token, source)
            elif "style" in token.attrs:  # a column's alignment; the pages allow no style but the sheet's
                token.attrs["class"] = token.attrs.pop("style").removeprefix("text-align:")
        path = self.paths[source]
        section = ("Decisions", DECISIONS) if path.startswith(DECISIONS) else ("Guides", GUIDES)
        return Page(path=path, title=title, body=self.markdown.renderer.render(tokens, self.markdown.options, {}),
                    summary=first_sentence(tokens), trail=[TOP, section], headings=headings, source=source)

    def example(self, source, path):
        """A program, word for word."""
        text = (self.root / source).read_text()
        summary = text.strip('"').split("\n", 1)[0].strip('"')
        body = f'<p>{escape(summary)}</p>\n<pre tabindex="0"><code>{escape(text, quote=False)}</code></pre>\n'
        return Page(path, posixpath.basename(source), body, summary, [TOP, ("Examples", EXAMPLES)], source=source)

    def rewrite(self, token, source):
        """Turns links to files of the repository into links to their pages; names of such files become links, too."""
        children, dropped, inside = [], False, False
        for child in token.children:
            if child.type == "link_open":
                target = self.target(child.attrs["href"], source)
                dropped, inside = target is None, True  # what the site does not have is named, and no link
                child.attrs["href"] = target or ""
            elif child.type == "image":
                child.attrs["src"] = self.picture(child.attrs["src"], source)
            elif child.type == "code_inline" and not inside:
                if target := self.named(child.content, source):
                    child.type = "html_inline"
                    child.content = f'<a href="{target}"><code>{escape(child.content)}</code></a>'
            if not (dropped and child.type in ("link_open", "link_close")):
                children.append(child)
            if child.type == "link_close":
                dropped = inside = False
        token.children = children

    def target(self, link, source):
        """Where a link of a file leads on the site; None: nowhere."""
        if re.match(r"[a-z]+:", link) or link.startswith(("#", "/")):
            return link
        name, _, anchor = link.partition("#")
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), name))
        page = DECISIONS if path == "docs/decisions" else self.paths.get(path) or self.examples.get(path)
        return page and page + (f"#{anchor}" if anchor else "")

    def named(self, text, source):
        """The page of a file that a text names as it is."""
        if text in ("docs/decisions/", "docs/decisions"):
            return DECISIONS
        page = self.paths.get(text)
        return page if page and self.paths[source] != page else None

    def picture(self, link, source):
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), link))
        self.pictures[path] = "/docs/" + posixpath.basename(path)
        return self.pictures[path]

    def guides_list(self, pages):
        by_path = {page.path: page for page in pages}
        parts, headings = [], []
        for title, paths in self.grouped():
            anchor = slug(title)
            headings.append((title, anchor))
            parts.append(f'<h2 id="{anchor}">{title}</h2>\n{listed([by_path[path] for path in paths])}')
        return Page(GUIDES, "Guides", "".join(parts), "All guides, for those who use, run and build on DataVault.",
                    [TOP], headings)


def examples_list(pages):
    body = "<p>Programs that call DataVault, word for word.</p>\n" + listed(pages)
    return Page(EXAMPLES, "Examples", body, "Programs that call DataVault, word for word.", [TOP])


def decisions_list(pages):
    body = "<p>Where the design was open, or was departed from: what was chosen, and why.</p>\n" + listed(pages)
    return Page(DECISIONS, "Decisions", body, "What was decided where the design was open, and why.", [TOP])


def listed(pages):
    """Pages with their first sentences."""
    items = "".join(f'<dt><a href="{page.path}">{escape(page.title)}</a></dt><dd>{escape(page.summary)}</dd>\n'
                    for page in pages)
    return f"<dl>\n{items}</dl>\n"


def take_title(tokens, source):
    assert tokens and tokens[0].type == "heading_open" and tokens[0].tag == "h1", f"{source} begins with no title"
    return text_of(tokens[1]), tokens[3:]


def name_headings(tokens):
    """Gives headings anchors; returns those of the second level."""
    seen, headings = {}, []
    for index, token in enumerate(tokens):
        if token.type != "heading_open":
            continue
        title = text_of(tokens[index + 1])
        anchor = slug(title)
        seen[anchor] = seen.get(anchor, 0) + 1
        if seen[anchor] > 1:
            anchor = f"{anchor}-{seen[anchor] - 1}"
        token.attrs["id"] = anchor
        if token.tag == "h2":
            headings.append((title, anchor))
    return headings


def text_of(token):
    return "".join(child.content if child.type != "softbreak" else " " for child in token.children or [])


def first_sentence(tokens):
    for token, following in zip(tokens, tokens[1:]):
        if token.type == "paragraph_open":
            text = text_of(following)
            end = re.search(r"[.:](\s|$)", text)
            return (text[:end.start()] if end else text).strip() + "."
    return ""


def slug(text):
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "section"
