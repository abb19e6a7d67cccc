/// What one transcoding may take at most. Each bound holds for JSON and for protobuf bytes.
public struct TranscodingLimits: Sendable, Hashable {
    /// Messages within messages; lists and objects within google.protobuf.Value count too. protobuf's own default.
    public var maxDepth = 100
    /// Bytes of an input: a body, or one protobuf message. gRPC's default for a message.
    public var maxBytes = 4 * 1024 * 1024
    /// Elements of lists and entries of maps, of a whole input together.
    public var maxElements = 1_000_000
    /// Bytes that the message takes while it is in memory: small inputs can ask for many large messages.
    public var maxMemory = 64 * 1024 * 1024
    /// Bytes of an output: JSON that writes unset fields out is much larger than its message.
    public var maxOutputBytes = 64 * 1024 * 1024
    /// Parameters that are set in one message.
    public var maxParameters = 1_000

    public init() {}
}
