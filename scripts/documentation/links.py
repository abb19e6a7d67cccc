"""Looks for links within the site that lead nowhere."""

import re

# What the gateway serves beside the site.
OTHERS = {"/openapi.json"}


def dead_links(files):
    """A line for each address that is linked and is not there, with one page that links it."""
    anchors = {file.path: set(re.findall(r'id="([^"]*)"', file.body.decode())) for file in files}
    dead = {}
    for file in files:
        if not file.media_type.startswith("text/html"):
            continue
        for link in re.findall(r'(?:href|src)="([^"]*)"', file.body.decode()):
            path, _, anchor = link.partition("#")
            if re.match(r"[a-z]+:", path) or path in OTHERS:
                continue
            path = path or file.path
            if path not in anchors or (anchor and anchor not in anchors[path]):
                dead.setdefault(link, file.path)
    return [f"{link} (on {page})" for link, page in sorted(dead.items())]
