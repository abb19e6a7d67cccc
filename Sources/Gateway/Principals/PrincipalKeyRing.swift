import Crypto
import Policy
import Synchronization

/// The keys that this gateway signs principals with: the one in use, once Identity has listed it.
final class PrincipalKeyRing: Sendable {
    /// A key that is listed.
    struct Entry: Sendable {
        let id: String
        let signer: PrincipalSigner
        /// When the listing ends, in milliseconds since 1970.
        let listedUntil: Int64
    }

    private let entry = Mutex<Entry?>(nil)

    /// The key to sign with; nil before the first is listed.
    var current: Entry? { entry.withLock { $0 } }

    func use(_ new: Entry) { entry.withLock { $0 = new } }
}
