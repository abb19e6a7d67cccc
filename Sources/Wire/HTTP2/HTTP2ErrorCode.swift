/// An error code of RFC 9113, section 7.
public struct HTTP2ErrorCode: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public var rawValue: UInt32

    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let noError = Self(rawValue: 0)
    public static let protocolError = Self(rawValue: 1)
    public static let internalError = Self(rawValue: 2)
    public static let flowControlError = Self(rawValue: 3)
    public static let settingsTimeout = Self(rawValue: 4)
    public static let streamClosed = Self(rawValue: 5)
    public static let frameSizeError = Self(rawValue: 6)
    public static let refusedStream = Self(rawValue: 7)
    public static let cancel = Self(rawValue: 8)
    public static let compressionError = Self(rawValue: 9)
    public static let connectError = Self(rawValue: 10)
    public static let enhanceYourCalm = Self(rawValue: 11)
    public static let inadequateSecurity = Self(rawValue: 12)
    public static let http11Required = Self(rawValue: 13)

    public var description: String {
        let names = [
            "NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED",
            "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM",
            "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
        ]
        return rawValue < 14 ? names[Int(rawValue)] : "code \(rawValue)"
    }
}

/// Why a stream or a connection ended.
public struct HTTP2Error: Error, Sendable, CustomStringConvertible {
    /// Who made it and what it hit.
    public enum Kind: Sendable {
        /// The peer reset the stream.
        case resetByPeer
        /// This side reset the stream.
        case resetLocally
        /// The connection ended with the stream open.
        case connectionLost
        /// The peer certainly did not look at the request: it may be sent again.
        case unprocessed
        /// The stream has ended, and nothing can be written to it.
        case streamEnded
    }

    public var kind: Kind
    public var code: HTTP2ErrorCode
    public var message: String
    /// What ended the transport, where programs may want to look at it: a `TLSError`, say.
    public var cause: (any Error)?

    public var description: String { "\(message) (\(code))" }
}
