package import NIOCore
package import Wire

/// How the server is reached.
package struct Connection: Sendable {
    /// As the command's argument named it, for errors.
    package var address: String
    package var target: ChannelTarget
    /// nil: cleartext.
    package var tls: TLSConfiguration?
    /// The name that the server's certificate has to be for, where no role is expected.
    package var serverName: String?
    package var connectTimeout: TimeAmount = .seconds(5)

    package init(address: String, tls: TLSConfiguration?) throws {
        (self.address, self.tls) = (address, tls)
        target = try Arguments.target(address)
    }

    /// Makes a channel, which connects at its first call.
    package func channel(limits: CallToolLimits) throws -> ClientChannel {
        var configuration = ChannelConfiguration()
        configuration.connectTimeout = connectTimeout
        configuration.maxResponseMessageSize = limits.maxMessageSize
        configuration.maxRequestMessageSize = limits.maxMessageSize
        configuration.userAgent = "datavault-call/1.0"
        configuration.metricsPrefix = nil
        configuration.isTraced = false
        var context: TLSContext?
        do {
            context = try tls.map { try TLSContext(configuration: $0, role: .client) }
        } catch let error as TLSError {
            throw CallToolError.usage("\(error)", next: Self.next(error))
        }
        return ClientChannel(target, tls: context, serverName: serverName, configuration: configuration)
    }

    /// An error of a call as one of the connection, where the server was never reached.
    package func explain(_ error: any Error) -> any Error {
        guard let error = error as? RPCError, error.origin == .local, error.code == .unavailable else { return error }
        var next =
            tls == nil
            ? "is a server listening there, and without TLS? With TLS leave out --plaintext"
            : "is a server listening there? `datavault up` starts one; --address says where"
        if let cause = Self.tlsError(error) { next = Self.next(cause) ?? next }
        // Wire names the address that it tried, too.
        let prefix = "\(address): "
        let why = error.message.hasPrefix(prefix) ? String(error.message.dropFirst(prefix.count)) : error.message
        return CallToolError(.connection, "cannot reach \(address): \(why)", next: next, status: error)
    }

    private static func tlsError(_ error: RPCError) -> TLSError? {
        var cause = error.cause
        while let next = cause, !(next is TLSError) {
            cause = (next as? RPCError)?.cause ?? (next as? HTTP2Error)?.cause
        }
        return cause as? TLSError
    }

    private static func next(_ error: TLSError) -> String? {
        switch error.code {
        case .notTLS, .closedDuringHandshake: "if the server speaks no TLS: --plaintext"
        case .unexpectedPeer: "the server is another one; --expect-role or --server-name says whom to expect"
        case .certificateRejected: "--ca FILE names the authority that the server's certificate is from"
        case .peerAlert: "the server refuses the certificate of this side: --keys DIR, or --cert FILE with --key FILE"
        case .certificateExpired, .certificateNotYetValid: "`datavault keys issue` renews it; is the clock right?"
        case .fileMissing, .fileUnreadable: "`datavault keys issue` makes certificates"
        default: nil
        }
    }
}
