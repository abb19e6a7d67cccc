import FoundationEssentials

/// A signature as a request brings it (RFC 9421, section 4): parsed, and not yet believed.
struct PresentedSignature: Sendable {
    /// The only algorithm that keys of this suite sign with (RFC 9421, section 3.3.3).
    static let algorithm = "hmac-sha256"
    /// Characters of a nonce.
    static let nonceLengths = 8...128

    /// The name under which both fields hold it.
    let label: String
    /// What it covers, in its order: names of fields in lower case, and derived components as `@method`.
    let components: [String]
    /// When it was made, in seconds since 1970.
    let created: Int64
    /// When it ends, in seconds since 1970.
    let expires: Int64
    /// What makes it count once.
    let nonce: String
    /// The API key's identifier.
    let keyID: String
    /// The value of `@signature-params`: the canonical form of all that the client said of the signature.
    let parameters: String
    /// The signature itself.
    let bytes: [UInt8]

    /// Reads the two fields and picks the signature that counts: the only one, or of several the one by a key whose
    /// identifier has the form of ours, as proxies on the way may add signatures of their own.
    ///
    /// - Parameters:
    ///   - input: `Signature-Input`, its lines joined.
    ///   - signatures: `Signature`, its lines joined.
    static func read(input: String, signatures: String) throws(SignatureFault) -> PresentedSignature {
        let inputs = try dictionary(input, "signature-input")
        let values = try dictionary(signatures, "signature")
        let (label, list) = try choose(inputs)
        guard let member = values.first(where: { $0.name == label })?.member else {
            throw .malformed(parameter: "signature", "there is no signature under the label \(label)")
        }
        guard case .item(let item) = member, case .bytes(let bytes) = item.value else {
            throw .malformed(parameter: "signature", "the signature is no byte sequence")
        }
        return try PresentedSignature(label: label, list: list, bytes: bytes)
    }

    private static func dictionary(
        _ text: String, _ field: String
    ) throws(SignatureFault) -> StructuredField.Dictionary {
        let dictionary: StructuredField.Dictionary
        do throws(StructuredFieldFault) { dictionary = try StructuredFieldParser.dictionary(text) } catch {
            throw .malformed(
                parameter: field, "the field breaks RFC 8941 at byte \(error.offset): expected \(error.expected)")
        }
        guard !dictionary.isEmpty else { throw .malformed(parameter: field, "the field is missing or empty") }
        return dictionary
    }

    private static func choose(
        _ inputs: StructuredField.Dictionary
    ) throws(SignatureFault) -> (String, StructuredField.InnerList) {
        var lists: [(String, StructuredField.InnerList)] = []
        for input in inputs {
            guard case .list(let list) = input.member else {
                throw .malformed(parameter: "signature-input", "\(input.name) is no list of components")
            }
            lists.append((input.name, list))
        }
        let own = lists.count == 1 ? lists : lists.filter { hasOwnKey($0.1) }
        guard own.count <= 1 else { throw .ambiguous }
        guard let chosen = own.first else {
            throw .malformed(parameter: "keyid", "none of the signatures names a key of this suite")
        }
        return chosen
    }

    /// Whether the key's identifier is a UUID, as those of API keys are. Not whether there is such a key: that would
    /// tell strangers.
    private static func hasOwnKey(_ list: StructuredField.InnerList) -> Bool {
        guard case .string(let keyID) = list.parameter("keyid") else { return false }
        return keyID.utf8.count == 36 && UUID(uuidString: keyID) != nil
    }

    private init(label: String, list: StructuredField.InnerList, bytes: [UInt8]) throws(SignatureFault) {
        (self.label, self.bytes) = (label, bytes)
        components = try Self.components(list)
        created = try Self.seconds(list, "created")
        expires = try Self.seconds(list, "expires")
        nonce = try Self.text(list, "nonce", Self.nonceLengths)
        keyID = try Self.text(list, "keyid", 1...63)
        // The key says what it signs with. A client that names something else would have it otherwise.
        if let algorithm = list.parameter("alg"), algorithm != .string(Self.algorithm) {
            throw .malformed(parameter: "alg", "alg has to be \"\(Self.algorithm)\", or left out")
        }
        if let tag = list.parameter("tag") {
            guard case .string = tag else { throw .malformed(parameter: "tag", "tag is no string") }
        }
        parameters = list.serialized
    }

    private static func components(_ list: StructuredField.InnerList) throws(SignatureFault) -> [String] {
        var names: [String] = []
        for item in list.items {
            guard case .string(let name) = item.value else {
                throw .malformed(parameter: "signature-input", "a component is no string")
            }
            guard item.parameters.isEmpty else {
                throw .malformed(
                    parameter: "signature-input", "the component \(name) has parameters, which are not supported")
            }
            guard !names.contains(name) else {
                throw .malformed(parameter: "signature-input", "the component \(name) is there twice")
            }
            guard SignatureBase.supports(name) else {
                throw .malformed(parameter: "signature-input", "the component \(name) is not supported")
            }
            names.append(name)
        }
        return names
    }

    private static func seconds(
        _ list: StructuredField.InnerList, _ name: String
    ) throws(SignatureFault) -> Int64 {
        guard let value = list.parameter(name) else {
            throw .malformed(parameter: name, "\(name) is missing")
        }
        guard case .integer(let seconds) = value, seconds >= 0 else {
            throw .malformed(parameter: name, "\(name) is no time in seconds since 1970")
        }
        return seconds
    }

    private static func text(
        _ list: StructuredField.InnerList, _ name: String, _ lengths: ClosedRange<Int>
    ) throws(SignatureFault) -> String {
        guard let value = list.parameter(name) else { throw .malformed(parameter: name, "\(name) is missing") }
        guard case .string(let text) = value, lengths.contains(text.utf8.count) else {
            throw .malformed(
                parameter: name,
                "\(name) is no string of \(lengths.lowerBound) to \(lengths.upperBound) characters")
        }
        return text
    }
}
