import FoundationEssentials
import PolicyContract
import PolicyModel
import SwiftProtobuf
import Wire

/// Lets a call through when its peer's role and its principal may make it, and binds the call's scope.
struct AccessInterceptor: ServerInterceptor {
    let configuration: PolicyConfiguration

    func applies(to method: MethodDescriptor?) -> Bool {
        guard let method else { return true }
        return !configuration.openServices.contains(method.service)
    }

    func intercept(_ context: ServerContext, next: ServerInterceptorNext) async throws {
        let method = context.method
        guard let policy = method.policy else { throw PolicyErrors.missingPolicy(method.path) }
        let peer = context.peer
        let role = role(of: peer)
        var principal: Result<PrincipalVerifier.Verdict, PrincipalVerifier.Refusal>?
        let caller: Caller
        do throws(RPCError) {
            guard let role else { throw PolicyErrors.unknownRole }
            // First, as a signature costs a thousand times what the role does: nobody else has one verified.
            guard policy.roles.contains(role) else { throw PolicyErrors.refused(.roleRefused(role)) }
            principal = presented(by: context)
            caller = try decide(
                AccessDecision.Question(
                    policy: policy, method: method.path, ownRole: configuration.role, peerRole: role,
                    peerFingerprint: peer.certificateFingerprint, principal: principal,
                    onBehalf: role == .gateway ? nil : Self.onBehalf(context)))
        } catch {
            if let audit = policy.audit {
                let verified = try? principal?.get().principal
                await configuration.denials.record(
                    Denial(
                        action: audit.action, method: method.path,
                        caller: role.map { role in
                            verified.map { .principal($0, by: role) } ?? .anonymous(by: role)
                        }, resource: nil, error: error))
            }
            throw error
        }
        let scope = CallScope(
            caller: caller, policy: policy,
            audit: policy.audit.map { rule in
                AuditIntent(
                    action: rule.action, actor: caller,
                    requestID: context.metadata(CallerMetadata.requestIDName).map {
                        String($0.prefix(CallerMetadata.maximumRequestID))
                    }, sourceAddress: SourceAddress.of(caller, context))
            },
            principalToken: try? principal?.get().token)
        context.finding = scope
        try await next(context)
    }

    private func role(of peer: PeerInfo) -> Role? {
        // A certificate without the suite's name is not the same as none: its peer says that it is someone else.
        if let role = configuration.roleWithoutCertificate, peer.certificateFingerprint.isEmpty, peer.uriNames.isEmpty {
            return role
        }
        return PeerRole.of(peer.uriNames, trustDomain: configuration.trustDomain)
    }

    /// What came of the principal that the call carries; nil if it carries none. What is no base64 is a wrong one, and so
    /// are two: whoever reads another one of them than the next would believe another caller.
    private func presented(
        by context: ServerContext
    ) -> Result<PrincipalVerifier.Verdict, PrincipalVerifier.Refusal>? {
        unsafe context.withMetadata("datavault-principal-bin") { count, first in
            guard count <= 1 else { return .failure(.invalid) }
            guard count == 1 else { return nil }
            return unsafe configuration.verifier.verify(presented: first, now: configuration.now()) {
                // Values joined by a comma are several.
                let tokens = context.metadata(bytes: "datavault-principal-bin")
                return tokens.count == 1 ? tokens[0] : nil
            }
        }
    }

    private func decide(_ question: AccessDecision.Question) throws(RPCError) -> Caller {
        do {
            return try AccessDecision.decide(question)
        } catch {
            throw PolicyErrors.refused(error)
        }
    }

    private static func onBehalf(_ context: ServerContext) -> Caller.OnBehalf? {
        let values = context.metadata(bytes: "datavault-on-behalf-bin")
        guard values.count == 1, let bytes = values[0],
            let message = try? Datavault_Policy_V1_OnBehalf(serializedBytes: bytes), !message.organization.isEmpty
        else { return nil }
        return Caller.OnBehalf(organization: message.organization, initiator: message.initiator)
    }
}
