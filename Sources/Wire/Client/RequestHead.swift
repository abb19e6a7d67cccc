/// What the headers of all requests of a channel hold: in memory that their blocks refer to.
final class ChannelHead: Sendable {
    let authority: StableText
    let userAgent: StableText
    let isEncrypted: Bool

    init(authority: String, userAgent: String, isEncrypted: Bool) {
        self.authority = StableText(authority)
        self.userAgent = StableText(userAgent)
        self.isEncrypted = isEncrypted
    }
}

/// What a request's headers hold beside the method.
struct RequestHead: Sendable {
    var channel: ChannelHead
    var metadata = Metadata()
    var prepared: PreparedMetadata?
    /// Attempts before this one that the server may have seen.
    var previousAttempts = 0
}
