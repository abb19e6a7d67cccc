import PolicyModel
import SwiftProtobuf
import Wire

/// Refuses requests whose fields break their rules, before the handler sees them.
struct BoundsInterceptor: ServerInterceptor {
    func applies(to method: MethodDescriptor?) -> Bool { method?.policy?.hasRequestRules == true }

    func intercept(_ context: ServerContext, next: ServerInterceptorNext) async throws {
        let policy = context.method.policy
        let earlier = context.onRequest
        context.onRequest = { message in
            try earlier?(message)
            guard let violations = policy?.violations(in: message), !violations.isEmpty else { return }
            throw PolicyErrors.invalid(violations)
        }
        try await next(context)
    }
}
