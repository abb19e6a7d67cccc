import Crypto
import FoundationEssentials
import IdentityContract
import Logging
import NIOCore
import Policy
import ServiceKit
import ServiceLifecycle
import Synchronization
import Wire

/// Makes the gateway's keys, has Identity list them, and changes them now and then.
///
/// A key is used once it has been listed for long enough that services have heard of it. The one before stays listed
/// until its listing ends, so that principals which it signed are believed to their end.
final class PrincipalKeyRegistrar: Service {
    /// When keys are listed and changed.
    struct Configuration: Sendable {
        /// How long a key is used.
        var rotation: Duration = .seconds(86_400)
        /// From a new key's listing to its use, while another one serves.
        var overlap: Duration = .seconds(10)
        /// From the first key's listing to its use, while nothing is served.
        var settling: Duration = .milliseconds(250)
        /// The longest time between two listings.
        var relisting: Duration = .seconds(600)
        /// How often the certificate is looked at: a new one needs a listing of its own.
        var watching: Duration = .milliseconds(250)
        /// Waits after a listing that failed: the first, which doubles up to the longest.
        var backoff: ClosedRange<Duration> = .milliseconds(100)...Duration.seconds(5)
    }

    private struct NotListed: Error, CustomStringConvertible {
        var description: String { "identity lists no key of this gateway yet; principals cannot be signed" }
    }

    let ring: PrincipalKeyRing
    private let channel: @Sendable () throws -> ClientChannel
    private let listing: CallerGuard.Listing?
    private let configuration: Configuration
    private let logger: Logger
    private let now: @Sendable () -> Int64

    init(
        _ ring: PrincipalKeyRing, configuration: Configuration = Configuration(), logger: Logger,
        now: @escaping @Sendable () -> Int64 = WallClock.now, listing: CallerGuard.Listing? = nil,
        channel: @escaping @Sendable () throws -> ClientChannel
    ) {
        self.listing = listing
        (self.ring, self.configuration, self.logger) = (ring, configuration, logger)
        (self.now, self.channel) = (now, channel)
    }

    var check: ReadinessCheck {
        ReadinessCheck("principal key") { [ring, now] in
            guard let entry = ring.current, now() < entry.listedUntil else { throw NotListed() }
        }
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                let key = Curve25519.Signing.PrivateKey()
                await self.serve(with: key)
            }
        }
    }

    /// Lists a key, uses it, and keeps it listed for as long as it is used.
    private func serve(with key: Curve25519.Signing.PrivateKey) async {
        var retireAt = ContinuousClock.now + configuration.rotation
        var isInUse = false
        var failures = 0
        while !Task.isCancelled, ContinuousClock.now < retireAt {
            do {
                let certificate = listing?.certificate()
                let listed = try await list(key)
                failures = 0
                if !isInUse {
                    try await Task.sleep(for: ring.current == nil ? configuration.settling : configuration.overlap)
                    retireAt = ContinuousClock.now + configuration.rotation
                }
                isInUse = true
                ring.use(listed)
                let rest = Duration.milliseconds(max(0, listed.listedUntil - now()) / 3)
                try await wait(for: min(rest, configuration.relisting, retireAt - .now), while: certificate)
            } catch is CancellationError {
                return
            } catch {
                logger.warning("identity did not list this gateway's key", metadata: ["error": "\(error)"])
                failures += 1
                let range = configuration.backoff
                let wait = min(range.upperBound, range.lowerBound * (1 << min(failures - 1, 10)))
                try? await Task.sleep(for: wait * Double.random(in: 0.5...1))
            }
        }
    }

    /// Waits, unless the certificate changes.
    private func wait(for time: Duration, while certificate: AnyObject?) async throws {
        let end = ContinuousClock.now + time
        while ContinuousClock.now < end, listing?.certificate() === certificate {
            try await Task.sleep(for: min(configuration.watching, end - .now))
        }
    }

    private func list(_ key: Curve25519.Signing.PrivateKey) async throws -> PrincipalKeyRing.Entry {
        guard let listing else { return try await list(key, over: try channel()) }
        let channel = try listing.channel()
        do {
            let listed = try await list(key, over: channel)
            await channel.shutDown()
            return listed
        } catch {
            await channel.shutDown()
            throw error
        }
    }

    private func list(
        _ key: Curve25519.Signing.PrivateKey, over channel: ClientChannel
    ) async throws -> PrincipalKeyRing.Entry {
        var request = Datavault_Identity_V1_RegisterPrincipalKeyRequest()
        request.publicKey = key.publicKey.rawRepresentation
        var options = CallOptions()
        options.timeout = .seconds(5)
        let listed = try await Datavault_Identity_V1_TrustService.Client(channel)
            .registerPrincipalKey(request, options: options)
        guard listed.publicKey == request.publicKey, !listed.id.isEmpty else {
            throw RPCError(code: .internal, message: "identity listed another key than this gateway's")
        }
        return PrincipalKeyRing.Entry(
            id: listed.id, signer: PrincipalSigner(key: key, keyID: listed.id), listedUntil: listed.expiresAtMs)
    }
}
