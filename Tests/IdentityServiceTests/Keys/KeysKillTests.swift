import Crypto
import Foundation
import IdentityContract
import NIOCore
import Policy
import PolicyModel
import ServiceKit
import StoreTesting
import SwiftProtobuf
import Synchronization
import Testing
import Wire

@testable import IdentityService
@testable import Persistence

/// Identity in a process of its own is killed while keys rotate: no rotation is half done, none that was acknowledged is
/// lost, and one whose answer got lost is answered when it is asked for again.
@Suite(.serialized, .timeLimit(.minutes(15))) struct KeysKillTests {
    private static let kills = 5

    @Test(arguments: stores) func aKilledRotationIsDoneOrNot(_ kind: Store.Kind) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "kill-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        var configuration =
            switch kind {
            case .sqlite: StoreConfiguration.sqlite(path: folder.appending(path: "identity.db").path)
            case .postgres: StoreConfiguration.postgres(try await PostgresServer.shared.get().makeDatabase())
            }
        configuration.pool.acquireTimeout = .seconds(60)
        let url: String =
            switch configuration.backend {
            case .sqlite(let sqlite): "sqlite:\(sqlite.path)"
            case .postgres(let postgres): postgres.connection
            }
        let store = try Store(configuration)
        let storm = RotationStorm(folder: folder.path, storeURL: url)
        do {
            // A store with an address is migrated by whoever installs.
            try await Migrator(IdentityService.migrations).migrate(store)
            for _ in 0..<Self.kills { try await storm.round() }
            let acknowledged = try await storm.settle()
            try await check(store, storm, acknowledged)
        } catch {
            storm.end()
            await store.close()
            throw error
        }
        storm.end()
        await store.close()
    }

    /// What the store says is what the caller was told, and nothing else.
    private func check(_ store: Store, _ storm: RotationStorm, _ secrets: [String]) async throws {
        let vault = SecretVault(try RootKey.ring(file: KeyFolder("\(storm.folder)/keys").rootKey))
        let (id, hashes) = (storm.keyName.identifier, secrets.map(vault.hash))
        let (working, all, versions, events) = try await store.system(.test).read { tx in
            (
                try tx.values(
                    [UInt8].self,
                    """
                    SELECT material FROM api_key_secrets
                    WHERE key = \(id) AND kind = 'secret' AND expires_at IS NULL
                    """),
                try tx.values(
                    [UInt8].self, "SELECT material FROM api_key_secrets WHERE key = \(id) AND kind = 'secret'"),
                try tx.value(Int.self, "SELECT version FROM api_keys WHERE id = \(id)"),
                try tx.values([UInt8].self, "SELECT payload FROM outbox_messages")
            )
        }
        #expect(secrets.count > Self.kills)
        #expect(working == [hashes.last])
        // Each rotation was told to its caller, and each that was told is there.
        #expect(Set(all) == Set(hashes))
        #expect(all.count == secrets.count)
        // Change, audit event and secret are of one transaction.
        #expect(versions == secrets.count)
        let rotations = events.count { $0.contains(Array("api_key.rotate".utf8)) && $0.contains(Array(id.utf8)) }
        #expect(rotations == secrets.count - 1)
    }
}

/// A caller that rotates one key again and again, and the Identity that is killed meanwhile.
final class RotationStorm: Sendable {
    private struct State {
        var process: Process?
        var keyName = ""
        /// All secrets that the caller was told, in their order.
        var secrets: [String] = []
        /// The request whose answer was lost.
        var open: String?
    }

    let folder: String
    private let storeURL: String
    private let port: Int
    private let signing = Curve25519.Signing.PrivateKey()
    private let state = Mutex(State())

    private static let probe = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        .appending(path: "identity-probe").path

    init(folder: String, storeURL: String) {
        (self.folder, self.storeURL) = (folder, storeURL)
        port = Int.random(in: 20_000..<32_000)
    }

    var keyName: String { state.withLock { $0.keyName } }

    /// Starts Identity and waits until it serves.
    private func start() async throws {
        let (process, output) = (Process(), Pipe())
        process.executableURL = URL(filePath: Self.probe)
        process.arguments = [
            "data.folder=\(folder)", "identity.store.url=\(storeURL)", "identity.listen=127.0.0.1:\(port)",
            "identity.admin.listen=127.0.0.1:0",
        ]
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        state.withLock { $0.process = process }
        let line = await offPool { output.fileHandleForReading.availableData }
        #expect(String(decoding: line, as: UTF8.self).hasPrefix("ready"))
    }

