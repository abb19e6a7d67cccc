"""Pages made of the contract: one for each service, each call, each type, and lists of routes, permissions, reasons."""

import json
import re
from html import escape

from rules import rule_text
from site_model import Entry, Page

REFERENCE = "/docs/reference/"
TOP = ("Documentation", "/docs/")
ABOVE = [TOP, ("Reference", REFERENCE)]
LISTS = [("All routes", REFERENCE + "routes"), ("Permissions", REFERENCE + "permissions"),
         ("Reasons of errors", REFERENCE + "reasons")]
# Reasons that any call may be refused with, beside those of its own package.
COMMON = ["datavault.policy.v1", "datavault.gateway.v1"]


class Reference:
    """The contract, as pages."""

    def __init__(self, contract):
        self.contract = contract

    # The contract's parts that callers from outside do not meet have no pages: they are read in the protos.
    def is_shown(self, name):
        return name in self.contract.types and not name.startswith("datavault.policy.")

    def pages(self):
        pages = [self.front(), self.routes(), self.permissions(), self.reasons()]
        for service in self.contract.services:
            pages.append(self.service(service))
            pages += [self.method(method) for method in service.methods]
        inputs = {method.input for service in self.contract.services for method in service.methods}
        for name, kind in self.contract.types.items():
            if self.is_shown(name) and name not in inputs and kind.name != "Reason":
                pages.append(self.type_page(kind))
        return pages

    def navigation(self):
        services = [Entry(service.name, service_path(service), [
            Entry(method.name, method_path(method)) for method in service.methods])
            for service in self.contract.services]
        return [Entry("Reference", REFERENCE, services + [Entry(title, path) for title, path in LISTS])]

    # Pages

    def front(self):
        parts, headings = [], []
        for package in sorted({service.package for service in self.contract.services}):
            title = short(package).capitalize()
            headings.append((title, short(package)))
            parts.append(f'<h2 id="{short(package)}">{title}</h2>\n<dl>\n')
            for service in self.contract.services:
                if service.package == package:
                    parts.append(f'<dt><a href="{service_path(service)}">{service.name}</a></dt>'
                                 f"<dd>{inline(service.comment)}</dd>\n")
            parts.append("</dl>\n")
        lists = "".join(f'<li><a href="{path}">{title}</a></li>' for title, path in LISTS)
        body = ("<p>Every call, made from the contract itself: what is written here is what servers enforce.</p>\n"
                f"<ul>{lists}</ul>\n" + "".join(parts))
        return Page(REFERENCE, "Reference", body, "Every call of DataVault, made from the contract itself.", [TOP],
                    headings)

    def service(self, service):
        rows = "".join(
            f'<tr><td><a href="{method_path(method)}">{method.name}</a></td>'
            f"<td>{routes_text(method)}</td><td>{access(method)}</td>"
            f"<td>{inline(sentence(method.comment))}</td></tr>\n" for method in service.methods)
        body = (paragraphs(service.comment) + f"<p>gRPC: <code>{service.package}.{service.name}</code></p>\n"
                + table(["Call", "Route", "Permission", "What it does"], rows))
        return Page(service_path(service), service.name, body, sentence(service.comment), ABOVE)

    def method(self, method):
        service = method.service
        facts = [("gRPC", f"<code>{service.package}.{service.name}/{method.name}</code>")]
        facts += [("Route", f'<code class="route">{verb} {escape(path)}</code>') for verb, path, _ in method.routes]
        facts += [("Permission", access(method)), ("Cost", str(method.policy.cost or 1))]
        if method.policy.audit:
            facts.append(("Audit", f"<code>{method.policy.audit}</code>"))
        if repeat := repetition(method):
            facts.append(("Repeating it", repeat))
        if method.gives_stream or method.takes_stream:
            facts.append(("Stream", stream_text(method)))
        rows = "".join(f"<dt>{name}</dt><dd>{value}</dd>\n" for name, value in facts)
        body = paragraphs(method.comment) + f'<dl class="facts">\n{rows}</dl>\n'
        headings = [("Request", "request")]
        body += f'<h2 id="request">Request</h2>\n{self.fields(self.contract.types.get(method.input))}'
        if example := self.example(method):
            headings.append(("Example", "example"))
            body += f'<h2 id="example">Example</h2>\n<pre tabindex="0"><code>{escape(example)}</code></pre>\n'
        headings += [("Answer", "answer"), ("Reasons", "reasons")]
        body += f'<h2 id="answer">Answer</h2>\n{self.answer(method)}'
        body += f'<h2 id="reasons">Reasons</h2>\n{self.reasons_of(service.package)}'
        return Page(method_path(method), method.name, body, sentence(method.comment),
                    ABOVE + [(service.name, service_path(service))], headings)

    def type_page(self, kind):
        body = paragraphs(kind.comment)
        if kind.is_enum:
            rows = "".join(f"<tr><td><code>{value.name}</code></td><td>{inline(value.comment)}</td></tr>\n"
                           for value in kind.values)
            body += table(["Value", "Meaning"], rows)
        else:
            body += self.fields(kind)
        return Page(type_path(kind), kind.name, body, sentence(kind.comment),
                    ABOVE + [(short(kind.package).capitalize(), self.package_path(kind.package))])

    def package_path(self, package):
        """Where the front page has a package; its top for one without services."""
        has_services = any(service.package == package for service in self.contract.services)
        return REFERENCE + (f"#{short(package)}" if has_services else "")

    def routes(self):
        rows = []
        for service in self.contract.services:
            for method in service.methods:
                rows += [(path, verb, method) for verb, path, _ in method.routes]
        lines = "".join(
            f'<tr><td><code>{verb}</code></td><td><code>{escape(path)}</code></td>'
            f'<td><a href="{method_path(method)}">{method.name}</a></td><td>{access(method)}</td></tr>\n'
            for path, verb, method in sorted(rows, key=lambda row: (row[0], row[1])))
        return Page(REFERENCE + "routes", "All routes", table(["Verb", "Path", "Call", "Permission"], lines),
                    "Every REST route with its call and the permission that it takes.", ABOVE)

    def permissions(self):
        lines = "".join(
            f'<tr id="{name}"><td><code>{name}</code></td><td>{inline(meaning)}</td><td>{self.calls_with(name)}</td></tr>\n'
            for name, meaning in sorted(self.contract.permissions.items()))
        return Page(REFERENCE + "permissions", "Permissions",
                    table(["Permission", "Who holds it may", "Calls"], lines),
                    "What each permission lets its holder do, and which calls take it.", ABOVE)

    def calls_with(self, permission):
        return ", ".join(f'<a href="{method_path(method)}">{method.name}</a>' for service in self.contract.services
                         for method in service.methods if method.policy.permission == permission)

    def reasons(self):
        body, headings = [], []
        for package in sorted(self.contract.packages):
            if values := self.contract.reasons(package):
                title = short(package).capitalize()
                headings.append((title, short(package)))
                rows = "".join(
                    f'<tr id="{short(package)}-{reason_name(value)}"><td><code>{reason_name(value)}</code></td>'
                    f"<td>{inline(value.comment)}</td></tr>\n" for value in values)
                body.append(f'<h2 id="{short(package)}">{title}</h2>\n' + table(["Reason", "Meaning"], rows))
        intro = ("<p>Each error says why, as <code>google.rpc.ErrorInfo</code>: <code>reason</code> is one of these, "
                 "<code>domain</code> the part that refused.</p>\n")
        return Page(REFERENCE + "reasons", "Reasons of errors", intro + "".join(body),
                    "Why calls are refused: all reasons that errors name.", ABOVE, headings)

    # Parts

    def reasons_of(self, package):
        items = "".join(f"<dt><code>{reason_name(value)}</code></dt><dd>{inline(value.comment)}</dd>\n"
                        for value in self.contract.reasons(package))
        shared = ", ".join(f'<a href="{REFERENCE}reasons#{short(one)}">{short(one)}</a>' for one in COMMON)
        own = f"<p>Of those that this service knows, a call may get:</p>\n<dl>\n{items}</dl>\n" if items else ""
        return own + f"<p>And what any call may be refused with: {shared}.</p>\n"

    def answer(self, method):
        lead = "A stream of " if method.gives_stream else ""
        kind = self.contract.types.get(method.output)
        if kind is None:
            text = {"google.protobuf.Empty": "Nothing: <code>{}</code>.", "google.api.HttpBody": "A file."}
            return f"<p>{lead}{text.get(method.output, f'<code>{method.output}</code>')}</p>\n"
        head = f'<p>{lead}<a href="{type_path(kind)}">{kind.name}</a>. {inline(sentence(kind.comment))}</p>\n'
        return head + self.fields(kind)

    def fields(self, kind):
        if kind is None or not kind.fields:
            return "<p>No fields.</p>\n"
        rows = "".join(
            f"<tr><td><code>{field.name}</code></td><td>{self.linked(field)}</td>"
            f"<td>{inline(field.comment)}{self.bounds(field)}</td></tr>\n" for field in kind.fields)
        return table(["Field", "Type", "Meaning and bounds"], rows)

    def linked(self, field):
        text = escape(field.type)
        if self.is_shown(field.target):
            kind = self.contract.types[field.target]
            if kind.name == "Reason":
                return f'<a href="{REFERENCE}reasons#{short(kind.package)}">Reason</a>'
            return text.replace(escape(kind.name), f'<a href="{type_path(kind)}">{escape(kind.name)}</a>')
        return text

    def bounds(self, field):
        text = rule_text(field.rule)
        if field.oneof:
            text = f"one of <code>{field.oneof}</code>" + (f"; {text}" if text else "")
        return f' <span class="rule">{text}</span>' if text else ""

    def example(self, method):
        """The call as curl makes it; empty for calls without a route."""
        if not method.routes:
            return ""
        verb, path, body = method.routes[0]
        url = "http://127.0.0.1:8080" + re.sub(r"\{[\w.]+(=([^}]*))?\}", lambda match: match[2] or "ID", path)
        lines = [f"curl -X {verb}" if verb != "GET" else "curl"]
        if not method.policy.public:
            lines.append('-H "Authorization: Bearer $KEY"')
        if body:
            kind = self.body_type(method, body)
            lines += ["-H 'Content-Type: application/json'", "-d '" + json.dumps(self.sample(kind, 0), ensure_ascii=False) + "'"]
        return " \\\n    ".join(lines + [f"'{url}'"])

    def body_type(self, method, body):
        kind = self.contract.types.get(method.input)
        if body == "*" or kind is None:
            return kind
        field = next((field for field in kind.fields if field.name == body), None)
        return self.contract.types.get(field.target) if field else None

    def sample(self, kind, depth):
        """What has to be set, with values of the right kind."""
        if kind is None:
            return {}
        required = [field for field in kind.fields if field.rule is not None and field.rule.required]
        return {camel(field.name): self.sample_value(field, depth) for field in required}

    def sample_value(self, field, depth):
        kind = self.contract.types.get(field.target)
        if kind is not None and kind.is_enum:
            value = kind.values[min(1, len(kind.values) - 1)].name
        elif kind is not None:
            value = self.sample(kind, depth + 1) if depth < 4 else {}
        else:
            value = {"bool": True, "string": "…"}.get(field.type.removeprefix("list of "), "…")
            if re.search(r"int|float|double", field.type):
                value = 1
        return [value] if field.type.startswith("list of ") else value


