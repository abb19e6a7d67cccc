public import NIOCore

/// Puts TLS in front of a connection. Implemented in `TLS/`.
public protocol TLSContextProvider: Sendable {
    /// Adds a server's handlers that decrypt; `handler` comes after them in the pipeline and is told who the peer is.
    func addServerHandlers(to channel: any Channel, before handler: any ChannelHandler) throws

    /// Adds a client's handlers; the server's certificate must be for `serverName`, or for whom the configuration
    /// expects.
    func addClientHandlers(to channel: any Channel, serverName: String, before handler: any ChannelHandler) throws
}
