public import Logging
import Policy
public import ServiceContextModule

/// What every line says of the call that it is written for, beside what the program says itself.
public enum LogContext {
    /// Adds names of the current trace to a line; the tracing backend sets it.
    public typealias TraceNames = @Sendable (ServiceContext) -> Logger.Metadata

    /// A provider for `LoggingSystem.bootstrap`: request id, method, organization, and the trace's names.
    public static func provider(trace: TraceNames? = nil) -> Logger.MetadataProvider {
        Logger.MetadataProvider {
            var metadata: Logger.Metadata = [:]
            if let call = CallContext.current {
                if let id = call.requestID { metadata["request_id"] = "\(id)" }
                metadata["method"] = "\(call.method)"
            }
            if let organization = CallScope.current?.caller.organization {
                metadata["organization"] = "\(organization)"
            }
            if let trace, let context = ServiceContext.current {
                metadata.merge(trace(context)) { first, _ in first }
            }
            return metadata
        }
    }
}
