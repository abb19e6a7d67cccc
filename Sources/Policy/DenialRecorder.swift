public import Logging
public import PolicyModel
public import Wire

/// A call that was refused, although its success would have left an audit entry.
public struct Denial: Sendable {
    /// What the audit log calls the call.
    public let action: String
    /// `/package.Service/Method`.
    public let method: String
    /// Who called; nil if the peer showed no role.
    public let caller: Caller?
    /// What the call was about; nil where that is not known.
    public let resource: String?
    /// What the caller is told.
    public let error: RPCError

    /// The role that the peer showed; nil if none.
    public var role: Role? { caller?.role }
    /// The principal that the call carried, if its signature was right.
    public var principal: VerifiedPrincipal? { caller?.principal }

    /// Codes by which a handler says that the caller, or the state of things, does not allow the call. Others tell of
    /// requests that are wrong, of resources that are not there, of races and of failures: nothing was denied.
    static let codes: Set<StatusCode> = [.permissionDenied, .unauthenticated, .failedPrecondition]
}

/// Keeps denials: for a service its audit outbox, in a transaction of its own.
public protocol DenialRecorder: Sendable {
    /// Keeps one; called on the call's task, before the caller is answered. A caller that has gone by then does not keep
    /// its denial from being kept.
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
                "organization": "\(denial.caller?.organization ?? "none")", "code": "\(denial.error.code)",
            ])
    }
}
