/// Metadata that many calls send: checked and encoded once, in memory that their header blocks refer to.
public final class PreparedMetadata: Sendable {
    private let fields: [(name: StableText, value: StableText)]

    /// Prepares metadata.
    ///
    /// - Throws: INVALID_ARGUMENT if a field may not be sent.
    public init(_ metadata: Metadata) throws(RPCError) {
        if let problem = metadata.firstInvalid {
            throw RPCError(code: .invalidArgument, message: "request metadata: \(problem)")
        }
        fields = metadata.map { name, value in
            let text =
                switch value {
                case .text(let text): text
                case .bytes(let bytes): Base64.encode(bytes)
                }
            return (StableText(name), StableText(text))
        }
    }

    /// Appends the fields to a block, whose owner holds this object until it has been sent.
    func write(to builder: HeaderBlockBuilder) {
        for (name, value) in fields { builder.add(name, value) }
    }
}
