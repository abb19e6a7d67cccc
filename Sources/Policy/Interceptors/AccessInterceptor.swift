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
        var token: [UInt8]?
        var principal: Result<PrincipalVerifier.Verdict, PrincipalVerifier.Refusal>?
        let caller: Caller
        do throws(RPCError) {
            guard let role else { throw PolicyErrors.unknownRole }
            // First, as a signature costs a thousand times what the role does: nobody else has one verified.
            guard policy.roles.contains(role) else { throw PolicyErrors.refused(.roleRefused(role)) }
            (token, principal) = presented(by: context)
            caller = try decide(
                AccessDecision.Question(
                    policy: policy, method: method.path, ownRole: configuration.role, peerRole: role,
                    peerFingerprint: peer.certificateFingerprint, principal: principal,
                    onBehalf: role == .gateway ? nil : Self.onBehalf(context)))
        } catch {
            if let audit = policy.audit {
                let verified = try? principal?.get().principal
                await configuration.denials.record(
                    Denial(action: audit.action, method: method.path, role: role, principal: verified, error: error))
            }
            throw error
        }
        let scope = CallScope(
            caller: caller, policy: policy,
            audit: policy.audit.map { AuditIntent(action: $0.action, actor: caller) }, principalToken: token)
        try await CallScope.$current.withValue(scope) { try await next(context) }
    }

    private func role(of peer: PeerInfo) -> Role? {
        // A certificate without the suite's name is not the same as none: its peer says that it is someone else.
        if let role = configuration.roleWithoutCertificate, peer.certificateFingerprint.isEmpty, peer.uriNames.isEmpty {
            return role
        }
        return PeerRole.of(peer.uriNames, trustDomain: configuration.trustDomain)
    }

    /// The principal's token and what came of it. What is no base64 is a wrong one, and so are two: whoever reads another
    /// one of them than the next would believe another caller.
    private func presented(
        by context: ServerContext
    ) -> ([UInt8]?, Result<PrincipalVerifier.Verdict, PrincipalVerifier.Refusal>?) {
        let tokens = context.metadata(bytes: "datavault-principal-bin")
        guard let first = tokens.first else { return (nil, nil) }
        guard tokens.count == 1, let token = first else { return (nil, .failure(.invalid)) }
        do {
            return (token, .success(try configuration.verifier.verify(token, now: configuration.now())))
        } catch {
            return (token, .failure(error))
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
