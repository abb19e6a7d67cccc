"""What a site of documentation is made of: pages, the order in which they are shown, and the archive they lie in."""

import dataclasses
import hashlib


@dataclasses.dataclass
class Page:
    """A page, before it has a frame."""

    path: str  # as `/docs/guides/wire`; a folder's own page ends with a slash
    title: str  # its h1, as text
    body: str  # HTML after the h1
    summary: str = ""  # a sentence of text
    trail: list = dataclasses.field(default_factory=list)  # (title, path) of the pages above, from the top
    headings: list = dataclasses.field(default_factory=list)  # (title, anchor) of its h2
    source: str = ""  # the file of the repository that it shows


@dataclasses.dataclass
class Entry:
    """A line of the navigation."""

    title: str
    path: str
    below: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class File:
    """Something that is served: a framed page, a sheet of style, a picture."""

    path: str
    media_type: str
    body: bytes


def archive(files):
    """All files in one: a line each with path, media type, entity tag and length, an empty line, and the bodies."""
    files = sorted(files, key=lambda file: file.path)
    lines = []
    for file in files:
        tag = hashlib.sha256(file.body).hexdigest()[:20]
        lines.append("\t".join([file.path, file.media_type, tag, str(len(file.body))]))
    return ("\n".join(lines) + "\n\n").encode() + b"".join(file.body for file in files)
