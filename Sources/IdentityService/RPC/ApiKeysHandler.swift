import IdentityContract
import Persistence
import Policy
import PolicyModel
import ServiceKit
import SwiftProtobuf
import Wire

/// The calls about API keys.
struct ApiKeysHandler: Datavault_Identity_V1_ApiKeysService.Handler {
    let core: IdentityCore
    let keys: ApiKeys

    var now: Int64 { core.environment.now() }

    func createApiKey(
        _ request: Datavault_Identity_V1_CreateApiKeyRequest, context: ServerContext
    ) async throws -> ApiKeySecretsMessage {
        let (core, keys, sent, rights, now) = (core, keys, request.apiKey, try CallRights.current(), now)
        try TextRules.check(shown: sent.displayName, field: "api_key.display_name")
        let networks = try AllowedNetworks.canonical(sent.allowedNetworks, field: "api_key.allowed_networks")
        let expiry = try Self.expiry(of: sent, now: now)
        try await keys.vault.verify()
        let intent = CallScope.current?.audit
        return try await core.replay.write(request, id: request.requestID, sealing: keys.vault.vault.replies) { tx in
            let maker = try keys.maker(rights, now: now, in: tx)
            // A key that was meant for somebody else must not come out as the maker's, with all that the maker may.
            guard sent.owner.isEmpty || sent.owner == ResourceName.users.name(maker.owner.rawValue) else {
                throw IdentityError.fieldInvalid(
                    field: "api_key.owner", problem: "must be the caller, or empty")
            }
            let scopes = try ApiKeyRules.scopes(
                asked: sent.scopes, held: maker.held, declared: core.permissions.declared)
            let key = ApiKey(
                id: core.environment.identifier(), organization: rights.organization, displayName: sent.displayName,
                prefix: "", owner: maker.owner, scopes: scopes, allowedNetworks: networks, expiresAt: expiry,
                createdAt: now, updatedAt: now)
            let made = try keys.insert(key, now: now, in: tx)
            let message = ApiKeyMessage(made.key, [made.secret.kept, made.signing.kept], at: now)
            try core.audit.record(intent, resource: message.name, .key(after: message), in: tx)
            return .with {
                $0.apiKey = message
                $0.secret = made.secret.text
                $0.signingSecret = made.signing.text
            }
        }
    }

    func getApiKey(
        _ request: Datavault_Identity_V1_GetApiKeyRequest, context: ServerContext
    ) async throws -> ApiKeyMessage {
        let (organization, now) = (try CallRights.current().organization, now)
        let id = try ResourceName.apiKeys.identifier(in: request.name)
        let message = try await core.store.scoped(organization).read { tx -> ApiKeyMessage? in
            guard let key = try ApiKeyStore.key(id, of: organization, in: tx) else { return nil }
            let secrets = try ApiKeySecretStore.working(of: id, of: organization, now: now, in: tx)
            return ApiKeyMessage(key, secrets, at: now)
        }
        guard let message else { throw IdentityError.resourceUnknown(name: request.name) }
        return message
    }

    func listApiKeys(
        _ request: Datavault_Identity_V1_ListApiKeysRequest, context: ServerContext
    ) async throws -> Datavault_Identity_V1_ListApiKeysResponse {
        let (organization, now) = (try CallRights.current().organization, now)
        var filter = ApiKeyStore.Filter()
        if !request.owner.isEmpty { filter.owner = UserID(try ResourceName.users.identifier(in: request.owner)) }
        filter.state = ApiKey.State(request.state)
        let binding = ["api-keys", organization.rawValue, request.owner, filter.state?.rawValue ?? ""]
        let place = try PageToken.read(request.pageToken, for: binding)
        let (wanted, count) = (filter, Page<ApiKey>.rows(request.pageSize))
        let (rows, secrets) = try await core.store.scoped(organization).read { tx in
            let rows = try ApiKeyStore.keys(of: organization, wanted, after: place, count: count, now: now, in: tx)
            return (
                rows,
                try ApiKeySecretStore.working(of: rows.map(\.id), now: now, organization: organization, in: tx)
            )
        }
        let page = Page(rows, asked: request.pageSize, for: binding) { PageToken(time: $0.createdAt, id: $0.id) }
        return .with {
            $0.apiKeys = page.entries.map { ApiKeyMessage($0, secrets[$0.id] ?? [], at: now) }
            $0.nextPageToken = page.nextToken
        }
    }

