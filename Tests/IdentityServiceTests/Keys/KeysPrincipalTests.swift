import ComplianceContract
import Crypto
import Foundation
import IdentityContract
import Logging
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

/// Keys that principals are signed with: listed by gateways, watched by roles.
@Suite(.timeLimit(.minutes(5))) struct KeysPrincipalTests {
    private static func listing(_ key: Curve25519.Signing.PrivateKey)
        -> Datavault_Identity_V1_RegisterPrincipalKeyRequest
    {
        .with { $0.publicKey = key.publicKey.rawRepresentation }
    }

    @Test(arguments: stores) func aListedKeyIsToldToWhoeverWatches(_ kind: Store.Kind) async throws {
        try await withKeys(kind) { identity, setting in
            let (one, two) = (Curve25519.Signing.PrivateKey(), Curve25519.Signing.PrivateKey())
            let listed = try await identity.trust.registerPrincipalKey(Self.listing(one))
            #expect(listed.id == PrincipalKeyPair.keyID(of: one.publicKey))
            // A caller of this process has no certificate.
            #expect(listed.certificateFingerprint.isEmpty)
            #expect(listed.expiresAtMs > setting.clock.now / 1_000 + 86_000_000)
            let told = Locked<[Set<String>]>([])
            let watching = Task {
                for try await keys in try await identity.roleTrust.watchPrincipalKeys(.init()) {
                    told.withLock { $0.append(Set(keys.keys.map(\.id))) }
                }
            }
            func wait(_ ids: Set<String>) async throws {
                let deadline = ContinuousClock.now + .seconds(60)
                while told.withLock({ $0.last }) != ids, ContinuousClock.now < deadline {
                    try await Task.sleep(for: .milliseconds(5))
                }
                #expect(told.withLock { $0.last } == ids)
            }
            try await wait([listed.id])
            let second = try await identity.trust.registerPrincipalKey(Self.listing(two))
            try await wait([listed.id, second.id])
            // To list a key anew changes nothing but its end.
            setting.clock.advance(.seconds(1))
            let again = try await identity.trust.registerPrincipalKey(Self.listing(one))
            #expect(again.id == listed.id)
            #expect(again.expiresAtMs > listed.expiresAtMs)
            watching.cancel()
            _ = try? await watching.value
            // Whom roles believe has changed twice.
            let events = try await identity.events().filter { $0.action == "principal_key.create" }
            #expect(events.map(\.resource) == [listed.id, second.id].map { "principal-keys/\($0)" })
            #expect(events.allSatisfy { $0.actor == "role:gateway" && $0.organization.isEmpty })
        }
    }

    @Test(arguments: stores) func whatIsNoKeyIsRefused(_ kind: Store.Kind) async throws {
        try await withKeys(kind, { $0.trust.maximumPrincipalKeys = 1 }) { identity, _ in
            let short = try await refusal {
                try await identity.trust.registerPrincipalKey(.with { $0.publicKey = Data(count: 31) })
            }
            #expect(short.fields == ["public_key"])
            let key = Curve25519.Signing.PrivateKey()
            _ = try await identity.trust.registerPrincipalKey(Self.listing(key))
            let full = try await refusal {
                try await identity.trust.registerPrincipalKey(Self.listing(Curve25519.Signing.PrivateKey()))
            }
            #expect(full.reason == "LIMIT_REACHED")
            // Whoever is listed already can go on.
            _ = try await identity.trust.registerPrincipalKey(Self.listing(key))
        }
    }

    @Test(arguments: stores) func aKeyGoesWithTwoCertificatesWhileOneIsReplaced(_ kind: Store.Kind) async throws {
        try await withIdentityStore(kind) { store in
            let key = { @Sendable (fingerprint: String, end: Int64) in
                ListedPrincipalKey(id: "k", publicKey: [1], fingerprint: fingerprint, expiresAt: end)
            }
            let living = try await store.system(.test).write { tx in
                try PrincipalKeyStore.list(key("old", 10), now: 1, in: tx)
                try PrincipalKeyStore.list(key("new", 20), now: 2, in: tx)
                try PrincipalKeyStore.list(key("old", 12), now: 3, in: tx)
                return [
                    try PrincipalKeyStore.living(now: 11, maximum: 9, in: tx),
                    try PrincipalKeyStore.living(now: 12, maximum: 9, in: tx),
                ]
            }
            #expect(living == [[key("new", 20), key("old", 12)], [key("new", 20)]])
        }
    }

    /// The watcher of ServiceKit with a real Identity: keys come, stay while Identity is away, and end by themselves.
    @Test(arguments: stores) func aRoleKeepsWhatItKnowsWhileIdentityIsAway(_ kind: Store.Kind) async throws {
        try await withIdentityStore(kind) { store in
            let setting = KeysSetting(store: store)
            let way = Way()
            let keys = PrincipalKeys()
            let clock = KeysClock()
            var configuration = PrincipalKeyWatcher.Configuration()
            configuration.tick = .milliseconds(20)
            configuration.firstPause = .milliseconds(10)
            configuration.longestPause = .milliseconds(50)
            configuration.now = { clock.now / 1_000 }
            let watcher = PrincipalKeyWatcher(keys, configuration: configuration) { try way.channel() }
            await #expect(throws: SuiteFailure.self) { try await watcher.check.check() }
            let running = Task { try await watcher.run() }
            let key = Curve25519.Signing.PrivateKey()
            let token = try Self.token(key)
            let verifier = PrincipalVerifier(keys: keys)
            func wait(_ isKnown: Bool, _ what: Comment) async throws {
                let deadline = ContinuousClock.now + .seconds(60)
                while ContinuousClock.now < deadline {
                    let now = Int64(Date().timeIntervalSince1970 * 1_000)
                    if ((try? verifier.verify(token, now: now)) != nil) == isKnown { return }
                    try await Task.sleep(for: .milliseconds(5))
                }
                Issue.record(what)
            }
            try await KeysInstance(setting).run { identity in
                way.set(identity.roleChannel)
                _ = try await identity.trust.registerPrincipalKey(Self.listing(key))
                try await wait(true, "the key is known")
                try await watcher.check.check()
            }
            // Identity is gone, the key stays.
            try await Task.sleep(for: .milliseconds(200))
            try await wait(true, "the key stays")
            try await watcher.check.check()
            let other = Curve25519.Signing.PrivateKey()
            try await KeysInstance(setting).run { identity in
                way.set(identity.roleChannel)
                _ = try await identity.trust.registerPrincipalKey(Self.listing(other))
                let deadline = ContinuousClock.now + .seconds(60)
                let second = try Self.token(other)
                let now = Int64(Date().timeIntervalSince1970 * 1_000)
                while (try? verifier.verify(second, now: now)) == nil, ContinuousClock.now < deadline {
                    try await Task.sleep(for: .milliseconds(5))
                }
                #expect((try? verifier.verify(second, now: now)) != nil)
            }
            way.set(nil)
            // Away for longer than the listing lasts.
            clock.advance(.seconds(90_000))
            try await wait(false, "the key ends by itself")
            await #expect(throws: SuiteFailure.self) { try await watcher.check.check() }
            running.cancel()
            try await running.value
        }
    }

    /// The way to Identity, which comes and goes.
    private final class Way: Sendable {
        private let present = Mutex<ClientChannel?>(nil)
        func set(_ channel: ClientChannel?) { present.withLock { $0 = channel } }
        func channel() throws -> ClientChannel {
            guard let channel = present.withLock({ $0 }) else { throw RPCError(code: .unavailable, message: "away") }
            return channel
        }
    }

    private static func token(_ key: Curve25519.Signing.PrivateKey) throws -> [UInt8] {
        let now = Int64(Date().timeIntervalSince1970 * 1_000)
        let id = PrincipalKeyPair.keyID(of: key.publicKey)
        return try PrincipalSigner(key: key, keyID: id).sign(
            VerifiedPrincipal(
                organization: "o", subject: "users/u", kind: .user, permissions: [], sourceAddress: "",
                strength: .bearer, audience: .pipeline, method: "/m", issuedAt: now, expiresAt: now + 60_000, keyID: id)
        )
    }
}
