public import Logging
public import Wire

/// Writes a line for calls that have ended: which, how and after how long. Nothing of a message.
public struct CallLogInterceptor: ServerInterceptor {
    private let calls: LogSettings.Calls
    private let logger: Logger
    private static let faults: Set<StatusCode> = [.internal, .unknown, .dataLoss]

    /// Says which calls leave a line.
    public init(_ calls: LogSettings.Calls, logger: Logger = Logger(label: "datavault.calls")) {
        (self.calls, self.logger) = (calls, logger)
    }

    public func applies(to method: MethodDescriptor?) -> Bool { calls != .none }

    public func intercept(_ context: ServerContext, next: ServerInterceptorNext) async throws {
        let start = ContinuousClock.now
        do {
            try await next(context)
            if calls == .all { log(.info, .ok, start, nil) }
        } catch {
            let failure = RPCError.wrapping(error)
            let isFault = Self.faults.contains(failure.code)
            if isFault || calls == .all { log(isFault ? .error : .info, failure.code, start, failure) }
            throw error
        }
    }

    private func log(_ level: Logger.Level, _ code: StatusCode, _ start: ContinuousClock.Instant, _ error: RPCError?) {
        var metadata: Logger.Metadata = [
            "code": "\(code)", "milliseconds": "\((ContinuousClock.now - start).nanoseconds / 1_000_000)",
        ]
        if let error { metadata["reason"] = "\(error.message)" }
        if let cause = error?.cause { metadata["cause"] = "\(cause)" }
        logger.log(level: level, "call ended", metadata: metadata)
    }
}
