public import SwiftProtobuf

/// What the audit log is told of a call: its action, and where the resource stands.
public struct AuditRule: Sendable {
    /// Which message names the resource.
    public enum Source: Sendable, Hashable {
        case none
        case request
        /// The call makes the resource, so the response names it.
        case response
    }

    /// What the log calls the call, as `pipeline.create`.
    public let action: String
    /// Which message names the resource.
    public let source: Source
    private let read: @Sendable (any Message) -> String?

    /// A rule for calls that concern no single resource.
    public init(_ action: String) {
        self.action = action
        source = .none
        read = { _ in nil }
    }

    /// A rule whose resource a field of the request names.
    public init<M: Message, Value: LosslessStringConvertible>(
        _ action: String,
        request path: any KeyPath<M, Value> & Sendable
    ) {
        self.action = action
        source = .request
        read = { message in (message as? M).map { String($0[keyPath: path]) } }
    }

    /// A rule whose resource a field of the response names.
    public init<M: Message, Value: LosslessStringConvertible>(
        _ action: String,
        response path: any KeyPath<M, Value> & Sendable
    ) {
        self.action = action
        source = .response
        read = { message in (message as? M).map { String($0[keyPath: path]) } }
    }

    /// The resource that `message` names; nil if it is not of the type that does.
    public func resource(in message: any Message) -> String? { read(message) }
}
