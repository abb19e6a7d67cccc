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
        let role = PeerRole.of(peer.uriNames, trustDomain: configuration.trustDomain)
        let metadata = context.metadata
        let token = metadata[bytes: PrincipalToken.metadataName]
        let principal = token.map(verify)
        let caller: Caller
        do throws(RPCError) {
            guard let role else { throw PolicyErrors.unknownRole }
            caller = try decide(
                AccessDecision.Question(
                    policy: policy, method: method.path, ownRole: configuration.role, peerRole: role,
                    peerFingerprint: peer.certificateFingerprint, principal: principal,
                    onBehalf: role == .gateway ? nil : Self.onBehalf(metadata)))
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

    private func verify(_ token: [UInt8]) -> Result<PrincipalVerifier.Verdict, PrincipalVerifier.Refusal> {
        do {
            return .success(try configuration.verifier.verify(token, now: configuration.now()))
        } catch {
            return .failure(error)
        }
    }

    private func decide(_ question: AccessDecision.Question) throws(RPCError) -> Caller {
        do {
            return try AccessDecision.decide(question)
        } catch {
            throw PolicyErrors.refused(error)
        }
    }

    private static func onBehalf(_ metadata: Metadata) -> Caller.OnBehalf? {
        guard let bytes = metadata[bytes: CallerMetadata.onBehalfName],
            let message = try? Datavault_Policy_V1_OnBehalf(serializedBytes: bytes), !message.organization.isEmpty
        else { return nil }
        return Caller.OnBehalf(organization: message.organization, initiator: message.initiator)
    }
}
