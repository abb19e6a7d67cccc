public import NIOCore

/// Gives the context that a new connection should use, and so puts TLS in front of Wire's servers and channels.
public protocol TLSContextSource: TLSContextProvider {
    /// The context as of now. A connection keeps the one that it started with.
    var current: TLSContext { get }
}

extension TLSContextSource {
    /// Adds a ``TLSHandler``. The next handler learns the peer from ``TLSHandshakeCompleted``.
    public func addServerHandlers(to channel: any Channel, before handler: any ChannelHandler) throws {
        try channel.pipeline.syncOperations.addHandler(TLSHandler(server: current))
    }

    /// Adds a ``TLSHandler``. `serverName` is sent as SNI; it is what is checked, unless URIs are expected.
    public func addClientHandlers(
        to channel: any Channel,
        serverName: String,
        before handler: any ChannelHandler
    ) throws {
        try channel.pipeline.syncOperations.addHandler(TLSHandler(client: current, serverName: serverName))
    }
}
