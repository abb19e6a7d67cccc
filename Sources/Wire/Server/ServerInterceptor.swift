/// A step that calls pass through on their way to the handler, for unary calls and streams alike.
public protocol ServerInterceptor: Sendable {
    /// Whether the interceptor has anything to do for `method`. Asked once a method when the server starts; one that
    /// does not apply costs its calls nothing. `nil` stands for methods that are not registered.
    func applies(to method: MethodDescriptor?) -> Bool

    /// What calls of `method` pass through in this one's place: itself, or one that knows already what is the same for all
    /// of them. Asked once a method that it applies to, when the server starts.
    func prepared(for method: MethodDescriptor?) -> any ServerInterceptor

    /// Does its part and calls `next`, or throws (an `RPCError`, as a rule) to refuse the call.
    ///
    /// The request has not been decoded yet; `context.onRequest` sees each message when it is.
    func intercept(_ context: ServerContext, next: ServerInterceptorNext) async throws
}

extension ServerInterceptor {
    public func applies(to method: MethodDescriptor?) -> Bool { true }
    public func prepared(for method: MethodDescriptor?) -> any ServerInterceptor { self }
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
    @inline(never)
    private func proceedOnLoop(_ context: ServerContext) async throws { try await proceed(context) }

    // Inlined, as each asynchronous function on the way costs every call a frame.
    @inline(__always)
    private func proceed(_ context: ServerContext) async throws {
        if index < method.interceptors.count {
            let interceptor = method.interceptors[index]
            try await interceptor.intercept(context, next: ServerInterceptorNext(method: method, index: index + 1))
        } else {
            try await method.invoke(context)
        }
    }
}
