/// A step that calls pass through on their way to the handler, for unary calls and streams alike.
public protocol ServerInterceptor: Sendable {
    /// Whether the interceptor has anything to do for `method`. Asked once a method when the server starts; one that
    /// does not apply costs its calls nothing. `nil` stands for methods that are not registered.
    func applies(to method: MethodDescriptor?) -> Bool

    /// Does its part and calls `next`, or throws (an `RPCError`, as a rule) to refuse the call.
    ///
    /// The request has not been decoded yet; `context.onRequest` sees each message when it is.
    func intercept(_ context: ServerContext, next: ServerInterceptorNext) async throws
}

extension ServerInterceptor {
    public func applies(to method: MethodDescriptor?) -> Bool { true }
}

/// The rest of a chain of interceptors, with the handler at its end.
public struct ServerInterceptorNext: Sendable {
    let method: RegisteredMethod
    let index: Int

    /// Goes on with the next interceptor, or the handler.
    public func callAsFunction(_ context: ServerContext) async throws {
        if context.context.inLoop {
            try await proceed(context)
        } else {
            // An interceptor that is an actor calls from its own executor; handlers run on their call's loop.
            try await proceedOnLoop(context)
        }
    }

    @concurrent
    private func proceedOnLoop(_ context: ServerContext) async throws { try await proceed(context) }

    private func proceed(_ context: ServerContext) async throws {
        if index < method.interceptors.count {
            let interceptor = method.interceptors[index]
            try await interceptor.intercept(context, next: ServerInterceptorNext(method: method, index: index + 1))
        } else {
            try await method.invoke(context)
        }
    }
}
