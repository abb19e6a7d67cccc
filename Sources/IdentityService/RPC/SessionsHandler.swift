import IdentityContract
import Persistence
import Policy
import PolicyModel
import ServiceKit
import SwiftProtobuf
import Wire

typealias SessionMessage = Datavault_Identity_V1_Session
typealias TokenResponse = Datavault_Identity_V1_TokenResponse

/// The calls about sessions.
struct SessionsHandler: Datavault_Identity_V1_SessionsService.Handler {
    let core: IdentityCore
    let parts: SessionParts

    /// What the contract calls a log-in in the audit log.
    static let logInAction = Datavault_Identity_V1_SessionsService.Methods.logIn.policy?.audit?.action ?? ""

    func listSessions(
        _ request: Datavault_Identity_V1_ListSessionsRequest, context: ServerContext
    ) async throws -> Datavault_Identity_V1_ListSessionsResponse {
        let rights = try CallRights.current()
        let user = try Self.user(request.user, rights)
        let binding = ["sessions", rights.organization.rawValue, user.rawValue]
        let place = try PageToken.read(request.pageToken, for: binding)
        let now = core.environment.now()
        let rows = try await core.store.scoped(rights.organization).read { tx in
            try SessionStore.live(
                of: user, of: rights.organization, now: now, before: place, count: Page<Int>.rows(request.pageSize),
                in: tx)
        }
        let page = Page(rows, asked: request.pageSize, for: binding) { PageToken(time: $0.createdAt, id: $0.id) }
        return .with {
            $0.sessions = page.entries.map(SessionMessage.init)
            $0.nextPageToken = page.nextToken
        }
    }

    func deleteSession(
        _ request: Datavault_Identity_V1_DeleteSessionRequest, context: ServerContext
    ) async throws -> Google_Protobuf_Empty {
        let (core, ender, rights, now) = (core, parts.ender, try CallRights.current(), core.environment.now())
        let id = String(request.name.dropFirst("sessions/".count))
        let intent = CallScope.current?.audit
        return try await core.replay.write(request, id: request.requestID) { tx in
            guard let session = try SessionStore.session(id, of: rights.organization, in: tx),
                session.state.isLive(at: now),
                // Whose session it is, is nobody else's to learn.
                session.user.name == rights.subject || rights.permissions.contains(Self.writeUsers)
            else { throw IdentityError.resourceUnknown(name: request.name) }
            try ender.end(session, .deleted, in: tx)
            try core.audit.record(intent, before: MaskedText.of(SessionMessage(session)), in: tx)
            return Google_Protobuf_Empty()
        }
    }

    func getTokenKeys(
        _ request: Datavault_Identity_V1_GetTokenKeysRequest, context: ServerContext
    ) async throws -> Datavault_Identity_V1_TokenKeys {
        let keys = try await parts.ring.published()
        return .with { $0.keys = keys.map(Datavault_Identity_V1_TokenKey.init) }
    }

    private static let readUsers = "users.read"
    private static let writeUsers = "users.write"

    /// Whose sessions are asked for.
    private static func user(_ name: String, _ rights: CallRights) throws(IdentityError) -> UserID {
        let isUser = rights.subject.hasPrefix("\(ResourceName.users.rawValue)/")
        guard !name.isEmpty else {
            guard isUser else { throw .userRequired }
            return UserID(try ResourceName.users.identifier(in: rights.subject))
        }
        guard name == rights.subject || rights.permissions.contains(readUsers) else {
            throw .permissionMissing(readUsers)
        }
        return UserID(try ResourceName.users.identifier(in: name))
    }
}

extension SessionMessage {
    init(_ session: SessionRow) {
        self.init()
        name = session.name
        user = session.user.name
        createTime = Google_Protobuf_Timestamp(microseconds: session.createdAt)
        refreshTime = Google_Protobuf_Timestamp(microseconds: session.state.refreshedAt)
        idleExpireTime = Google_Protobuf_Timestamp(microseconds: session.state.idleExpiresAt)
        expireTime = Google_Protobuf_Timestamp(microseconds: session.state.expiresAt)
    }
}

extension Datavault_Identity_V1_TokenKey {
    /// A public key as RFC 8037 writes it.
    init(_ key: TokenKey) {
        self.init()
        (kty, crv, use, alg) = ("OKP", "Ed25519", "sig", AccessToken.algorithm)
        (kid, x) = (key.id, TokenKey.base64URL(key.publicKey))
    }
}
