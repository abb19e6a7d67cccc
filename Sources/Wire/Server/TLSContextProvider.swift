public import NIOCore

/// Puts TLS in front of a connection. Implemented in `TLS/`.
public protocol TLSContextProvider: Sendable {
    /// Adds handlers that decrypt; `handler` comes after them in the pipeline and is told who the peer is.
    func addServerHandlers(to channel: any Channel, before handler: any ChannelHandler) throws
}
