import Crypto

extension ContentDigest {
    /// The digest of no bytes at all: what a signed request without `Content-Digest` is held to.
    static let ofNothing = ContentDigest(algorithm: .sha256, value: Array(SHA256.hash(data: [])))

    /// Reads `Content-Digest` (RFC 9530, section 2) and picks the strongest hash.
    ///
    /// - Parameter field: The field, its lines joined.
    static func read(_ field: String) throws(SignatureFault) -> ContentDigest {
        if let digest = try strongest(of: field) { return digest }
        throw .malformed(parameter: "content-digest", "the field has neither sha-256 nor sha-512")
    }

    /// As `read`; nil if all of the field's algorithms are others.
    static func strongest(of field: String) throws(SignatureFault) -> ContentDigest? {
        let members: StructuredField.Dictionary
        do throws(StructuredFieldFault) { members = try StructuredFieldParser.dictionary(field) } catch {
            throw .malformed(
                parameter: "content-digest",
                "the field breaks RFC 8941 at byte \(error.offset): expected \(error.expected)")
        }
        for (algorithm, size) in [(Algorithm.sha512, 64), (.sha256, 32)] {
            guard let member = members.first(where: { $0.name == algorithm.rawValue })?.member else { continue }
            guard case .item(let item) = member, case .bytes(let value) = item.value, value.count == size else {
                throw .malformed(
                    parameter: "content-digest", "\(algorithm.rawValue) is no byte sequence of \(size) bytes")
            }
            return ContentDigest(algorithm: algorithm, value: value)
        }
        return nil
    }
}
