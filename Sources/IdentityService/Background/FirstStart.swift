import IdentityContract
import Logging
import Persistence
import PolicyModel
import ServiceKit

extension SystemReason {
    static let firstStart = SystemReason("make the operator's organization and the first admin, once")
}

/// A key that was made for the first admin.
struct FirstKey: Sendable {
    /// `api-keys/{key}`.
    let name: String
    let secret: String
    let signingSecret: String
}

/// Makes an API key with all that its owner may do, in the transaction in which the owner is made.
typealias MakeFirstKey = @Sendable (UserID, OrganizationID, borrowing Transaction) throws -> FirstKey

/// Makes the operator's organization, its first admin and that one's key, exactly once.
///
/// The credentials are on the disk, beside their place, before the transaction that makes them true can commit, and move
/// into their place after it. Wherever the process ends, a later start finds one of three states: nothing committed,
/// where a file beside the place is removed; a commit with the file still beside its place, where it moves; or all done.
/// Of several processes one at a time works in a folder, and one at a time in a database.
struct FirstStart: Sendable {
    enum Outcome: Sendable, Equatable {
        /// This run made the first admin.
        case made(FirstAdmin)
        /// An earlier run, or another machine, had made one.
        case found(OrganizationID)
    }

    let core: IdentityCore
    let file: FirstAdminFile
    let folder: String
    let email: String
    /// Nil: one is made.
    let password: String?
    let makeKey: MakeFirstKey?
    let logger: Logger

    /// How long another process that works in the folder is waited for.
    private static let lockTimeout = Duration.seconds(30)
    /// Characters of a password that is made, of 6 bits each.
    private static let passwordLength = 24
    private static let organizationName = "Operator"
    private static let adminName = "First admin"

    /// Does what is left to do.
    func perform() async throws -> Outcome {
        try DurableFile.makeFolder(folder)
        let lock = try await FolderLock(folder, timeout: Self.lockTimeout)
        defer { extendLifetime(lock) }
        let existing = try await core.store.system(.firstStart).read { tx in
            try OrganizationStore.operatorOrganization(in: tx)?.id
        }
        if let existing {
            try settle(existing)
            return .found(existing)
        }
        try file.discard()
        let (id, made) = try await make()
        try settle(id)
        guard let made else { return .found(id) }
        logger.notice(
            "the first admin was made", metadata: ["organization": "\(made.organization)", "file": "\(file.path)"])
        return .made(made)
    }

    /// Brings the file to what has been committed.
    private func settle(_ organization: OrganizationID) throws {
        guard let pending = try file.pending() else { return try file.discard() }
        if pending.organization == ResourceName.organizations.name(organization.rawValue) {
            try file.commit()
        } else {
            // Another machine was first.
            try file.discard()
        }
    }

    private func make() async throws -> (OrganizationID, FirstAdmin?) {
        let chosen = password ?? Self.password(core.environment.randomBytes(Self.passwordLength))
        let hash = try await core.hash(
            chosen, of: PasswordOwner(email: email, organization: Self.organizationName),
            field: CoreSettings.adminPassword.name)
        let now = core.environment.now()
        let organization = Organization(
            id: OrganizationID(core.environment.identifier()), displayName: Self.organizationName, isOperator: true,
            createdAt: now, updatedAt: now)
        let user = User(
            id: UserID(core.environment.identifier()), email: EmailAddress(email), displayName: Self.adminName,
            createdAt: now, updatedAt: now)
        // Read committed, as a snapshot from before the lock would not show what its last holder has done.
        return try await core.store.system(.firstStart).write(.readCommitted) { tx in
            if core.store.kind == .postgres { try tx.run("LOCK TABLE organizations IN SHARE ROW EXCLUSIVE MODE") }
            if let other = try OrganizationStore.operatorOrganization(in: tx) { return (other.id, nil) }
            let key = try insert(organization, user, hash, in: tx)
            let admin = FirstAdmin(
                organization: ResourceName.organizations.name(organization.id.rawValue), user: user.id.name,
                email: email, password: password == nil ? chosen : nil, keyName: key?.name, key: key?.secret,
                signingSecret: key?.signingSecret)
            // The one effect of the closure beyond the transaction: it may run again, and then writes the file anew.
            try file.writePending(admin)
            return (organization.id, admin)
        }
    }

    private func insert(
        _ organization: Organization, _ user: User, _ hash: String, in tx: borrowing Transaction
    ) throws -> FirstKey? {
        try OrganizationStore.insert(organization, in: tx)
        try UserStore.insert(user, passwordHash: hash, of: organization.id, in: tx)
        let member = Member(user: user.id, roles: .admin, createdAt: user.createdAt)
        try MemberStore.insert(member, of: organization.id, in: tx)
        try core.observers.networksChanged(of: organization.id, to: [], in: tx)
        let message = OrganizationMessage(organization)
        try core.audit.record(
            "organization.create", by: .identity, of: organization.id, resource: message.name,
            after: MaskedText.of(message), in: tx)
        let part = MemberMessage(member)
        try core.audit.record(
            "user.create", of: organization.id, resource: user.id.name, .user(after: UserMessage(user)), in: tx)
        try core.audit.record(
            "member.create", by: .identity, of: organization.id, resource: part.name, after: MaskedText.of(part), in: tx
        )
        return try makeKey?(user.id, organization.id, tx)
    }

    /// A password of letters, digits, `-` and `_`, 6 bits of a byte each.
    static func password(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        return String(decoding: bytes.map { alphabet[Int($0 & 63)] }, as: UTF8.self)
    }
}
