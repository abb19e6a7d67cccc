import Foundation
import Logging
import Persistence
public import Policy
public import ServiceLifecycle
import UnixSignals
import Wire

/// Roles that share a process, from their start to their end.
public final class Suite: Sendable {
    /// What is running.
    public let roles: [RunningRole]
    private let settings: Settings
    private let logger: Logger
    private let output: LogOutput?
    private let services: [any Service]

    /// What a suite is started with, beside settings.
    public struct Options: Sendable {
        /// Whether stores are brought up to date by the start itself: for one machine with embedded databases.
        public var isMigrating = false
        /// Keys of gateways' principals.
        public var principalKeys = PrincipalKeys()
        /// What `/metrics` answers.
        public var metrics: AdminServer.Page = { _ in AdminServer.Answer([]) }
        /// Services of the process, as telemetry: started first and ended last.
        public var processServices: [any Service] = []
        /// Where lines go, so that none is lost at the end.
        public var logOutput: LogOutput?

        /// The defaults.
        public init() {}
    }

    /// Opens all roles' stores and ports; `run` lets them work.
    ///
    /// - Throws: `SuiteFailure`, `StoreError` or NIO's errors: what cannot be had, and what to do.
    public init(_ definitions: [RoleDefinition], settings: Settings, options: Options = Options()) async throws {
        self.settings = settings
        (logger, output) = (Logger(label: "datavault"), options.logOutput)
        try Self.prepareFolder(settings[SuiteSettings.dataFolder])
        let threads = settings[SuiteSettings.threads]
        let eventLoops = threads == 0 ? EventLoops.shared : EventLoops(threads: threads)
        // One verdict cache for the process: a call that passes through several roles is verified once.
        let verifier = PrincipalVerifier(keys: options.principalKeys)
        var roles: [RunningRole] = []
        let (addresses, objects) = (AddressBook(), SharedObjects())
        for definition in definitions {
            var policy = PolicyConfiguration(
                trustDomain: settings[SuiteSettings.trustDomain], role: definition.role, verifier: verifier)
            policy.logger = Logger(label: "datavault.\(definition.name).policy")
            roles.append(
                try await RunningRole(
                    definition, settings: settings, policy: policy, keys: options.principalKeys,
                    isMigrating: options.isMigrating, eventLoops: eventLoops, addresses: addresses,
                    objects: objects, metrics: options.metrics))
        }
        self.roles = roles
        services = options.processServices + roles.flatMap(\.services)
    }

    /// Serves until SIGTERM or SIGINT, then ends in order: "not ready", no new calls, calls and jobs in hand, stores.
    /// A second signal ends the process at once, with 128 and the signal's number.
    ///
    /// - Parameter whenReady: Called once, when all roles have become ready.
    public func run(whenReady: @escaping @Sendable () -> Void = {}) async throws {
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        var configuration = ServiceGroupConfiguration(services: services, logger: logger)
        configuration.maximumGracefulShutdownDuration =
            settings[SuiteSettings.grace] + settings[SuiteSettings.delay] + .seconds(10)
        let group = ServiceGroup(configuration: configuration)
        let watch = Task { [logger, output] in
            var isEnding = false
            for await signal in signals {
                if isEnding {
                    logger.warning("ended at once", metadata: ["signal": "\(signal)"])
                    output?.flush()
                    exit(signal == .sigint ? 130 : 143)
                }
                isEnding = true
                logger.notice("ending", metadata: ["signal": "\(signal)"])
                await group.triggerGracefulShutdown()
            }
        }
        let announce = Task { [roles] in
            while !roles.allSatisfy(\.readiness.isReady) {
                try await Task.sleep(for: .milliseconds(20))
            }
            whenReady()
        }
        defer {
            watch.cancel()
            announce.cancel()
        }
        let result: Result<Void, any Error>
        do {
            try await group.run()
            result = .success(())
        } catch { result = .failure(error) }
        for role in roles { await role.store?.close() }
        logger.notice("ended")
        output?.flush()
        try result.get()
    }

    /// Makes a folder that only its owner may enter.
    public static func prepareFolder(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw SuiteFailure(
                "the folder \(path) cannot be made: \(error.localizedDescription). Set data.folder to another one.")
        }
    }
}
