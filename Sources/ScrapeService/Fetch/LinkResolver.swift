/// References in answers of servers.
enum LinkResolver {
    /// The absolute URL of a reference, without fragment; nil if it is none of http or https.
    static func resolve(_ reference: String, base: String) -> String? {
        guard let base = WebAddress(base), let address = WebAddress(reference.trimmed, base: base), address.isHTTP
        else {
            return nil
        }
        return address.withoutFragment
    }

    /// A URL that a user has written; nil if it is none of http or https.
    static func absolute(_ text: String) -> String? {
        guard let address = WebAddress(text), address.isHTTP else { return nil }
        return address.withoutFragment
    }
}
