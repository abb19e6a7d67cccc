public import Logging
public import ServiceLifecycle
internal import Synchronization

/// A ``TLSContext`` that follows its files: certificates are renewed with no restart.
///
/// New connections take ``current``; those that stand keep the context that they began with. Files that do not load
/// leave the old context in use and are reported once, with the file and the reason. ``run()`` watches; ``reload()``
/// reads at once.
public final class ReloadingTLSContext: TLSContextSource, Service {
    /// What a reading of the files came to.
    public typealias Outcome = Result<TLSContext, TLSError>

    private struct State {
        var context: TLSContext
        var watch: TLSFileWatch
    }

    private let configuration: TLSConfiguration
    private let role: TLSRole
    private let interval: Duration
    private let logger: Logger?
    private let onReload: @Sendable (Outcome) -> Void
    private let state: Mutex<State>

    /// Loads the files for the first time.
    ///
    /// - Parameters:
    ///   - configuration: Which files, and the rules around them.
    ///   - role: The side that connections play.
    ///   - interval: How often ``run()`` looks at the files.
    ///   - logger: Told of each reload and failure.
    ///   - onReload: Called after each reload and each reported failure, for metrics. Must not block.
    /// - Throws: The reason why the files do not load: there is no old context to fall back to yet.
    public init(
        configuration: TLSConfiguration,
        role: TLSRole,
        interval: Duration = .seconds(1),
        logger: Logger? = nil,
        onReload: @escaping @Sendable (Outcome) -> Void = { _ in }
    ) throws(TLSError) {
        self.configuration = configuration
        self.role = role
        self.interval = interval
        self.logger = logger
        self.onReload = onReload
        // Before the reading: a change during it shows at the next look.
        let stamps = Self.stamps(configuration.files(role: role))
        let context = try TLSContext(configuration: configuration, role: role)
        state = Mutex(State(context: context, watch: TLSFileWatch(loaded: stamps)))
    }

    /// The last context whose files loaded.
    public var current: TLSContext {
        state.withLock { $0.context }
    }

    /// Reads the files now, changed or not.
    @discardableResult
    public func reload() -> Outcome {
        let (outcome, _) = load(Self.stamps(configuration.files(role: role)))
        report(outcome)
        return outcome
    }

    /// Watches the files until it is cancelled or the service group shuts down.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            // Sleeping throws only when cancelled, which is how this ends.
            while (try? await Task.sleep(for: self.interval)) != nil {
                self.poll()
            }
        }
    }

    /// One look at the files.
    func poll() {
        let stamps = Self.stamps(configuration.files(role: role))
        switch state.withLock({ $0.watch.look(at: stamps) }) {
        case .nothing: return
        case .report(let error): report(.failure(error))
        case .load:
            let (outcome, reportNow) = load(stamps)
            if reportNow { report(outcome) }
        }
    }

    /// Makes a context outside the lock, so that connections never wait for files.
    private func load(_ stamps: [TLSFileStamp?]) -> (Outcome, reportNow: Bool) {
        do throws(TLSError) {
            let context = try TLSContext(configuration: configuration, role: role)
            // The old context is released after the lock: its last reference frees much.
            let old = state.withLock { state in
                let old = state.context
                state.context = context
                state.watch.loaded(stamps)
                return old
            }
            _ = old
            return (.success(context), true)
        } catch {
            state.withLock { $0.watch.failed(stamps, error) }
            return (.failure(error), false)
        }
    }

    private func report(_ outcome: Outcome) {
        switch outcome {
        case .success:
            logger?.info("TLS files reloaded", metadata: ["role": "\(role)"])
        case .failure(let error):
            state.withLock { $0.watch.reported() }
            logger?.error(
                "TLS files not reloaded, the old ones stay in use",
                metadata: ["role": "\(role)", "file": "\(error.file ?? "")", "reason": "\(error.message)"]
            )
        }
        onReload(outcome)
    }

    private static func stamps(_ files: [String]) -> [TLSFileStamp?] {
        files.map { TLSFileStamp(path: $0) }
    }
}

/// Decides, look by look, when files are read and when a failure is told.
///
/// A certificate and its key are often replaced one after the other, so a failure is told only if the files stay the
/// same until the next look. Files that failed are read again now and then, as the reason may be the clock (a
/// certificate that is not valid yet).
struct TLSFileWatch {
    /// What a look leads to.
    enum Action {
        case nothing
        case load
        case report(TLSError)
    }

    /// Looks between two readings of files that failed and did not change.
    static let retryLooks = 30

    private var seen: [TLSFileStamp?]
    private var failure: TLSError?
    private var told: TLSError?
    private var looksSinceFailure = 0

    init(loaded stamps: [TLSFileStamp?]) {
        seen = stamps
    }

    mutating func look(at stamps: [TLSFileStamp?]) -> Action {
        guard stamps == seen else { return .load }
        guard let failure else { return .nothing }
        if told != failure { return .report(failure) }
        looksSinceFailure += 1
        return looksSinceFailure % Self.retryLooks == 0 ? .load : .nothing
    }

    mutating func loaded(_ stamps: [TLSFileStamp?]) {
        self = TLSFileWatch(loaded: stamps)
    }

    mutating func failed(_ stamps: [TLSFileStamp?], _ error: TLSError) {
        // Other files may fail for the same reason, which is news again.
        if stamps != seen { told = nil }
        seen = stamps
        failure = error
    }

    mutating func reported() {
        told = failure
    }
}
