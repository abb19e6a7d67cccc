/// What is known of a nonce.
enum NonceVerdict: Hashable, Sendable {
    /// It was not used before, and now is.
    case fresh
    /// It was used before.
    case used
    /// The signature was made before anything was remembered: it may have been used.
    case tooOld
    /// It cannot be told.
    case unavailable(String)
}

/// Remembers nonces, so that a signature counts once.
protocol NonceStore: Sendable {
    /// Uses a nonce up.
    ///
    /// - Parameters:
    ///   - created: When the signature was made, in milliseconds since 1970.
    ///   - expires: When it ends, in milliseconds since 1970: until then the nonce is remembered.
    func use(_ nonce: Nonce, created: Int64, expires: Int64) async -> NonceVerdict
}
