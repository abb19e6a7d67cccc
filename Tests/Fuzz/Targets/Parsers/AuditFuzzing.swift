import Crypto

@testable import ComplianceService

/// Leaves of the audit log: bytes that are a leaf are what that leaf is written as.
func fuzzLeaf(_ input: [UInt8]) {
    guard let leaf = try? AuditLeaf(input) else { return }
    precondition((try? leaf.encoded()) == input, "a leaf has two forms")
    for value in leaf.personal {
        precondition(value.opened(organization: leaf.organization, key: AuditKeys.other) == nil, "opened by any key")
    }
    var changed = input
    changed[input.count / 2] ^= 1
    if let other = try? AuditLeaf(changed) { precondition(other != leaf, "two leaves of one meaning") }
}

/// What an auditor reads: checkpoints, the keys that they are verified with, and exports line by line.
///
/// The input is a checkpoint, a key and an export; and its lines are an origin, under which a checkpoint is signed that
/// must be read as it was and in no other form.
func fuzzCheckpoint(_ input: [UInt8]) {
    let text = String(decoding: input, as: UTF8.self)
    let believed = try? SignedCheckpoint(text, keys: [AuditKeys.verifier])
    precondition(believed == nil, "a checkpoint that nobody signed")
    if let key = VerifierKey(text) { precondition(key.text == text, "a key has two forms") }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    var verifier = ExportVerifier(keys: [AuditKeys.verifier])
    for line in lines {
        if let parsed = ExportLine(line) { precondition(parsed.text == line, "a line has two forms") }
        // What is wrong ends an export; the lines behind it are read as another one's.
        do { _ = try verifier.take(line) } catch { verifier = ExportVerifier(keys: [AuditKeys.verifier]) }
    }
    precondition((try? verifier.report()) == nil, "an export without a signature holds")
    guard let origin = lines.first, !origin.isEmpty else { return }
    let size = Int64(input.count)
    let root = [UInt8](repeating: input[0], count: MerkleHash.size)
    guard
        let signed = try? SignedCheckpoint(
            origin: origin, size: size, root: root, time: size, name: "fuzz", key: AuditKeys.signing)
    else { preconditionFailure("cannot be signed") }
    guard let again = try? SignedCheckpoint(signed.text, keys: [AuditKeys.verifier]) else {
        preconditionFailure("\(signed.text) cannot be read")
    }
    precondition(again == signed, "a checkpoint is read as another")
    var changed = Array(signed.text.utf8)
    changed[input.count % changed.count] ^= 1 << (input[0] & 7)
    let other = try? SignedCheckpoint(String(decoding: changed, as: UTF8.self), keys: [AuditKeys.verifier])
    precondition(other == nil, "a changed checkpoint is believed")
}

private enum AuditKeys {
    static let other = SymmetricKey(data: [UInt8](repeating: 7, count: 32))
    static let signing: Curve25519.Signing.PrivateKey = {
        do {
            return try Curve25519.Signing.PrivateKey(rawRepresentation: [UInt8](repeating: 1, count: 32))
        } catch {
            fatalError("no key: \(error)")
        }
    }()
    static let verifier = VerifierKey(name: "fuzz", publicKey: signing.publicKey)
}