    func end() {
        guard let process = state.withLock({ $0.process.take() }), process.isRunning else { return }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// Starts Identity, lets the caller rotate, and kills Identity in the midst of it.
    func round() async throws {
        try await start()
        try await withCaller { caller in
            let rotating = Task { try await self.rotate(caller, until: .max) }
            let wanted = self.state.withLock { $0.secrets.count } + Int.random(in: 2...12)
            let deadline = ContinuousClock.now + .seconds(60)
            while self.state.withLock({ $0.secrets.count }) < wanted, ContinuousClock.now < deadline {
                try await Task.sleep(for: .microseconds(Int64.random(in: 100...3_000)))
            }
            self.end()
            await #expect(throws: (any Error).self) { try await rotating.value }
        }
    }

    /// Asks for the answer that was lost, and stops.
    func settle() async throws -> [String] {
        try await start()
        try await withCaller { caller in
            try await self.rotate(caller, until: self.state.withLock { $0.secrets.count } + 2)
        }
        return state.withLock { $0.secrets }
    }

    private func rotate(_ caller: Caller, until count: Int) async throws {
        while state.withLock({ $0.secrets.count }) < count {
            // An answer that was lost is asked for under its old id.
            let id = state.withLock { state in
                let id = state.open ?? UUID().uuidString.lowercased()
                state.open = id
                return id
            }
            let secret = try await caller.rotate(keyName, id: id)
            state.withLock { state in
                state.secrets.append(secret)
                state.open = nil
            }
        }
    }

    private struct Caller {
        let channel: ClientChannel
        let admin: FirstAdmin
        let signing: Curve25519.Signing.PrivateKey

        typealias Methods = Datavault_Identity_V1_ApiKeysService.Methods

        private func options(_ method: MethodDescriptor) throws -> CallOptions {
            let now = Int64(Date().timeIntervalSince1970 * 1_000)
            let id = PrincipalKeyPair.keyID(of: signing.publicKey)
            let principal = VerifiedPrincipal(
                organization: admin.organization.identifier, subject: admin.user, kind: .user,
                permissions: ["api_keys.read", "api_keys.write"], sourceAddress: "127.0.0.1", strength: .bearer,
                audience: .identity, method: method.path, issuedAt: now, expiresAt: now + 60_000, keyID: id)
            var options = CallOptions()
            options.timeout = .seconds(60)
            options.metadata.add(
                PrincipalToken.metadataName, bytes: try PrincipalSigner(key: signing, keyID: id).sign(principal))
            return options
        }

        func readOptions() throws -> CallOptions { try options(Methods.getApiKey) }

        func rotate(_ name: String, id: String) async throws -> String {
            let client = Datavault_Identity_V1_ApiKeysService.Client(channel)
            return try await client.rotateApiKey(
                .with {
                    ($0.name, $0.requestID) = (name, id)
                    $0.overlap.seconds = 0
                }, options: options(Methods.rotateApiKey)
            ).secret
        }

        func create() async throws -> (name: String, secret: String) {
            let client = Datavault_Identity_V1_ApiKeysService.Client(channel)
            let made = try await client.createApiKey(
                .with { $0.apiKey.displayName = "storm" }, options: options(Methods.createApiKey))
            return (made.apiKey.name, made.secret)
        }
    }

    /// Calls as the gateway does: over mutual TLS, with principals of a key that it has listed.
    private func withCaller(_ body: @escaping @Sendable (Caller) async throws -> Void) async throws {
        let folder = KeyFolder("\(folder)/keys")
        let tls = try ReloadingTLSContext(
            configuration: folder.tls(for: .gateway, expecting: [.identity], trustDomain: .standard), role: .client)
        let channel = ClientChannel(.dns(host: "127.0.0.1", port: port), tls: tls)
        let admin = try JSONDecoder().decode(
            FirstAdmin.self, from: Data(contentsOf: URL(filePath: "\(self.folder)/first-admin.json")))
        let caller = Caller(channel: channel, admin: admin, signing: signing)
        let result: Result<Void, any Error>
        do {
            let listing = Datavault_Identity_V1_RegisterPrincipalKeyRequest.with {
                $0.publicKey = signing.publicKey.rawRepresentation
            }
            let listed = try await Datavault_Identity_V1_TrustService.Client(channel).registerPrincipalKey(listing)
            #expect(listed.certificateFingerprint.count == 64)
            try await waitUntilBelieved(caller)
            result = .success(try await body(caller))
        } catch { result = .failure(error) }
        await channel.shutDown(grace: .zero)
        try result.get()
    }

    /// Identity watches its own list of principal keys: a key is believed a moment after it was listed.
    private func waitUntilBelieved(_ caller: Caller) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            do {
                if keyName.isEmpty {
                    let made = try await caller.create()
                    state.withLock { ($0.keyName, $0.secrets) = (made.name, [made.secret]) }
                } else {
                    _ = try await Datavault_Identity_V1_ApiKeysService.Client(caller.channel)
                        .getApiKey(.with { $0.name = keyName }, options: caller.readOptions())
                }
                return
            } catch let error as RPCError where error.code == .unauthenticated && ContinuousClock.now < deadline {
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }
}
