import ComplianceContract
import Policy
import Wire

/// What the current call may see of which log.
struct LogAccess: Sendable {
    private static let suitePermission = "tenants.audit"
    private static let personalPermission = "audit.personal"

    let log: LogName
    /// Whether what tells of persons is shown.
    let seesPersonal: Bool

    /// Of the current call.
    ///
    /// - Throws: `ComplianceError.permissionMissing` for the suite's log without `tenants.audit`.
    static func current(_ scope: Datavault_Compliance_V1_AuditLogScope) throws -> LogAccess {
        guard let caller = CallScope.current?.caller, let organization = caller.organization, !organization.isEmpty
        else { throw RPCError(code: .internal, message: "the call is bound to no organization") }
        let permissions = caller.principal?.permissions ?? []
        switch scope {
        case .unspecified, .organization:
            return LogAccess(
                log: LogName(organization: organization), seesPersonal: permissions.contains(personalPermission))
        case .suite:
            guard permissions.contains(suitePermission) else {
                throw ComplianceError.permissionMissing(suitePermission)
            }
            return LogAccess(log: .suite, seesPersonal: permissions.contains(personalPermission))
        case .UNRECOGNIZED:
            throw ComplianceError.fieldInvalid(field: "scope", problem: "must be a scope that there is")
        }
    }

    /// - Throws: `ComplianceError.permissionMissing` where the caller may not see what tells of persons.
    func requirePersonal() throws(ComplianceError) {
        guard seesPersonal else { throw .permissionMissing(Self.personalPermission) }
    }
}
