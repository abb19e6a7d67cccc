"""Verifies exports of the audit log, with nothing of DataVault's own: Python's standard library and `cryptography`.

    python merkle.py export.ndjson --key 'datavault.local/audit+50655ac5+AYva…'

The form of leaves, trees, checkpoints and exports is in docs/audit.md. This is written from there, not from the service,
so that the two check each other. It exits with 0 if the export holds, and otherwise says what is wrong and where.
"""

import argparse
import base64
import hashlib
import hmac
import json
import sys
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


class Broken(Exception):
    """An export, a checkpoint or a proof does not hold."""


# --- Trees (RFC 6962, 2.1) ---


def leaf_hash(leaf: bytes) -> bytes:
    return hashlib.sha256(b"\0" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def largest_power_below(count: int) -> int:
    return 1 << (count - 1).bit_length() - 1


def cover(start: int, end: int) -> list[tuple[int, int]]:
    """The largest perfect subtrees that cover leaves, as first leaf and count, from the left."""
    parts = []
    while start < end:
        count = 1 << (end - start).bit_length() - 1
        while start % count:
            count >>= 1
        parts.append((start, count))
        start += count
    return parts


class Tree:
    """A tree that grows at its right edge: perfect subtrees as count of leaves and hash, from the largest."""

    def __init__(self) -> None:
        self.parts: list[tuple[int, bytes]] = []

    @property
    def size(self) -> int:
        return sum(count for count, _ in self.parts)

    def add(self, count: int, value: bytes) -> None:
        while self.parts and self.parts[-1][0] == count:
            value = node_hash(self.parts.pop()[1], value)
            count *= 2
        self.parts.append((count, value))

    @property
    def root(self) -> bytes:
        if not self.parts:
            return hashlib.sha256(b"").digest()
        value = self.parts[-1][1]
        for _, left in reversed(self.parts[:-1]):
            value = node_hash(left, value)
        return value


def root_of_inclusion(value: bytes, index: int, size: int, proof: list[bytes]) -> bytes:
    """The root that an inclusion proof leads to, by the recursion of RFC 6962, 2.1.1."""
    if not 0 <= index < size:
        raise Broken("the proof is of an entry that the tree has not")
    if size == 1:
        if proof:
            raise Broken("the proof is too long")
        return value
    if not proof:
        raise Broken("the proof is too short")
    middle = largest_power_below(size)
    *rest, last = proof
    if index < middle:
        return node_hash(root_of_inclusion(value, index, middle, rest), last)
    return node_hash(last, root_of_inclusion(value, index - middle, size - middle, rest))


def roots_of_consistency(first: int, second: int, root: bytes, proof: list[bytes]) -> tuple[bytes, bytes]:
    """The roots of the smaller and the greater tree that a consistency proof leads to (RFC 6962, 2.1.2)."""

    def walk(first: int, size: int, proof: list[bytes], is_whole: bool) -> tuple[bytes, bytes]:
        if first == size:
            if is_whole:
                if proof:
                    raise Broken("the proof is too long")
                return root, root
            if len(proof) != 1:
                raise Broken("the proof has a wrong length")
            return proof[0], proof[0]
        if not proof:
            raise Broken("the proof is too short")
        middle = largest_power_below(size)
        *rest, last = proof
        if first <= middle:
            old, new = walk(first, middle, rest, is_whole)
            return old, node_hash(new, last)
        old, new = walk(first - middle, size - middle, rest, False)
        return node_hash(last, old), node_hash(last, new)

    if not 0 < first <= second:
        raise Broken("the sizes are in the wrong order")
    return walk(first, second, proof, True)


# --- Leaves ---


@dataclass
class Personal:
    name: str
    subject: str
    key_id: bytes
    commitment: bytes
    ciphertext: bytes

    def is_opened_by(self, salt: bytes, value: bytes) -> bool:
        name = self.name.encode()
        text = b"datavault audit commitment v1\0" + len(name).to_bytes(2, "big") + name + value
        return len(salt) == 32 and hmac.compare_digest(hmac.digest(salt, text, "sha256"), self.commitment)

    def opened(self, organization: str, key: bytes) -> tuple[bytes, bytes]:
        """Salt and value."""
        place = b"datavault audit personal v1\0"
        for text in (organization, self.name, self.subject):
            place += len(text.encode()).to_bytes(2, "big") + text.encode()
        try:
            text = AESGCM(key).decrypt(self.ciphertext[:12], self.ciphertext[12:], place + self.key_id)
        except InvalidTag:
            raise Broken(f"{self.name} does not open") from None
        return text[:32], text[32:]


@dataclass
class Leaf:
    source: str
    sequence: int
    time: int
    logged_at: int
    organization: str
    action: str
    actor: str
    initiator: str
    resource: str
    denial: tuple[str, str] | None
    request_id: str
    before: str
    after: str
    personal: list[Personal] = field(default_factory=list)

    @staticmethod
    def parse(data: bytes) -> "Leaf":
        place = 0

        def raw(count: int) -> bytes:
            nonlocal place
            if place + count > len(data):
                raise Broken("the leaf ends too early")
            place += count
            return data[place - count : place]

        def number(count: int) -> int:
            return int.from_bytes(raw(count), "big", signed=count == 8)

        def text() -> str:
            try:
                return raw(number(2)).decode()
            except UnicodeDecodeError:
                raise Broken("the leaf's text is not UTF-8") from None

        if (version := number(1)) != 1:
            raise Broken(f"the leaf is of version {version}")
        source, sequence, time, logged_at = text(), number(8), number(8), number(8)
        organization, action, actor, initiator, resource = text(), text(), text(), text(), text()
        outcome = number(1)
        if outcome > 1:
            raise Broken(f"the leaf's outcome is {outcome}")
        denial = (text(), text()) if outcome else None
        request_id, before, after = text(), text(), text()
        personal = [
            Personal(text(), text(), raw(16), raw(32), raw(number(2))) for _ in range(number(2))
        ]
        if place != len(data):
            raise Broken("the leaf has bytes behind its end")
        return Leaf(
            source, sequence, time, logged_at, organization, action, actor, initiator, resource, denial,
            request_id, before, after, personal,
        )


# --- Checkpoints (C2SP tlog-checkpoint and signed-note) ---


def unbase64(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise Broken(f"{text!r} is no base64") from None
    if base64.b64encode(data).decode() != text:
        raise Broken(f"{text!r} is base64 in another form")
    return data


@dataclass
class Key:
    name: str
    public: bytes

    @staticmethod
    def parse(text: str) -> "Key":
        name, identifier, encoded = text.split("+", 2)
        data = unbase64(encoded)
        if len(data) != 33 or data[0] != 1:
            raise Broken("the key is not of Ed25519")
        key = Key(name, data[1:])
        if key.identifier.hex() != identifier:
            raise Broken("the key's identifier is not its own")
        return key

    @property
    def identifier(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n\1" + self.public).digest()[:4]


@dataclass
class Checkpoint:
    origin: str
    size: int
    root: bytes
    time: int

    @staticmethod
    def parse(text: str, keys: list[Key]) -> "Checkpoint":
        body, separator, signature = text.partition("\n\n")
        body += "\n"
        lines = body.split("\n")
        if not separator or len(lines) != 5 or not lines[3].startswith("time "):
            raise Broken("the checkpoint has not the lines that it must have")
        try:
            size, time = int(lines[1]), int(lines[3][5:])
        except ValueError:
            raise Broken("the checkpoint's numbers are none") from None
        found = Checkpoint(lines[0], size, unbase64(lines[2]), time)
        written = f"{found.origin}\n{size}\n{base64.b64encode(found.root).decode()}\ntime {time}\n"
        parts = signature.removesuffix("\n").split(" ")
        if written != body or not signature.endswith("\n") or len(parts) != 3 or parts[0] != "\u2014":
            raise Broken("the checkpoint is not written as it must be")
        blob = unbase64(parts[2])
        for key in keys:
            if key.name == parts[1] and key.identifier == blob[:4]:
                try:
                    Ed25519PublicKey.from_public_bytes(key.public).verify(blob[4:], body.encode())
                except InvalidSignature:
                    raise Broken("the checkpoint's signature is wrong") from None
                return found
        raise Broken(f"the checkpoint is signed with another key: {parts[1]}+{blob[:4].hex()}")


# --- Exports ---


@dataclass
class Report:
    origin: str
    first: int
    end: int
    size: int
    time: int
    leaves: list[Leaf]
    # Entry, name, subject and value of what was disclosed.
    opened: list[tuple[int, str, str, str]]


def canonical(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def verify_export(data: bytes, keys: list[Key]) -> Report:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise Broken("the export is not UTF-8") from None
    if not text.endswith("\n"):
        raise Broken("the export ends in the middle of a line")
    lines = text[:-1].split("\n")
    values = []
    for number, line in enumerate(lines, 1):
        try:
            value = json.loads(line)
        except ValueError:
            raise Broken(f"line {number} is no JSON") from None
        if canonical(value) != line:
            raise Broken(f"line {number} is not written as it must be")
        values.append(value)
    if len(values) < 2:
        raise Broken("the export has no head, or no checkpoint")
    head, *entries, last = values

    def has(value: object, required: list[str], optional: list[str] = []) -> bool:
        return isinstance(value, dict) and list(value) in (required, required + optional)

    if not has(head, ["datavault_audit_export", "origin", "first", "end", "size", "before", "after"]):
        raise Broken("line 1 is no head of an export")
    if not has(last, ["checkpoint"]):
        raise Broken("the export ends before its checkpoint")
    if head["datavault_audit_export"] is True or head["datavault_audit_export"] != 1:
        raise Broken("the export is of another version")
    first, end, size = head["first"], head["end"], head["size"]
    if not all(type(number) is int for number in (first, end, size)) or not 0 <= first <= end <= size:
        raise Broken("the head's range is none")
    before, after = cover(0, first), cover(end, size)
    if len(before) != len(head["before"]) or len(after) != len(head["after"]):
        raise Broken("the hashes beside the entries are not as many as there must be")

    tree, leaves, opened = Tree(), [], []
    for (_, count), value in zip(before, head["before"]):
        tree.add(count, unbase64(value))
    if len(entries) != end - first:
        raise Broken(f"there are {len(entries)} entries instead of {end - first}")
    for index, entry in enumerate(entries, first):
        if not has(entry, ["index", "leaf"], ["opened"]) or entry["index"] is True or entry["index"] != index:
            raise Broken(f"entry {index} is not where it belongs")
        raw = unbase64(entry["leaf"])
        leaf = Leaf.parse(raw)
        if not head["origin"].endswith(
            f"/organizations/{leaf.organization}" if leaf.organization else "/suite"
        ):
            raise Broken(f"entry {index} belongs to another organization's log")
        if leaves and leaf.logged_at < leaves[-1].logged_at:
            raise Broken(f"entry {index} was taken before the one before it")
        disclosed = entry.get("opened", [None] * len(leaf.personal))
        if len(disclosed) != len(leaf.personal):
            raise Broken(f"entry {index} opens other personal values than it has")
        for value, opening in zip(leaf.personal, disclosed):
            if opening is None:
                continue
            if not has(opening, ["salt", "value"]):
                raise Broken(f"entry {index} has an opening of another form")
            plain = unbase64(opening["value"])
            if not value.is_opened_by(unbase64(opening["salt"]), plain):
                raise Broken(f"entry {index}: {value.name} is not what the log has committed to")
            opened.append((index, value.name, value.subject, plain.decode()))
        leaves.append(leaf)
        tree.add(1, leaf_hash(raw))
    for (_, count), value in zip(after, head["after"]):
        tree.add(count, unbase64(value))

    checkpoint = Checkpoint.parse(last["checkpoint"], keys)
    if checkpoint.origin != head["origin"] or checkpoint.size != size:
        raise Broken("the checkpoint is of another log, or of another size")
    if tree.root != checkpoint.root:
        raise Broken("the entries do not make the tree that was signed")
    return Report(head["origin"], first, end, size, checkpoint.time, leaves, opened)


# --- For tests ---


def verify(data: bytes, keys: list[str]) -> list[dict]:
    """Verifies an export of a whole log with keys as ListLogKeys gives them, and returns its entries."""
    report = verify_export(data, [Key.parse(key) for key in keys])
    return [
        {
            "name": f"audit-logs/{index}", "source": leaf.source, "action": leaf.action, "actor": leaf.actor,
            "initiator": leaf.initiator, "resource": leaf.resource, "denial": leaf.denial, "leaf": leaf,
        }
        for index, leaf in enumerate(report.leaves, report.first)
    ]


def check_inclusion(entry: dict, proof: dict, keys: list[str] | None = None) -> None:
    """Checks an entry of ListAuditLogs against the answer of GetInclusionProof; with keys its checkpoint, too."""
    value, index = leaf_hash(unbase64(entry["leaf"])), int(proof.get("index", 0))
    if entry["name"] != f"audit-logs/{index}":
        raise Broken("the proof is of another entry")
    if value != unbase64(proof["leafHash"]):
        raise Broken("the proof is of another leaf")
    root = root_of_inclusion(value, index, int(proof["treeSize"]), [unbase64(item) for item in proof.get("hashes", [])])
    if root != unbase64(proof["rootHash"]):
        raise Broken("the proof leads to another root")
    if keys is not None:
        signed = Checkpoint.parse(proof["checkpoint"]["text"], [Key.parse(key) for key in keys])
        if (signed.size, signed.root) != (int(proof["treeSize"]), root):
            raise Broken("the checkpoint is of another tree")


def main() -> int:
    parser = argparse.ArgumentParser(description="Verifies an export of the audit log.")
    parser.add_argument("file")
    parser.add_argument("--key", action="append", required=True, help="a verifier key, as ListLogKeys gives it")
    arguments = parser.parse_args()
    try:
        with open(arguments.file, "rb") as file:
            report = verify_export(file.read(), [Key.parse(key) for key in arguments.key])
    except Broken as problem:
        print(f"broken: {problem}", file=sys.stderr)
        return 1
    print(
        json.dumps(
            {
                "origin": report.origin, "first": report.first, "end": report.end, "size": report.size,
                "time": report.time, "actions": [leaf.action for leaf in report.leaves], "opened": report.opened,
            }
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
