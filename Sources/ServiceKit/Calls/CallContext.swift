import Policy
import Wire

/// What a call is known by, for whatever works for it.
public struct CallContext: Sendable {
    /// Metadata in which the gateway sends the id of a caller's request, under which all that was done for it is found.
    public static let requestIDHeader = CallerMetadata.requestIDName
    /// Bytes of an id that is believed; a longer one is cut.
    public static let maximumRequestID = CallerMetadata.maximumRequestID

    /// The context of the current call; nil outside of one.
    public static var current: CallContext? {
        guard let context = ServerContext.current else { return nil }
        return CallContext(context)
    }

    /// The id of the caller's request; nil for calls that came without one.
    public let requestID: String?
    /// `/package.Service/Method`.
    public let method: String

    init(_ context: ServerContext) {
        requestID = context.metadata(Self.requestIDHeader).map { String($0.prefix(Self.maximumRequestID)) }
        method = context.method.path
    }
}