# Paths and texts


def short(package):
    return package.split(".")[1]


def kebab(name):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", name).replace(".", "-").lower()


def camel(name):
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def service_path(service):
    return f"{REFERENCE}{short(service.package)}/{kebab(service.name)}/"


def method_path(method):
    return service_path(method.service) + kebab(method.name)


def type_path(kind):
    return f"{REFERENCE}{short(kind.package)}/types/{kebab(kind.name)}"


def reason_name(value):
    return value.name.removeprefix("REASON_")


def routes_text(method):
    if not method.routes:
        return "gRPC only"
    return "<br>".join(f"<code>{verb} {escape(path)}</code>" for verb, path, _ in method.routes)


def access(method):
    kind = method.policy.WhichOneof("access")
    if kind == "permission":
        name = method.policy.permission
        return f'<a href="{REFERENCE}permissions#{name}"><code>{name}</code></a>'
    return {"authenticated": "any caller who is known", "public": "anyone", "internal": "the suite's own roles"}[kind]


def repetition(method):
    return {"safe": "It only reads: repeat it as you like.",
            "idempotent": "Twice has the effect of once."}.get(method.idempotency, "")


def stream_text(method):
    kinds = {1: "one JSON document a line", 2: "server-sent events", 3: "the bytes of a file", 4: "a WebSocket"}
    return kinds.get(method.policy.stream, "over gRPC only")


def sentence(comment):
    """The first sentence of a comment."""
    return re.split(r"(?<=[.])\s", comment.replace("\n", " "), maxsplit=1)[0]


def inline(text):
    """A comment as one paragraph's HTML."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(re.sub(r"\s+", " ", text), quote=False))


def paragraphs(comment):
    parts = []
    for block in re.split(r"\n\s*\n", comment):
        if block.startswith("    "):
            parts.append(f'<pre tabindex="0"><code>{escape(block)}</code></pre>\n')
        elif block:
            parts.append(f"<p>{inline(block)}</p>\n")
    return "".join(parts)


def table(heads, rows):
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    return (f'<div class="wide" role="region" tabindex="0" aria-label="Table"><table>\n<thead><tr>{head}</tr></thead>\n'
            f"<tbody>\n{rows}</tbody></table></div>\n")
