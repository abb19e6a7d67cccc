"""The verifier itself: it must take what is right and nothing else, or all that it says of the log is worth nothing."""

import base64
import hashlib
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import merkle

SIGNING = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = SIGNING.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
NAME = "dv/audit"


def text(value):
    data = value if isinstance(value, bytes) else value.encode()
    return len(data).to_bytes(2, "big") + data


def leaf(index, organization="acme"):
    return (
        b"\1" + text("identity") + (index + 1).to_bytes(8, "big") + index.to_bytes(8, "big") + index.to_bytes(8, "big")
        + text(organization) + text("user.create") + text("users/1") + text("") + text(f"users/{index}") + b"\0"
        + text("") + text("") + text("after") + (0).to_bytes(2, "big")
    )


def naive_root(leaves):
    if len(leaves) < 2:
        return merkle.leaf_hash(leaves[0]) if leaves else hashlib.sha256(b"").digest()
    middle = merkle.largest_power_below(len(leaves))
    return merkle.node_hash(naive_root(leaves[:middle]), naive_root(leaves[middle:]))


def naive_path(index, leaves):
    if len(leaves) < 2:
        return []
    middle = merkle.largest_power_below(len(leaves))
    if index < middle:
        return naive_path(index, leaves[:middle]) + [naive_root(leaves[middle:])]
    return naive_path(index - middle, leaves[middle:]) + [naive_root(leaves[:middle])]


def naive_proof(first, leaves, is_whole=True):
    if first == len(leaves):
        return [] if is_whole else [naive_root(leaves)]
    middle = merkle.largest_power_below(len(leaves))
    if first <= middle:
        return naive_proof(first, leaves[:middle], is_whole) + [naive_root(leaves[middle:])]
    return naive_proof(first - middle, leaves[middle:], False) + [naive_root(leaves[:middle])]


def b64(data):
    return base64.b64encode(data).decode()


def key_text():
    data = b"\1" + PUBLIC
    identifier = hashlib.sha256(NAME.encode() + b"\n" + data).hexdigest()[:8]
    return f"{NAME}+{identifier}+{b64(data)}"


def checkpoint(leaves, origin):
    body = f"{origin}\n{len(leaves)}\n{b64(naive_root(leaves))}\ntime 9\n"
    identifier = hashlib.sha256(NAME.encode() + b"\n\1" + PUBLIC).digest()[:4]
    return f"{body}\n\u2014 {NAME} {b64(identifier + SIGNING.sign(body.encode()))}\n"


def export(first, end, size, organization="acme"):
    leaves = [leaf(index, organization) for index in range(size)]
    origin = f"{NAME}/organizations/{organization}"

    def hashes(start, stop):
        return [b64(naive_root(leaves[at : at + count])) for at, count in merkle.cover(start, stop)]

    lines = [
        {
            "datavault_audit_export": 1, "origin": origin, "first": first, "end": end, "size": size,
            "before": hashes(0, first), "after": hashes(end, size),
        },
        *({"index": index, "leaf": b64(leaves[index])} for index in range(first, end)),
        {"checkpoint": checkpoint(leaves, origin)},
    ]
    return "".join(merkle.canonical(line) + "\n" for line in lines).encode()


KEYS = [merkle.Key.parse(key_text())]


def test_whole_logs_and_parts_hold():
    for size in range(12):
        for first in range(size + 1):
            for end in range(first, size + 1):
                report = merkle.verify_export(export(first, end, size), KEYS)
                assert (report.first, report.end, report.size) == (first, end, size)


def test_any_changed_byte_is_found():
    data = export(1, 3, 4)
    for place in range(len(data)):
        for mask in (0x01, 0x20, 0x80):
            changed = bytearray(data)
            changed[place] ^= mask
            with pytest.raises(merkle.Broken):
                merkle.verify_export(bytes(changed), KEYS)


def test_what_is_missing_moved_or_of_another_log_is_found():
    lines = export(0, 5, 5).splitlines(keepends=True)
    other = export(0, 5, 5, "globex").splitlines(keepends=True)
    older = export(0, 3, 3).splitlines(keepends=True)
    broken = [lines[:place] + lines[place + 1 :] for place in range(len(lines))]
    broken += [lines[:2] + [lines[3], lines[2]] + lines[4:], lines + lines[-1:], lines * 2, []]
    broken += [lines[:-1] + older[-1:], lines[:-1] + other[-1:], [lines[0], other[1], *lines[2:]]]
    for some in broken:
        with pytest.raises(merkle.Broken):
            merkle.verify_export(b"".join(some), KEYS)
    with pytest.raises(merkle.Broken):
        merkle.verify_export(b"".join(lines)[:-1], KEYS)


def test_proofs_are_those_of_the_recursion():
    leaves = [leaf(index) for index in range(40)]
    for size in range(1, 40):
        root = naive_root(leaves[:size])
        for index in range(size):
            path = naive_path(index, leaves[:size])
            value = merkle.leaf_hash(leaves[index])
            assert merkle.root_of_inclusion(value, index, size, path) == root
            for wrong in (path + [root], path[:-1] if path else [root]):
                with pytest.raises(merkle.Broken):
                    merkle.root_of_inclusion(value, index, size, wrong)
        for first in range(1, size + 1):
            proof = naive_proof(first, leaves[:size])
            old, new = merkle.roots_of_consistency(first, size, naive_root(leaves[:first]), proof)
            assert (old, new) == (naive_root(leaves[:first]), root)


def test_the_documented_leaf(documented):
    """docs/audit.md shows a leaf byte by byte; what it says of it is so."""
    data, expected = documented
    found = merkle.Leaf.parse(data)
    assert merkle.leaf_hash(data).hex() == expected
    assert (found.source, found.sequence, found.action, found.after) == ("identity", 42, "user.update", "ä")
    assert found.denial == ("PERMISSION_DENIED", "PERMISSION_MISSING")
    salt, value = found.personal[0].opened(found.organization, bytes(range(32)))
    assert value == b"192.0.2.7" and found.personal[0].is_opened_by(salt, value)
    assert not found.personal[0].is_opened_by(salt, b"192.0.2.8")
    for end in range(len(data)):
        with pytest.raises(merkle.Broken):
            merkle.Leaf.parse(data[:end])


@pytest.fixture
def documented():
    from pathlib import Path

    page = (Path(__file__).parents[2] / "docs" / "audit.md").read_text()
    block = page.split("```leaf\n")[1].split("```")[0]
    digest = page.split("Its hash is `")[1].split("`")[0]
    return bytes.fromhex(block), digest


def test_keys_have_one_form():
    assert merkle.Key.parse(key_text()).public == PUBLIC
    name, _, rest = key_text().split("+", 2)
    with pytest.raises(merkle.Broken):
        merkle.Key.parse(f"{name}+00000000+{rest}")
    assert json.loads(merkle.canonical({"a": 1})) == {"a": 1}
