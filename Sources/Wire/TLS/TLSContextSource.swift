/// Where listeners and channels take a TLS context from, anew for each connection.
public protocol TLSContextSource: Sendable {
    /// The context as of now. A connection keeps the one that it started with.
    var current: TLSContext { get }
}
