import ComplianceContract
import Foundation
import Jobs
import Logging
import ServiceKit
import StoreTesting
import SwiftProtobuf
import Testing

@testable import IdentityService
@testable import Persistence

/// What a first start leaves behind, for good runs and for every state that an end in between can leave.
@Suite(.timeLimit(.minutes(5))) struct FirstStartTests {
    private struct Installation: Sendable {
        let core: IdentityCore
        let folder: String

        /// The first start as one machine runs it.
        func start(
            in folder: String? = nil, password: String? = nil,
            makeKey: MakeFirstKey? = { user, _, _ in
                FirstKey(name: "api-keys/1", secret: "s-\(user)", signingSecret: "x")
            }
        ) -> FirstStart {
            let folder = folder ?? self.folder
            return FirstStart(
                core: core, file: FirstAdminFile(folder: folder), folder: folder, email: "admin@localhost.localdomain",
                password: password, makeKey: makeKey, logger: Logger(label: "test"))
        }

        /// Identifiers of the operators' organizations, and of all admins.
        func made() async throws -> (organizations: [String], admins: [String]) {
            try await core.store.system(.test).read { tx in
                (
                    try tx.values(String.self, "SELECT id FROM organizations WHERE is_operator"),
                    try tx.values(String.self, "SELECT user_id FROM members WHERE (roles & 1) <> 0")
                )
            }
        }

        func path(_ folder: String? = nil) -> String { "\(folder ?? self.folder)/first-admin.json" }

        func read(_ folder: String? = nil) throws -> FirstAdmin {
            try JSONDecoder().decode(FirstAdmin.self, from: Data(contentsOf: URL(filePath: path(folder))))
        }
    }

    private func withInstallation(
        _ kind: Store.Kind, _ body: (Installation) async throws -> Void
    ) async throws {
        try await withIdentityStore(kind) { store in
            let folder = FileManager.default.temporaryDirectory.appending(path: "first-\(UUID().uuidString)").path
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let core = IdentityCore(
                store: store, replay: Replay(store: store),
                audit: AuditOutbox(
                    Outbox(store), destination: IdentityService.auditDestination, encode: AuditEncoding.encode),
                permissions: Permissions(declared: Harness.declared), environment: IdentityEnvironment(),
                limits: IdentityLimits(), passwords: TestPasswords(), observers: UserChangeObservers([]))
            try await body(Installation(core: core, folder: folder))
        }
    }

    @Test(arguments: stores) func itMakesOneAdminWhoMayAll(_ kind: Store.Kind) async throws {
        try await withInstallation(kind) { installation in
            guard case .made(let admin) = try await installation.start().perform() else {
                Issue.record("nothing was made")
                return
            }
            let read = try installation.read()
            #expect(read == admin)
            let attributes = try FileManager.default.attributesOfItem(atPath: installation.path())
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            #expect(!FileManager.default.fileExists(atPath: installation.path() + ".new"))
            let password = try #require(admin.password)
            #expect(password.count == 24)
            #expect(admin.key == "s-\(admin.user.dropFirst("users/".count))")

            let core = installation.core
            let organization = OrganizationID(String(admin.organization.dropFirst("organizations/".count)))
            let user = UserID(String(admin.user.dropFirst("users/".count)))
            let (found, permissions) = try await core.store.scoped(organization).read { tx in
                (
                    try UserStore.userByEmail("admin@localhost.localdomain", of: organization, in: tx),
                    try core.effective.of(user, of: organization, in: tx)
                )
            }
            #expect(found?.id == user)
            #expect(found?.passwordHash == "test:\(password)")
            #expect(permissions == Set(Harness.declared))
            let payloads = try await core.store.system(.test).read { tx in
                try tx.values([UInt8].self, "SELECT payload FROM outbox_messages ORDER BY id")
            }
            let actions = try payloads.map { try Datavault_Compliance_V1_AuditEvent(serializedBytes: $0).action }
            #expect(actions.prefix(3) == ["organization.create", "user.create", "member.create"])
            let event = try Datavault_Compliance_V1_AuditEvent(serializedBytes: #require(payloads.first))
            #expect(event.action == "organization.create")
            #expect(event.actor == "role:identity")
            #expect(event.organization == organization.rawValue)

            let again = try await installation.start().perform()
            #expect(again == .found(organization))
            let kept = try installation.read()
            #expect(kept == admin)
        }
    }

    @Test(arguments: stores) func aPasswordOfTheSettingsIsNotCopied(_ kind: Store.Kind) async throws {
        try await withInstallation(kind) { installation in
            _ = try await installation.start(password: "from the settings", makeKey: nil).perform()
            let admin = try installation.read()
            #expect(admin.password == nil)
            #expect(admin.key == nil)
            let text = try String(contentsOfFile: installation.path(), encoding: .utf8)
            #expect(!text.contains("from the settings"))
        }
    }

    /// Ended after the commit, before the file was in its place.
    @Test(arguments: stores) func aFileLeftBesideItsPlaceMovesThere(_ kind: Store.Kind) async throws {
        try await withInstallation(kind) { installation in
            _ = try await installation.start().perform()
            let admin = try installation.read()
            let path = installation.path()
            try FileManager.default.moveItem(atPath: path, toPath: path + ".new")
            _ = try await installation.start().perform()
            let completed = try installation.read()
            #expect(completed == admin)
            #expect(!FileManager.default.fileExists(atPath: path + ".new"))
        }
    }

    /// Ended before the commit.
    @Test(arguments: stores) func aFileWithoutACommitGoes(_ kind: Store.Kind) async throws {
        try await withInstallation(kind) { installation in
            struct Crash: Error {}
            await #expect(throws: Crash.self) {
                try await installation.start(makeKey: { _, _, _ in throw Crash() }).perform()
            }
            let nothing = try await installation.made()
            #expect(nothing.organizations.isEmpty && nothing.admins.isEmpty)
            let pending = installation.path() + ".new"
            let stale = FirstAdmin(
                organization: "organizations/other", user: "users/other", email: "x", password: "x", keyName: nil,
                key: nil,
                signingSecret: nil)
            try FirstAdminFile(folder: installation.folder).writePending(stale)
            #expect(FileManager.default.fileExists(atPath: pending))
            _ = try await installation.start().perform()
            let admin = try installation.read()
            #expect(admin.user != "users/other")
            #expect(!FileManager.default.fileExists(atPath: pending))
        }
    }

    /// A machine that lost the race and ended there has credentials that nobody has, or half a file.
    @Test(arguments: stores) func anotherMachinesLeftoverGoes(_ kind: Store.Kind) async throws {
        try await withInstallation(kind) { installation in
            _ = try await installation.start().perform()
            let admin = try installation.read()
            let other = "\(installation.folder)/other"
            try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: true)
            let stale = FirstAdmin(
                organization: "organizations/other", user: "users/other", email: "x", password: "x", keyName: nil,
                key: nil,
                signingSecret: nil)
            for half in [false, true] {
                try FirstAdminFile(folder: other).writePending(stale)
                if half {
                    try "{\"organiz".write(
                        toFile: installation.path(other) + ".new", atomically: false, encoding: .utf8)
                }
                _ = try await installation.start(in: other).perform()
                let left = try FileManager.default.contentsOfDirectory(atPath: other)
                #expect(left.isEmpty)
            }
            let kept = try installation.read()
            #expect(kept == admin)
        }
    }

    /// Several machines with folders of their own on one database, and several processes in one folder.
    @Test(arguments: stores) func ofManyAtOnceOneMakesIt(_ kind: Store.Kind) async throws {
        try await withInstallation(kind) { installation in
            let folders = (0..<4).map { "\(installation.folder)/\($0)" }
            for folder in folders {
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            }
            let outcomes = try await withThrowingTaskGroup(of: FirstStart.Outcome.self) { group in
                for folder in folders + folders { group.addTask { try await installation.start(in: folder).perform() } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let made = outcomes.compactMap { outcome -> FirstAdmin? in
                if case .made(let admin) = outcome { return admin }
                return nil
            }
            #expect(made.count == 1)
            let rows = try await installation.made()
            #expect(rows.organizations.map { "organizations/\($0)" } == made.map(\.organization))
            #expect(rows.admins.map { "users/\($0)" } == made.map(\.user))
            let files = folders.filter { FileManager.default.fileExists(atPath: installation.path($0)) }
            #expect(files.count == 1)
            let kept = try files.first.map { try installation.read($0) }
            #expect(kept == made.first)
            let leftovers = folders.filter { FileManager.default.fileExists(atPath: installation.path($0) + ".new") }
            #expect(leftovers.isEmpty)
        }
    }

    @Test func aPasswordHasItsBytesChance() {
        #expect(FirstStart.password([0, 25, 26, 63, 64, 255]) == "AZa_A_")
    }
}