    private static let changeable = ["display_name", "scopes", "allowed_networks", "expire_time"]

    func updateApiKey(
        _ request: Datavault_Identity_V1_UpdateApiKeyRequest, context: ServerContext
    ) async throws -> ApiKeyMessage {
        let (core, keys, sent, rights, now) = (core, keys, request.apiKey, try CallRights.current(), now)
        let organization = rights.organization
        let id = try ResourceName.apiKeys.identifier(in: sent.name)
        let mask = try UpdateMask(request.updateMask.paths, changeable: Self.changeable) { field in
            switch field {
            case "display_name": !sent.displayName.isEmpty
            case "scopes": !sent.scopes.isEmpty
            case "allowed_networks": !sent.allowedNetworks.isEmpty
            default: sent.hasExpireTime
            }
        }
        try TextRules.check(shown: sent.displayName, field: "api_key.display_name")
        let networks = try AllowedNetworks.canonical(sent.allowedNetworks, field: "api_key.allowed_networks")
        let expiry = mask.contains("expire_time") ? try Self.expiry(of: sent, now: now) : nil
        let intent = CallScope.current?.audit
        return try await core.replay.write(request, id: request.requestID) { tx in
            guard let old = try ApiKeyStore.key(id, of: organization, in: tx) else {
                throw IdentityError.resourceUnknown(name: sent.name)
            }
            try Etag.check(sent.etag, old.version)
            try old.requireActive(at: now)
            var new = old
            if mask.contains("display_name") { new.displayName = sent.displayName }
            if mask.contains("scopes") {
                let held = try keys.maker(rights, now: now, in: tx).held
                new.scopes = try ApiKeyRules.scopes(
                    changedTo: sent.scopes, from: old.scopes, held: held, declared: core.permissions.declared)
            }
            if mask.contains("allowed_networks") { new.allowedNetworks = networks }
            if mask.contains("expire_time") { new.expiresAt = expiry }
            let secrets = try ApiKeySecretStore.working(of: id, of: organization, now: now, in: tx)
            let before = ApiKeyMessage(old, secrets, at: now)
            if new != old { new = try keys.change(new, now: now, in: tx) }
            let after = ApiKeyMessage(new, secrets, at: now)
            try core.audit.record(intent, resource: after.name, .key(before: before, after: after), in: tx)
            return after
        }
    }

    func revokeApiKey(
        _ request: Datavault_Identity_V1_RevokeApiKeyRequest, context: ServerContext
    ) async throws -> ApiKeyMessage {
        let (core, keys, organization, now) = (core, keys, try CallRights.current().organization, now)
        let id = try ResourceName.apiKeys.identifier(in: request.name)
        let intent = CallScope.current?.audit
        return try await core.replay.write(request, id: request.requestID) { tx in
            guard let old = try ApiKeyStore.key(id, of: organization, in: tx) else {
                throw IdentityError.resourceUnknown(name: request.name)
            }
            let revoked = try keys.revoke(old, now: now, in: tx)
            let after = ApiKeyMessage(revoked, [], at: now)
            // A second revocation changes nothing, and is told all the same: somebody meant to.
            let before = ApiKeyMessage(old, [], at: now)
            try core.audit.record(intent, resource: after.name, .key(before: before, after: after), in: tx)
            return after
        }
    }

    private static func expiry(of sent: ApiKeyMessage, now: Int64) throws(IdentityError) -> Int64? {
        guard sent.hasExpireTime else { return nil }
        guard let time = sent.expireTime.microsecondsSince1970 else {
            throw .fieldInvalid(field: "api_key.expire_time", problem: "must be a time from the year 1 to 9999")
        }
        try ApiKeyRules.check(expiry: time, now: now)
        return time
    }
}
