"""What lxml says of the same files: the judge of what the suite extracts."""

import dataclasses
import json
import pathlib
import re

import lxml.html

HANDBOOK = pathlib.Path("/usr/share/doc/debian-handbook/html")
APACHE = pathlib.Path("/usr/share/doc/apache2-doc/manual")
# What counts as one space in a value: HTML's white space, and the space that no line breaks at.
SPACE = re.compile("[ \t\n\f\r\u00a0]+")


@dataclasses.dataclass
class Site:
    """A site that nginx serves, what is asked of it, and where its files lie."""

    folder: pathlib.Path
    path: str
    starts: list
    include: list
    fields: list
    # A CEL expression over the columns, and the same for rows of the judge.
    keep: str
    keeps: object
    shortest: int
    files: object

    def rows(self, base):
        """What the CSV has to say, by URL."""
        found = []
        for file in self.files():
            url = f"{base}{self.path}{file.relative_to(self.folder)}"
            row = {"_url": url} | self.read(file, url)
            if any(field.get("required") and row[field["name"]] == "" for field in self.fields):
                continue
            if self.keeps(row) and len(row["title"]) >= self.shortest:
                found.append(row | {"title_length": str(len(row["title"]))})
        return sorted(found, key=lambda row: row["_url"])

    def read(self, file, url):
        document = lxml.html.document_fromstring(file.read_bytes())
        return {field["name"]: self.value(document, field, url) for field in self.fields}

    @staticmethod
    def value(document, field, url):
        elements = document.cssselect(field["selector"])
        if "attribute" in field:
            texts = [element.get(field["attribute"]) for element in elements]
            texts = [text for text in texts if text is not None]
        else:
            texts = [SPACE.sub(" ", element.text_content()).strip(" ") for element in elements]
        if "capture" in field:
            matches = [re.search(field["capture"], text) for text in texts]
            texts = [match[1] for match in matches if match]
        texts = [text for text in texts if text]
        if field.get("type") == "FIELD_TYPE_URL":
            texts = [lxml.html.urljoin(url, text.strip()) for text in texts]
        if field.get("type") == "FIELD_TYPE_INTEGER":
            texts = [str(int(text)) for text in texts]
        if field.get("list"):
            return json.dumps(texts, ensure_ascii=False, separators=(",", ":")) if texts else ""
        return texts[0] if texts else ""


LANGUAGES = ("de-DE", "en-US", "es-ES", "fr-FR", "it-IT", "ja-JP", "pt-BR", "zh-CN")

SITES = {
    # 1 016 pages in eight languages.
    "handbook": Site(
        folder=HANDBOOK, path="/handbook/",
        starts=[f"/handbook/{language}/index.html" for language in LANGUAGES],
        include=["/handbook/(" + "|".join(LANGUAGES) + r")/.*\.html"],
        fields=[
            {"name": "title", "selector": "head > title", "required": True},
            {"name": "heading", "selector": ".titlepage .title"},
            {"name": "chapter", "selector": "head > title", "type": "FIELD_TYPE_INTEGER", "capture": r"^([0-9]+)\."},
            {"name": "next", "selector": "link[rel=next]", "source": "FIELD_SOURCE_ATTRIBUTE", "attribute": "href",
             "type": "FIELD_TYPE_URL"},
            {"name": "commands", "selector": "code.command", "list": True},
        ],
        keep="!_url.endsWith('/ix01.html')", keeps=lambda row: not row["_url"].endswith("/ix01.html"), shortest=12,
        files=lambda: [file for language in LANGUAGES for file in sorted((HANDBOOK / language).glob("*.html"))],
    ),
}
