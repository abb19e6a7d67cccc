import PolicyModel
import SwiftProtobuf
import Wire

/// Tells a call's audit intent what it is about, and lets no call succeed whose intent was not fulfilled. What a handler
/// denies is recorded as the layer's own denials are.
struct AuditInterceptor: ServerInterceptor {
    let denials: any DenialRecorder

    func applies(to method: MethodDescriptor?) -> Bool { method?.policy?.audit != nil }

    func intercept(_ context: ServerContext, next: ServerInterceptorNext) async throws {
        guard let intent = CallScope.current?.audit, let rule = context.method.policy?.audit else {
            throw PolicyErrors.missingPolicy(context.method.path)
        }
        observeRequests(context, intent, rule)
        let answersOnce = context.method.kind == .unary || context.method.kind == .clientStreaming
        let earlier = context.onResponse
        context.onResponse = { message in
            try earlier?(message)
            if rule.source == .response, let resource = rule.resource(in: message) { intent.concerns(resource) }
            // The last moment at which the caller has not been told of success.
            if answersOnce { try Self.check(intent) }
        }
        do { try await next(context) } catch {
            await record(RPCError.wrapping(error), of: context, intent)
            throw error
        }
        try Self.check(intent)
    }

    /// Somebody whom nobody knows belongs to no organization whose log could tell: who knows better, as the handler of
    /// log-ins does, records it itself. So does a handler whose denial comes with a change.
    private func record(_ error: RPCError, of context: ServerContext, _ intent: AuditIntent) async {
        guard intent.outcome == .open, Denial.codes.contains(error.code), intent.actor.organization != nil else {
            return
        }
        await denials.record(
            Denial(
                action: intent.action, method: context.method.path, caller: intent.actor, resource: intent.resource,
                error: error))
    }

    private func observeRequests(_ context: ServerContext, _ intent: AuditIntent, _ rule: AuditRule) {
        guard rule.source == .request else { return }
        let earlier = context.onRequest
        context.onRequest = { message in
            try earlier?(message)
            if let resource = rule.resource(in: message) { intent.concerns(resource) }
        }
    }

    private static func check(_ intent: AuditIntent) throws {
        guard intent.outcome == .open else { return }
        throw PolicyErrors.auditMissing(intent.action)
    }
}
