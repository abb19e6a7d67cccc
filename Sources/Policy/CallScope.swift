public import PolicyModel
import Wire

/// What the policy layer found out about the call that the current task works for.
public final class CallScope: Sendable {
    /// A scope that is bound without a call on a server.
    @TaskLocal static var bound: CallScope?

    /// The scope of the current call; nil outside of one, and in calls without a policy.
    public static var current: CallScope? { bound ?? ServerContext.current?.finding as? CallScope }

    /// Who makes the call.
    public let caller: Caller
    /// What the contract says of the call.
    public let policy: CallPolicy
    /// What the audit log is to be told; nil for calls that leave no entry.
    public let audit: AuditIntent?
    /// The principal's token as it came, for a role that forwards the call where it may.
    public let principalToken: [UInt8]?

    init(caller: Caller, policy: CallPolicy, audit: AuditIntent?, principalToken: [UInt8]?) {
        (self.caller, self.policy, self.audit, self.principalToken) = (caller, policy, audit, principalToken)
    }
}
