import PolicyModel

/// Decides who may make a call. A value: it reads nothing and changes nothing.
struct AccessDecision {
    /// What is known of a call.
    struct Question {
        let policy: CallPolicy
        /// `/package.Service/Method`.
        let method: String
        /// The role that the server has.
        let ownRole: Role
        let peerRole: Role
        /// SHA-256 of the peer's certificate, in lower-case hexadecimal; empty without one.
        let peerFingerprint: String
        /// What came of the principal that the call carried; nil if it carried none.
        let principal: Result<PrincipalVerifier.Verdict, PrincipalVerifier.Refusal>?
        let onBehalf: Caller.OnBehalf?
    }

    /// Why a call is refused.
    enum Refusal: Error, Hashable {
        case roleRefused(Role)
        case principalMissing
        case principalInvalid
        case principalExpired
        case principalMisdirected
        case permissionMissing(String)
    }

    static func decide(_ question: Question) throws(Refusal) -> Caller {
        let policy = question.policy
        guard policy.roles.contains(question.peerRole) else { throw .roleRefused(question.peerRole) }
        guard let result = question.principal else { return try withoutPrincipal(question) }
        // A principal that is wrong is an attack or a defect even where none is needed.
        let principal = try verified(result, question)
        switch policy.access {
        case .permission(let name):
            guard principal.permissions.contains(name) else { throw .permissionMissing(name) }
        case .authenticated, .public: break
        case .internal: throw .roleRefused(question.peerRole)
        }
        return .principal(principal, by: question.peerRole)
    }

    private static func withoutPrincipal(_ question: Question) throws(Refusal) -> Caller {
        switch question.policy.access {
        case .public: return .anonymous(by: question.peerRole)
        case .internal: return .role(question.peerRole, onBehalf: question.onBehalf)
        case .permission, .authenticated:
            // The gateway never calls as itself: each of its calls is somebody's.
            guard question.peerRole != .gateway, let onBehalf = question.onBehalf else { throw .principalMissing }
            return .role(question.peerRole, onBehalf: onBehalf)
        }
    }

    private static func verified(
        _ result: Result<PrincipalVerifier.Verdict, PrincipalVerifier.Refusal>,
        _ question: Question
    ) throws(Refusal) -> VerifiedPrincipal {
        switch result {
        case .failure(.invalid): throw .principalInvalid
        case .failure(.expired): throw .principalExpired
        case .success(let verdict):
            let principal = verdict.principal
            if question.peerRole == .gateway {
                if let wanted = verdict.certificateFingerprints, !wanted.contains(question.peerFingerprint) {
                    throw .principalInvalid
                }
                guard principal.audience == question.ownRole, principal.method == question.method else {
                    throw .principalMisdirected
                }
            } else if principal.audience != question.peerRole {
                // A role forwards what was addressed to it, and nothing that it came across otherwise.
                throw .principalMisdirected
            }
            return principal
        }
    }
}
