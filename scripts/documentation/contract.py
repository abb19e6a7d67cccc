"""The contract as its descriptor set tells it: services, methods, messages, with comments and policies."""

import dataclasses
import re

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

SCALARS = {
    1: "double", 2: "float", 3: "int64", 4: "uint64", 5: "int32", 6: "fixed64", 7: "fixed32", 8: "bool", 9: "string",
    12: "bytes", 13: "uint32", 15: "sfixed32", 16: "sfixed64", 17: "sint32", 18: "sint64",
}
MESSAGE, ENUM, REPEATED = 11, 14, 3
# What a message looks like in JSON where it is not a message of fields (protobuf's JSON mapping).
WELL_KNOWN = {
    "google.protobuf.Timestamp": "time, as 2026-03-31T12:00:00Z", "google.protobuf.Duration": "duration, as 1.5s",
    "google.protobuf.FieldMask": "field mask, as a,b.c", "google.protobuf.Struct": "any object",
    "google.protobuf.Value": "any JSON value", "google.protobuf.ListValue": "any list",
    "google.protobuf.Empty": "nothing", "google.protobuf.Any": "a message with its @type",
    "google.api.HttpBody": "a file",
}


@dataclasses.dataclass
class Field:
    name: str
    type: str  # as `string`, `repeated User`
    comment: str
    rule: object  # datavault.policy.v1.FieldRule
    target: str = ""  # the full name of a message or an enum
    oneof: str = ""


@dataclasses.dataclass
class Value:
    name: str
    comment: str


@dataclasses.dataclass
class Type:
    """A message or an enum."""

    name: str  # with the messages around it, as `Job.Failure`
    full_name: str
    package: str
    comment: str
    fields: list = dataclasses.field(default_factory=list)
    values: list = dataclasses.field(default_factory=list)
    is_enum: bool = False


@dataclasses.dataclass
class Method:
    name: str
    service: object
    comment: str
    input: str
    output: str
    takes_stream: bool
    gives_stream: bool
    policy: object  # datavault.policy.v1.CallPolicy
    routes: list  # (verb, template, body)
    idempotency: str
    deprecated: bool


@dataclasses.dataclass
class Service:
    name: str
    package: str
    comment: str
    methods: list


class Contract:
    """What a descriptor set holds of `datavault.*`."""

    def __init__(self, data):
        self.services, self.types, self.permissions, self.packages = [], {}, {}, {}
        for file in with_extensions(data).file:
            if file.package.startswith("datavault."):
                self.take(file)

    def take(self, file):
        comments = {tuple(one.path): clean(one.leading_comments) for one in file.source_code_info.location}
        for permission in extension(file.options, "permissions") or []:
            self.permissions[permission.name] = permission.meaning
        self.packages.setdefault(file.package, "")
        for index, message in enumerate(file.message_type):
            self.take_message(file, message, message.name, (4, index), comments)
        for index, enum in enumerate(file.enum_type):
            self.take_enum(file, enum, enum.name, (5, index), comments)
        for index, service in enumerate(file.service):
            taken = Service(service.name, file.package, comments.get((6, index), ""), [])
            for number, method in enumerate(service.method):
                taken.methods.append(as_method(taken, method, comments.get((6, index, 2, number), "")))
            self.services.append(taken)

    def take_message(self, file, message, name, path, comments):
        taken = Type(name, f"{file.package}.{name}", file.package, comments.get(path, ""))
        maps = {}
        for index, nested in enumerate(message.nested_type):
            if nested.options.map_entry:
                maps[nested.name] = nested
            else:
                self.take_message(file, nested, f"{name}.{nested.name}", path + (3, index), comments)
        for index, enum in enumerate(message.enum_type):
            self.take_enum(file, enum, f"{name}.{enum.name}", path + (4, index), comments)
        for index, field in enumerate(message.field):
            oneof = message.oneof_decl[field.oneof_index].name \
                if field.HasField("oneof_index") and not field.proto3_optional else ""
            text, target = type_of(field, maps)
            taken.fields.append(Field(field.name, text, comments.get(path + (2, index), ""),
                                      extension(field.options, "field"), target, oneof))
        self.types[taken.full_name] = taken

    def take_enum(self, file, enum, name, path, comments):
        taken = Type(name, f"{file.package}.{name}", file.package, comments.get(path, ""), is_enum=True)
        for index, value in enumerate(enum.value):
            taken.values.append(Value(value.name, comments.get(path + (2, index), "")))
        self.types[taken.full_name] = taken

    def reasons(self, package):
        """Why calls of a package are refused: the values of its `Reason` enum."""
        reason = self.types.get(f"{package}.Reason")
        return [value for value in reason.values if not value.name.endswith("_UNSPECIFIED")] if reason else []


def with_extensions(data):
    """Reads a set so that its own options are known: by the descriptors that it brings itself."""
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(data).file:
        pool.Add(file)
    kind = message_factory.GetMessageClass(pool.FindMessageTypeByName("google.protobuf.FileDescriptorSet"))
    return kind.FromString(data)


def extension(options, name):
    """An option of ours or of google.api; None if it is not set."""
    for field, value in options.ListFields():
        if field.is_extension and field.name == name:
            return value
    return None


def as_method(service, method, comment):
    http = extension(method.options, "http")
    routes = [route(one) for one in [http, *http.additional_bindings]] if http else []
    level = {1: "safe", 2: "idempotent"}.get(method.options.idempotency_level, "")
    return Method(method.name, service, comment, method.input_type[1:], method.output_type[1:],
                  method.client_streaming, method.server_streaming, extension(method.options, "call"), routes, level,
                  method.options.deprecated)


def route(http):
    verb = http.WhichOneof("pattern")
    if verb == "custom":
        return http.custom.kind, http.custom.path, http.body
    return verb.upper(), getattr(http, verb), http.body


def type_of(field, maps):
    """A field's type in words, and the full name of what it leads to."""
    name, target = plain_type(field)
    entry = maps.get(name.rsplit(".", 1)[-1]) if field.type == MESSAGE else None
    if entry:
        value, target = plain_type(entry.field[1])
        return f"map of {plain_type(entry.field[0])[0]} to {value}", target
    if field.label == REPEATED:
        return f"list of {name}", target
    return name, target


def plain_type(field):
    if field.type not in (MESSAGE, ENUM):
        return SCALARS[field.type], ""
    target = field.type_name[1:]
    if target in WELL_KNOWN:
        return WELL_KNOWN[target], ""
    # Without the package: the parts that begin with a capital.
    return ".".join(part for part in target.split(".") if part[:1].isupper()), target


def clean(comment):
    """A comment's text, its paragraphs apart."""
    return re.sub(r"^ ", "", comment, flags=re.M).strip()
