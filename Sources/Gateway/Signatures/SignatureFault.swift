/// Why a signature is refused, before anybody has been told so.
enum SignatureFault: Error, Hashable {
    /// A parameter or field is not what it has to be.
    case malformed(parameter: String, String)
    /// Something is not covered that has to be.
    case incomplete(component: String)
    /// Made too long ago, in the future, over, or from before this gateway.
    case stale(String)
    /// It does not fit the request and the key.
    case invalid
    /// More than one signature is by a key of this suite.
    case ambiguous
    /// Its nonce was used before.
    case replayed
}
