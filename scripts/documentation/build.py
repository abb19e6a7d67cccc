"""Writes the documentation that the gateway serves: build.py OUTPUT

Reads the repository's Markdown and the descriptor set that the program carries, and writes one archive (see
site_model.archive). The same sources give the same bytes.
"""

import pathlib
import sys

from contract import Contract
from frame import framed
from front import front_page, missing_page
from guides import Guides
from links import dead_links
from reference import Reference
from site_model import File, archive

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
HTML = "text/html; charset=utf-8"


def main(output, descriptor_set):
    guides = Guides(ROOT)
    reference = Reference(Contract(pathlib.Path(descriptor_set).read_bytes()))
    shown = guides.pages()
    guide_entries, *others = guides.navigation(shown)
    navigation = [guide_entries, *reference.navigation(), *others]
    pages = shown + reference.pages()
    pages += [front_page(pages), missing_page()]
    paths = [page.path for page in pages]
    assert len(set(paths)) == len(paths), f"two pages share a path: {sorted(p for p in paths if paths.count(p) > 1)}"

    files = [File(page.path, HTML, framed(page, navigation).encode()) for page in pages]
    files.append(File("/docs/style.css", "text/css; charset=utf-8", (HERE / "style.css").read_bytes()))
    files.append(File("/docs/icon.svg", "image/svg+xml", (HERE / "icon.svg").read_bytes()))
    for source, path in guides.pictures.items():
        files.append(File(path, "image/svg+xml", (ROOT / source).read_bytes()))
    if dead := dead_links(files):
        sys.exit("documentation: links that lead nowhere:\n  " + "\n  ".join(dead))
    target = pathlib.Path(output)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(archive(files))
    print(f"documentation: {len(pages)} pages, {target.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main(*sys.argv[1:])
