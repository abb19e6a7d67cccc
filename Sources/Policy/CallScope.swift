public import PolicyModel

/// What the policy layer found out about the call that the current task works for.
public struct CallScope: Sendable {
    /// The scope of the current call; nil outside of one, and in calls without a policy.
    @TaskLocal public static var current: CallScope?

    /// Who makes the call.
    public let caller: Caller
    /// What the contract says of the call.
    public let policy: CallPolicy
    /// What the audit log is to be told; nil for calls that leave no entry.
    public let audit: AuditIntent?
    /// The principal's token as it came, for a role that forwards the call where it may.
    public let principalToken: [UInt8]?
}
