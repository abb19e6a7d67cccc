import Crypto
import Foundation
import IdentityContract
import Logging
import Policy
import ServiceKit
import Testing
import Wire

@testable import Gateway

/// The stream of credentials, over Wire.
struct WatcherTests {
    private let text: String
    private let key: Datavault_Identity_V1_ApiKeyCredential

    init() throws {
        text = try #require(ApiKeyText(random: (0..<32).map { UInt8($0) })).text
        key = GuardFixture.key(
            GuardFixture.keyID, "acme", text, [[UInt8](repeating: 1, count: 32)], WallClock.now())
    }

    private func watcher(
        _ store: CredentialStore, _ channel: @escaping @Sendable () throws -> ClientChannel
    ) -> CredentialWatcher {
        var configuration = CredentialWatcher.Configuration()
        configuration.backoff = .milliseconds(10)...Duration.milliseconds(50)
        return CredentialWatcher(
            store: store, configuration: configuration, logger: Logger(label: "test"), channel: channel)
    }

    private func isKnown(_ store: CredentialStore) -> Bool {
        (try? store.recognize(apiKey: text, now: WallClock.now())) != nil
    }

    @Test("What is told first counts when it is complete; changes count as they come")
    func snapshotAndChanges() async throws {
        let trust = FakeTrust()
        trust.setSnapshot([.apiKey(key)])
        try await withTrust(trust) { channel in
            let store = CredentialStore()
            let watcher = watcher(store, channel)
            await #expect(throws: (any Error).self) { try await watcher.check.check() }
            try await running(watcher.run) {
                try await until("the key is known") { isKnown(store) }
                try await watcher.check.check()
                trust.tell(.apiKeyRemoved(GuardFixture.keyID))
                try await until("the key is gone") { store.keyCount == 0 }
                #expect(throws: CredentialStore.Refusal.invalid) {
                    try store.recognize(apiKey: text, now: WallClock.now())
                }
                trust.tell(.apiKey(key), skipping: 41)
                try await until("the key is back") { isKnown(store) }
                #expect(trust.openedStreams == 1)
            }
        }
    }

    @Test("A stream that ends is opened anew, and what it tells replaces all")
    func reconnects() async throws {
        let trust = FakeTrust()
        trust.setSnapshot([.apiKey(key)])
        try await withTrust(trust) { channel in
            let store = CredentialStore()
            try await running(watcher(store, channel).run) {
                try await until("the key is known") { isKnown(store) }
                // Revoked while the gateway did not listen.
                trust.setSnapshot([])
                trust.hangUp()
                try await until("the key is gone") { store.keyCount == 0 }
                #expect(store.isFresh)
                #expect(trust.openedStreams >= 2)
            }
        }
    }

    @Test("A gateway that hears nothing for longer than it may refuses, and recovers by itself")
    func silence() async throws {
        let trust = FakeTrust(heartbeat: .milliseconds(20), silenceLimit: 400)
        trust.setSnapshot([.apiKey(key)])
        try await withTrust(trust) { channel in
            let store = CredentialStore()
            try await running(watcher(store, channel).run) {
                try await until("the key is known") { isKnown(store) }
                trust.setRefusing(true)
                trust.hangUp()
                try await until("the gateway refuses") { !store.isFresh }
                #expect(throws: CredentialStore.Refusal.unavailable) {
                    try store.recognize(apiKey: text, now: WallClock.now())
                }
                trust.setRefusing(false)
                try await until("the key is known again") { isKnown(store) }
            }
        }
    }

    @Test("A new stream's beginning does not make old knowledge good")
    func incompleteSnapshot() async throws {
        let trust = FakeTrust(heartbeat: .milliseconds(20), silenceLimit: 400)
        trust.setSnapshot([.apiKey(key)])
        try await withTrust(trust) { channel in
            let store = CredentialStore()
            try await running(watcher(store, channel).run) {
                try await until("the key is known") { isKnown(store) }
                trust.setCompletes(false)
                trust.hangUp()
                try await until("a second stream is open") { trust.openedStreams >= 2 }
                // Heartbeats come, and yet the gateway does not know what has happened meanwhile.
                try await until("the gateway refuses") { !store.isFresh }
                trust.setCompletes(true)
                trust.hangUp()
                try await until("the key is known again") { isKnown(store) }
            }
        }
    }

    @Test("A heartbeat that names a number which never came, and nonsense, end the stream")
    func gaps() async throws {
        let trust = FakeTrust()
        trust.setSnapshot([.apiKey(key)])
        try await withTrust(trust) { channel in
            let store = CredentialStore()
            try await running(watcher(store, channel).run) {
                try await until("the key is known") { isKnown(store) }
                var gap = Datavault_Identity_V1_CredentialEvent()
                (gap.sequence, gap.timeMs) = (9_999_999, WallClock.now())
                trust.tell(raw: gap)
                try await until("a second stream is open") { trust.openedStreams == 2 }
                try await until("the key is known") { isKnown(store) }
                trust.tell(.revocation(Datavault_Identity_V1_TokenRevocation()))
                try await until("a third stream is open") { trust.openedStreams == 3 }
            }
        }
    }

    @Test("Use is told in one entry a secret, and what could not be told is told later")
    func usage() async throws {
        let trust = FakeTrust()
        try await withTrust(trust) { channel in
            let reporter = KeyUsageReporter(logger: Logger(label: "test"), channel: channel)
            let secrets = ["a", "b"].map { KeySecret(keyID: "k", id: $0, expiresAtMs: 0) }
            for time in stride(from: Int64(10_000), through: 20_000, by: 500) {
                for secret in secrets { reporter.note(secret, now: time) }
            }
            trust.setRefusing(true)
            await reporter.report()
            #expect(reporter.waitingCount == 2)
            trust.setRefusing(false)
            await reporter.report()
            #expect(reporter.waitingCount == 0)
            #expect(trust.usages.map(\.secret).sorted() == ["a", "b"])
            #expect(trust.usages.allSatisfy { $0.key == "k" && $0.lastUsedMs == 20_000 })
        }
    }

    @Test("A key is listed before it signs, listed anew, and changed with two listed for a while")
    func principalKeys() async throws {
        let trust = FakeTrust()
        trust.setRefusing(true)
        try await withTrust(trust) { channel in
            let ring = PrincipalKeyRing()
            var configuration = PrincipalKeyRegistrar.Configuration()
            (configuration.rotation, configuration.relisting) = (.milliseconds(400), .milliseconds(50))
            (configuration.overlap, configuration.settling) = (.milliseconds(100), .milliseconds(20))
            configuration.backoff = .milliseconds(10)...Duration.milliseconds(20)
            let registrar = PrincipalKeyRegistrar(
                ring, configuration: configuration, logger: Logger(label: "test"), channel: channel)
            try await running(registrar.run) {
                try await Task.sleep(for: .milliseconds(50))
                #expect(ring.current == nil)
                await #expect(throws: (any Error).self) { try await registrar.check.check() }
                trust.setRefusing(false)
                try await until("a key signs") { ring.current != nil }
                try await registrar.check.check()
                let first = try #require(ring.current?.id)
                try await until("another key signs") { ring.current?.id != first }
                let listed = trust.listedKeys
                // The first was listed several times; the second before it signed.
                #expect(Set(listed).count >= 2)
                #expect(listed.count > Set(listed).count)
            }
        }
    }

    @Test("A new certificate needs a listing of its own, over a connection that shows it")
    func certificateChanges() async throws {
        final class Certificate: Sendable {}
        let trust = FakeTrust()
        try await withTrust(trust) { channel in
            let ring = PrincipalKeyRing()
            let certificates = [Certificate(), Certificate()]
            let (current, channels) = (TestClock(0), TestClock(0))
            var configuration = PrincipalKeyRegistrar.Configuration()
            (configuration.watching, configuration.settling) = (.milliseconds(10), .milliseconds(10))
            let listing = CallerGuard.Listing(
                channel: {
                    channels.advance(1)
                    // In this process there is one server only: a channel of its own goes there, too.
                    return try channel()
                }, certificate: { certificates[Int(current.now)] })
            // The common channel is shut down with the first listing, and the second one then fails: what counts here is
            // that it is asked for.
            let registrar = PrincipalKeyRegistrar(
                ring, configuration: configuration, logger: Logger(label: "test"), listing: listing, channel: channel)
            try await running(registrar.run) {
                try await until("a key signs") { ring.current != nil }
                try await Task.sleep(for: .milliseconds(100))
                #expect(channels.now == 1)
                current.advance(1)
                try await until("the key is listed anew") { channels.now >= 2 }
            }
        }
    }
}
