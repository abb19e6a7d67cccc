import Crypto

extension ExtractionDefinition {
    /// Of how definitions are read; part of every version, so that a change of meaning changes them.
    private static let semantics = "datavault extraction 1"

    /// The first 128 bits of SHA-256 over the definition's canonical form, in hexadecimal digits.
    var version: String {
        let digest = Array(SHA256.hash(data: canonicalForm)).prefix(16)
        return digest.reduce(into: "") { text, byte in
            text += byte < 16 ? "0" + String(byte, radix: 16) : String(byte, radix: 16)
        }
    }

    /// All parts in a fixed order, each with its length, so that no two definitions share a form.
    private var canonicalForm: [UInt8] {
        var form = CanonicalForm()
        form.add(Self.semantics)
        form.add(recordSelector)
        form.add("\(fields.count)")
        for field in fields {
            form.add(field.name)
            form.add(field.selector)
            form.add(field.take.canonicalName)
            form.add(field.capture)
            form.add(field.type.rawValue)
            form.add(field.options.dateFormat)
            form.add(field.options.decimalMark.rawValue)
            form.add(field.options.defaultCurrency)
            form.add(field.options.defaultOffsetMinutes.map { "\($0)" })
            form.add("\(field.isList) \(field.isRequired)")
            form.add(field.pattern)
            form.add(field.maximumLength.map { "\($0)" })
        }
        return form.bytes
    }
}

extension FieldSource {
    /// The source's name as in docs/extraction.md.
    var canonicalName: String {
        switch self {
        case .text: "text"
        case .ownText: "own-text"
        case .attribute(let name): "attribute \(name)"
        case .innerHTML: "inner-html"
        case .outerHTML: "outer-html"
        }
    }
}

/// Texts behind each other, each with its length before it.
private struct CanonicalForm {
    var bytes: [UInt8] = []

    mutating func add(_ text: String?) {
        guard let text else {
            bytes.append(UInt8(ascii: "-"))
            return
        }
        bytes += Array("\(text.utf8.count):".utf8) + Array(text.utf8)
    }
}
