public import SwiftProtobuf
import WireProtos

/// How a call failed: what a handler throws and what a client catches.
public struct RPCError: Error, Sendable, CustomStringConvertible {
    /// Which side made the error.
    public enum Origin: Sendable, Hashable {
        /// This process: the call may never have left it.
        case local
        /// The peer, in its reply.
        case peer
    }

    public var code: StatusCode {
        get { storage.content.code }
        set { change { $0.code = newValue } }
    }
    /// For people; goes to the peer as it is, so it holds no secret.
    public var message: String {
        get { storage.content.message }
        set { change { $0.message = newValue } }
    }
    /// google.rpc details, for example `Google_Rpc_BadRequest`; travel as `grpc-status-details-bin`.
    public var details: [Google_Protobuf_Any] {
        get { storage.content.details }
        set { change { $0.details = newValue } }
    }
    /// Trailing metadata beside the status.
    public var metadata: Metadata {
        get { storage.content.metadata }
        set { change { $0.metadata = newValue } }
    }
    public var origin: Origin {
        get { storage.content.origin }
        set { change { $0.origin = newValue } }
    }
    /// What led to it in this process; never sent.
    public var cause: (any Error)? {
        get { storage.content.cause }
        set { change { $0.cause = newValue } }
    }
    /// The server certainly did not process the call.
    var isUnprocessed: Bool {
        get { storage.content.isUnprocessed }
        set { change { $0.isUnprocessed = newValue } }
    }

    private struct Content: Sendable {
        var code: StatusCode
        var message: String
        var details: [Google_Protobuf_Any]
        var metadata: Metadata
        var origin: Origin
        var cause: (any Error)?
        var isUnprocessed = false
    }

    /// Behind a reference, so that "no error", which every call carries about, is one word.
    private final class Storage: Sendable {
        let content: Content

        init(_ content: Content) { self.content = content }
    }

    private var storage: Storage

    private mutating func change(_ body: (inout Content) -> Void) {
        var content = storage.content
        body(&content)
        storage = Storage(content)
    }

    public init(
        code: StatusCode,
        message: String = "",
        details: [Google_Protobuf_Any] = [],
        metadata: Metadata = Metadata(),
        origin: Origin = .local,
        cause: (any Error)? = nil
    ) {
        storage = Storage(
            Content(
                code: code, message: message, details: details, metadata: metadata, origin: origin, cause: cause))
    }

    /// An error with google.rpc details, each packed into an `Any`.
    ///
    /// - Throws: SwiftProtobuf's error if a detail cannot be encoded.
    public init(code: StatusCode, message: String, packing details: [any Message]) throws {
        self.init(code: code, message: message, details: try details.map { try Google_Protobuf_Any(message: $0) })
    }

    public var description: String {
        var text = message.isEmpty ? "\(code)" : "\(code): \(message)"
        // A cause that the message was made of would only repeat it.
        if let cause, !message.contains("\(cause)") { text += " (cause: \(cause))" }
        return text
    }

    /// The first detail that is an `M`.
    public func detail<M: Message>(_ type: M.Type) -> M? {
        for detail in details where detail.isA(type) {
            if let message = try? M(unpackingAny: detail) { return message }
        }
        return nil
    }

    /// What a peer is told about `error`: an `RPCError` as it is, cancellation as CANCELLED, anything else as UNKNOWN
    /// with no word about its content, which may be a secret.
    public static func wrapping(_ error: any Error) -> RPCError {
        if let error = error as? RPCError { return error }
        if let convertible = error as? any RPCErrorConvertible { return convertible.rpcError }
        if error is CancellationError { return RPCError(code: .cancelled, message: "the call was cancelled") }
        return RPCError(code: .unknown, message: "the handler failed", cause: error)
    }

    /// The error's google.rpc.Status, or nil if the code and message say it all.
    package var encodedDetails: [UInt8]? {
        guard !details.isEmpty else { return nil }
        var status = Google_Rpc_Status()
        status.code = Int32(clamping: code.rawValue)
        status.message = message
        status.details = details
        return try? status.serializedBytes()
    }
}

/// A domain error that says itself what a peer is told.
public protocol RPCErrorConvertible: Error {
    var rpcError: RPCError { get }
}
