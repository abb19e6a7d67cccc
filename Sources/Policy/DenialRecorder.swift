public import Logging
public import PolicyModel
public import Wire

/// A call that was refused before its handler ran, although its success would have left an audit entry.
public struct Denial: Sendable {
    /// What the audit log calls the call.
    public let action: String
    /// `/package.Service/Method`.
    public let method: String
    /// The role that the peer showed; nil if none.
    public let role: Role?
    /// The principal that the call carried, if its signature was right.
    public let principal: VerifiedPrincipal?
    /// What the caller is told.
    public let error: RPCError
}

/// Keeps denials: for a service its audit outbox, in a transaction of its own.
public protocol DenialRecorder: Sendable {
    /// Keeps one; called on the call's task, before the caller is answered.
    func record(_ denial: Denial) async
}

/// Writes denials to the log, for services that have no outbox.
public struct LoggedDenials: DenialRecorder {
    private let logger: Logger

    /// Names the log.
    public init(logger: Logger = Logger(label: "datavault.policy")) { self.logger = logger }

    public func record(_ denial: Denial) async {
        logger.notice(
            "call refused",
            metadata: [
                "action": "\(denial.action)", "method": "\(denial.method)",
                "role": "\(denial.role?.rawValue ?? "none")",
                "organization": "\(denial.principal?.organization ?? "none")", "code": "\(denial.error.code)",
            ])
    }
}
