package import Crypto
import Foundation
import Jobs
package import Persistence
import Policy
import PolicyModel
import ServiceKit
import Synchronization
package import Wire

/// The calls about sessions on a store, behind the policy layer and with nothing else of the role: for what measures
/// them, and for processes that tests kill.
package final class LoneSessions: Sendable {
    /// What a measurement may want otherwise than the role has it.
    package struct Options: Sendable {
        /// Whether a hash costs what it costs in earnest; otherwise next to nothing.
        package var isHashingInEarnest = true
        /// Whether guessers are slowed down.
        package var isThrottling = false
        /// How long a refresh may be repeated.
        package var grace: Duration = .seconds(10)
        /// Hashes that may wait.
        package var queue = 256

        package init() {}
    }

    package static var migrations: [Migration] { IdentityService.migrations }
    /// The trust domain of its callers' certificates.
    package static let trustDomain = "bench.local"

    private let core: IdentityCore
    private let parts: SessionParts

    package init(store: Store, rootKey: SymmetricKey, options: Options = Options()) {
        var configuration = SessionConfiguration()
        if !options.isHashingInEarnest {
            configuration.argon2 = Argon2Parameters(memoryKiB: 64, iterations: 1, lanes: 1)
        }
        if !options.isThrottling {
            (configuration.throttle.accountBurst, configuration.throttle.sourceBurst) = (1 << 20, 1 << 20)
        }
        configuration.sessions.grace = options.grace
        configuration.pool.maximumWaiting = options.queue
        configuration.trustDomain = Self.trustDomain
        let environment = IdentityEnvironment()
        parts = SessionParts(configuration, store: store, rootKeys: RootKeyRing(rootKey), environment: environment)
        core = IdentityCore(
            store: store, replay: Replay(store: store),
            audit: AuditOutbox(
                Outbox(store), destination: IdentityService.auditDestination, encode: AuditEncoding.encode),
            permissions: Permissions(declared: ["users.read", "users.write"]), environment: environment,
            limits: IdentityLimits(),
            passwords: PolicyPasswords(policy: configuration.policy, hasher: parts.hasher),
            observers: UserChangeObservers([parts.ender]), seal: ReplySeal(rootKey: rootKey))
    }

    /// Threads that hash.
    package var threads: Int { parts.configuration.pool.threads }

    /// A server of the calls, for callers with the gateway's certificate.
    package func server(_ eventLoops: EventLoops) -> Server {
        let policy = PolicyConfiguration(
            trustDomain: Self.trustDomain, role: .identity, verifier: PrincipalVerifier(keys: PrincipalKeys()))
        return Server(
            services: [parts.handler(core)], interceptors: PolicyLayer.interceptors(policy), eventLoops: eventLoops)
    }

    /// Adds a person, in an organization of their own.
    package func addUser(_ email: String, password: String) async throws {
        let (core, now) = (core, core.environment.now())
        let organization = Organization(
            id: OrganizationID(core.environment.identifier()), displayName: "Measured", createdAt: now, updatedAt: now)
        let user = User(
            id: UserID(core.environment.identifier()), email: EmailAddress(email), displayName: "", createdAt: now,
            updatedAt: now)
        let hash = try await parts.hasher.hash(NormalizedPassword(password)).text
        try await core.store.system(.firstStart).write { tx in
            try OrganizationStore.insert(organization, in: tx)
            try UserStore.insert(user, passwordHash: hash, of: organization.id, in: tx)
            try MemberStore.insert(
                Member(user: user.id, roles: .viewer, createdAt: now), of: organization.id, in: tx)
        }
    }

    /// Hashes on as many threads as the pool has until a time is over, with nothing around.
    ///
    /// - Returns: Hashes a second.
    package func hashAlone(for time: Duration) -> Double {
        let (parameters, threads) = (parts.configuration.argon2, threads)
        let counts = HashCounts()
        let group = DispatchGroup()
        let start = ContinuousClock.now
        for _ in 0..<threads {
            let thread = Thread {
                let memory = Argon2Memory()
                var count = 0
                while ContinuousClock.now - start < time {
                    let hash = try? Argon2.hash(
                        Array("a lighthouse in the fog".utf8), salt: [UInt8](repeating: 1, count: 16), parameters,
                        in: memory)
                    if hash != nil { count += 1 }
                }
                counts.add(count)
                group.leave()
            }
            group.enter()
            thread.start()
        }
        group.wait()
        return Double(counts.total) / ((ContinuousClock.now - start) / .seconds(1))
    }

    /// Ends the threads that hash.
    package func close() { parts.hasher.pool.close() }
}

/// What threads have done, added up.
private final class HashCounts: Sendable {
    private let sum = Mutex(0)
    func add(_ count: Int) { sum.withLock { $0 += count } }
    var total: Int { sum.withLock { $0 } }
}
