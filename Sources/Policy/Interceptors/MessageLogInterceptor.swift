import Logging
import PolicyModel
import SwiftProtobuf
import Wire

/// Logs requests and responses at the level `debug`, with personal and secret fields masked.
struct MessageLogInterceptor: ServerInterceptor {
    let logger: Logger

    /// The level is read once: a server whose log is not that fine pays nothing.
    func applies(to method: MethodDescriptor?) -> Bool { method?.policy != nil && logger.logLevel <= .debug }

    func intercept(_ context: ServerContext, next: ServerInterceptorNext) async throws {
        let (logger, path) = (logger, context.method.path)
        let (earlierRequest, earlierResponse) = (context.onRequest, context.onResponse)
        context.onRequest = { message in
            logger.debug("request", metadata: ["method": "\(path)", "message": "\(MaskedText.of(message))"])
            try earlierRequest?(message)
        }
        context.onResponse = { message in
            try earlierResponse?(message)
            logger.debug("response", metadata: ["method": "\(path)", "message": "\(MaskedText.of(message))"])
        }
        try await next(context)
    }
}
