"""The trees that other parsers make, in the form in which the filter shows ours."""

import re

import html5lib
from selectolax.lexbor import LexborHTMLParser

NAMESPACES = {"http://www.w3.org/2000/svg": "svg ", "http://www.w3.org/1998/Math/MathML": "math "}


def by_html5lib(page):
    """Each node on a line, texts next to each other as one."""
    lines = []

    def walk(parent, depth):
        for node in parent.childNodes:
            if node.nodeType == 1:
                prefix = NAMESPACES.get(node.namespaceURI, "")
                attributes = sorted(f"{name}={value}" for name, value in node.attributes.items())
                lines.append(f"{depth} <{prefix}{node.tagName}> " + " ".join(attributes))
                walk(node, depth + 1)
            elif node.nodeType == 3:
                if node.previousSibling is not None and node.previousSibling.nodeType == 3:
                    lines[-1] += node.data
                else:
                    lines.append(f'{depth} "{node.data}')
            elif node.nodeType == 8:
                lines.append(f"{depth} !{node.data}")

    walk(html5lib.parse(page, treebuilder="dom", scripting=False), 1)
    return lines


def by_lexbor(page):
    """As above, without what stands outside of the root, namespaces and `<?…>`: selectolax does not show them."""
    lines = []

    def line(node, depth):
        attributes = sorted(f"{name}={value or ''}" for name, value in node.attributes.items())
        return f"{depth} <{node.tag}> " + " ".join(attributes)

    def walk(parent, depth):
        was_text = False
        node = parent.first_child
        while node is not None:
            if node.tag == "-text":
                if was_text:
                    lines[-1] += node.text_content
                else:
                    lines.append(f'{depth} "{node.text_content}')
                was_text = True
            elif node.tag == "-comment":
                lines.append(f"{depth} !{node.comment_content}")
                was_text = False
            elif node.tag and not node.tag.startswith(("-", "!")):
                lines.append(line(node, depth))
                walk(node, depth + 1)
                was_text = False
            node = node.next

    root = LexborHTMLParser(page).root
    lines.append(line(root, 1))
    walk(root, 2)
    return lines


def as_lexbor_shows(lines):
    """Our tree without what selectolax does not show."""
    shown = [line for line in lines if not re.match(r"1 !|\d+ !\?", line)]
    return [re.sub(r"^(\d+) <(svg|math) ", r"\1 <", line) for line in shown]
