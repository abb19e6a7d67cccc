"""The log signs by itself what it is, and keeps that: from each kept checkpoint on anybody can see that nothing was changed."""

import base64
import datetime

import pytest

import merkle
from running import command, wait_for
from signed import Refused


def kept(tenant):
    return list(tenant.list("/api/v1/audit-logs:checkpoints", "checkpoints"))


def test_a_log_that_grows_is_signed_and_continues_what_was_signed(tenant, tmp_path):
    keys = tenant.get("/api/v1/audit-logs:keys")["keys"]
    parsed = [merkle.Key.parse(key["verifier"]) for key in keys]
    wait_for(lambda: kept(tenant), "no checkpoint is kept", 60)
    first = kept(tenant)[0]
    between = datetime.datetime.now(datetime.timezone.utc)
    for number in range(3):
        tenant.post("/api/v1/users", {"user": {"email": f"user{number}@example.com"}})
    wait_for(lambda: int(kept(tenant)[0]["size"]) > int(first["size"]), "the log is not signed again", 60)
    found = kept(tenant)
    sizes = [int(one["size"]) for one in found]
    assert sizes == sorted(set(sizes), reverse=True)
    for one in found:
        signed = merkle.Checkpoint.parse(one["text"], parsed)
        assert (signed.size, signed.origin) == (int(one["size"]), one["origin"])
        assert tenant.get(f"/api/v1/audit-logs:checkpoint?size={signed.size}") == one
        proof = tenant.get(f"/api/v1/audit-logs:consistencyProof?firstSize={signed.size}")
        now = merkle.Checkpoint.parse(proof["checkpoint"]["text"], parsed)
        if signed.size < now.size:
            hashes = [base64.b64decode(part) for part in proof.get("hashes", [])]
            assert merkle.roots_of_consistency(signed.size, now.size, signed.root, hashes) == (signed.root, now.root)
    with pytest.raises(Refused) as refused:
        tenant.get("/api/v1/audit-logs:checkpoint?size=1000000")
    assert (refused.value.status, refused.value.reason) == (404, "CHECKPOINT_UNKNOWN")

    # An export of a time holds, and continues a checkpoint that the log itself has kept.
    whole, part, earlier = tmp_path / "whole.ndjson", tmp_path / "part.ndjson", tmp_path / "earlier.checkpoint"
    whole.write_bytes(tenant.download("/api/v1/audit-logs:export").content)
    earlier.write_text(first["text"])
    command("audit", "verify", whole, "--key", keys[0]["verifier"], "--checkpoint", earlier)
    start = between.isoformat().replace("+00:00", "Z")
    part.write_bytes(tenant.download(f"/api/v1/audit-logs:export?startTime={start}").content)
    report = merkle.verify_export(part.read_bytes(), parsed)
    assert 0 < report.first < report.end
    assert [leaf.action for leaf in report.leaves].count("user.create") == 3
    moment = int(between.timestamp() * 1_000_000)
    assert all(leaf.logged_at >= moment for leaf in report.leaves)
    whole_report = merkle.verify_export(whole.read_bytes(), parsed)
    assert all(leaf.logged_at < moment for leaf in whole_report.leaves[: report.first])
