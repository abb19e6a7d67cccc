import IdentityContract
import Persistence
import Policy
import PolicyModel
import ServiceKit
import SwiftProtobuf
import Wire

extension SystemReason {
    static let findLeakedKey = SystemReason("find the key that a leaked secret belongs to")
}

/// Secrets that come and go.
extension ApiKeysHandler {
    func rotateApiKey(
        _ request: Datavault_Identity_V1_RotateApiKeyRequest, context: ServerContext
    ) async throws -> ApiKeySecretsMessage {
        let overlap = request.hasOverlap ? request.overlap : nil
        return try await rotate(.secret, of: request.name, overlap, request, id: request.requestID)
    }

    func rotateSigningSecret(
        _ request: Datavault_Identity_V1_RotateSigningSecretRequest, context: ServerContext
    ) async throws -> ApiKeySecretsMessage {
        let overlap = request.hasOverlap ? request.overlap : nil
        return try await rotate(.signing, of: request.name, overlap, request, id: request.requestID)
    }

    private func rotate(
        _ kind: ApiKeySecret.Kind, of name: String, _ overlap: Google_Protobuf_Duration?, _ request: some Message,
        id requestID: String
    ) async throws -> ApiKeySecretsMessage {
        let (core, keys, organization, now) = (core, keys, try CallRights.current().organization, now)
        let id = try ResourceName.apiKeys.identifier(in: name)
        // The contract's rules have bounded it.
        let lasting = overlap.map { $0.seconds * 1_000_000 + Int64($0.nanos) / 1_000 } ?? keys.overlap
        try await keys.vault.verify()
        let intent = CallScope.current?.audit
        return try await core.replay.write(request, id: requestID, sealing: keys.vault.vault.replies) { tx in
            guard let old = try ApiKeyStore.key(id, of: organization, in: tx) else {
                throw IdentityError.resourceUnknown(name: name)
            }
            try old.requireActive(at: now)
            let secrets = try ApiKeySecretStore.working(of: id, of: organization, now: now, in: tx)
            let (made, new) = try keys.rotate(kind, of: old, secrets, overlap: lasting, now: now, in: tx)
            let after = ApiKeyMessage(
                new, try ApiKeySecretStore.working(of: id, of: organization, now: now, in: tx), at: now)
            try core.audit.record(
                intent, resource: after.name, .key(before: ApiKeyMessage(old, secrets, at: now), after: after), in: tx)
            return .with {
                $0.apiKey = after
                if kind == .secret { $0.secret = made.text } else { $0.signingSecret = made.text }
            }
        }
    }

    /// A secret that was found in a file has line ends around it.
    private static func withoutBlanks(_ text: String) -> Substring {
        var rest = text[...]
        while rest.first?.isWhitespace == true { rest.removeFirst() }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return rest
    }

    func revokeLeakedApiKey(
        _ request: Datavault_Identity_V1_RevokeLeakedApiKeyRequest, context: ServerContext
    ) async throws -> Google_Protobuf_Empty {
        let (core, keys, now) = (core, keys, now)
        guard let secret = ApiKeyText(Self.withoutBlanks(request.secret)) else { throw IdentityError.keyMalformed }
        try await keys.vault.verify()
        let intent = CallScope.current?.audit
        let hash = keys.vault.vault.hash(secret.text)
        let found = try await core.store.system(.findLeakedKey).read { tx in
            try ApiKeySecretStore.key(ofHash: hash, now: now, in: tx)
        }
        // Whoever asks about a secret that is unknown learns as much as about one that was revoked: nothing.
        guard let found, found.revokedAt == nil else {
            intent?.fulfill(.replayed)
            return Google_Protobuf_Empty()
        }
        // In the scope of the key's organization, whose event it is: the caller belongs to none.
        return try await core.store.scoped(found.organization).write { tx in
            guard let old = try ApiKeyStore.key(found.id, of: found.organization, in: tx) else {
                tx.afterCommit { intent?.fulfill(.replayed) }
                return Google_Protobuf_Empty()
            }
            let revoked = try keys.revoke(old, now: now, in: tx)
            try core.audit.record(
                intent, resource: old.name,
                .key(before: ApiKeyMessage(old, [], at: now), after: ApiKeyMessage(revoked, [], at: now)), in: tx)
            return Google_Protobuf_Empty()
        }
    }
}
