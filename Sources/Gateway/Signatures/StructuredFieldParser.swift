import FoundationEssentials

/// How large structured fields may be.
struct StructuredFieldLimits: Sendable {
    /// Bytes of a field, all its lines together.
    var maxBytes = 8_192
    /// Members of a dictionary.
    var maxMembers = 16
    /// Items of an inner list.
    var maxItems = 64
    /// Parameters of an item or an inner list.
    var maxParameters = 16
    /// Bytes of a name.
    var maxNameBytes = 64
}

/// Why a text is no structured field.
struct StructuredFieldFault: Error, Hashable {
    /// The byte at which it goes wrong.
    let offset: Int
    /// What was expected, for people.
    let expected: String
}

/// Reads dictionaries of structured fields (RFC 8941, section 4.2).
///
/// Stricter than the RFC in one thing: a name that comes twice is an error, as two readers could take different ones.
struct StructuredFieldParser {
    private let bytes: [UInt8]
    private let limits: StructuredFieldLimits
    private var index = 0

    private init(_ text: String, _ limits: StructuredFieldLimits) {
        (bytes, self.limits) = (Array(text.utf8), limits)
    }

    /// Reads a dictionary: the whole text.
    static func dictionary(
        _ text: String, limits: StructuredFieldLimits = StructuredFieldLimits()
    ) throws(StructuredFieldFault) -> StructuredField.Dictionary {
        var parser = StructuredFieldParser(text, limits)
        guard parser.bytes.count <= limits.maxBytes else { throw parser.fault("at most \(limits.maxBytes) bytes") }
        return try parser.dictionary()
    }

    // MARK: Bytes

    private func fault(_ expected: String) -> StructuredFieldFault {
        StructuredFieldFault(offset: index, expected: expected)
    }

    private var peek: UInt8? { index < bytes.count ? bytes[index] : nil }

    private mutating func take(_ byte: Character) -> Bool {
        guard peek == byte.asciiValue else { return false }
        index += 1
        return true
    }

    private mutating func skipSpaces() { while peek == UInt8(ascii: " ") { index += 1 } }

    /// Optional white space between members (RFC 9110, section 5.6.3).
    private mutating func skipWhiteSpace() {
        while peek == UInt8(ascii: " ") || peek == UInt8(ascii: "\t") { index += 1 }
    }

    private mutating func take(while condition: (UInt8) -> Bool) -> ArraySlice<UInt8> {
        let start = index
        while let byte = peek, condition(byte) { index += 1 }
        return bytes[start..<index]
    }

    // MARK: Structure

    private mutating func dictionary() throws(StructuredFieldFault) -> StructuredField.Dictionary {
        var members: StructuredField.Dictionary = []
        skipSpaces()
        while peek != nil {
            guard members.count < limits.maxMembers else { throw fault("at most \(limits.maxMembers) members") }
            let name = try name()
            guard !members.contains(where: { $0.name == name }) else { throw fault("each name once") }
            members.append((name, try member()))
            skipWhiteSpace()
            if peek == nil { break }
            guard take(",") else { throw fault("a comma") }
            skipWhiteSpace()
            guard peek != nil else { throw fault("a member after the comma") }
        }
        return members
    }

    private mutating func member() throws(StructuredFieldFault) -> StructuredField.Member {
        guard take("=") else { return .item(StructuredField.Item(value: .boolean(true), parameters: try parameters())) }
        if peek == UInt8(ascii: "(") { return .list(try innerList()) }
        return .item(try item())
    }

    private mutating func innerList() throws(StructuredFieldFault) -> StructuredField.InnerList {
        index += 1
        var list = StructuredField.InnerList(items: [])
        while true {
            skipSpaces()
            if take(")") { break }
            guard list.items.count < limits.maxItems else { throw fault("at most \(limits.maxItems) items") }
            list.items.append(try item())
            guard peek == UInt8(ascii: " ") || peek == UInt8(ascii: ")") else { throw fault("a space or a bracket") }
        }
        list.parameters = try parameters()
        return list
    }

    private mutating func item() throws(StructuredFieldFault) -> StructuredField.Item {
        StructuredField.Item(value: try bareItem(), parameters: try parameters())
    }

    private mutating func parameters() throws(StructuredFieldFault) -> [StructuredField.Parameter] {
        var parameters: [StructuredField.Parameter] = []
        while take(";") {
            skipSpaces()
            guard parameters.count < limits.maxParameters else {
                throw fault("at most \(limits.maxParameters) parameters")
            }
            let name = try name()
            guard !parameters.contains(where: { $0.name == name }) else { throw fault("each parameter once") }
            parameters.append(StructuredField.Parameter(name: name, value: take("=") ? try bareItem() : .boolean(true)))
        }
        return parameters
    }

    private mutating func name() throws(StructuredFieldFault) -> String {
        guard let first = peek, first.isLower || first == UInt8(ascii: "*") else { throw fault("a name") }
        let name = take { $0.isLower || $0.isDigit || "_-.*".utf8.contains($0) }
        guard name.count <= limits.maxNameBytes else { throw fault("names of at most \(limits.maxNameBytes) bytes") }
        return String(decoding: name, as: UTF8.self)
    }

    // MARK: Bare items

    private mutating func bareItem() throws(StructuredFieldFault) -> StructuredField.BareItem {
        switch peek {
        case .some(let byte) where byte.isDigit || byte == UInt8(ascii: "-"): return try number()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: ":"): return .bytes(try byteSequence())
        case UInt8(ascii: "?"):
            index += 1
            if take("1") { return .boolean(true) }
            if take("0") { return .boolean(false) }
            throw fault("?0 or ?1")
        case .some(let byte) where byte.isLetter || byte == UInt8(ascii: "*"):
            let token = take { $0.isLetter || $0.isDigit || "!#$%&'*+-.^_`|~:/".utf8.contains($0) }
            return .token(String(decoding: token, as: UTF8.self))
        default: throw fault("a value")
        }
    }

    private mutating func number() throws(StructuredFieldFault) -> StructuredField.BareItem {
        let sign: Int64 = take("-") ? -1 : 1
        let whole = take(while: \.isDigit)
        guard !whole.isEmpty else { throw fault("a digit") }
        guard take(".") else {
            guard whole.count <= 15 else { throw fault("at most 15 digits") }
            return .integer(sign * Self.value(whole))
        }
        let fraction = take(while: \.isDigit)
        guard whole.count <= 12, (1...3).contains(fraction.count) else {
            throw fault("at most 12 digits before the point and 3 behind it")
        }
        let scale: Int64 = [100, 10, 1][fraction.count - 1]
        return .decimal(thousandths: sign * (Self.value(whole) * 1_000 + Self.value(fraction) * scale))
    }

    private static func value(_ digits: ArraySlice<UInt8>) -> Int64 {
        digits.reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
    }

    private mutating func string() throws(StructuredFieldFault) -> String {
        index += 1
        var value: [UInt8] = []
        while let byte = peek {
            index += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: value, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard let next = peek, next == UInt8(ascii: "\"") || next == UInt8(ascii: "\\") else {
                    throw fault("a quote or a backslash behind a backslash")
                }
                index += 1
                value.append(next)
            case 0x20...0x7E: value.append(byte)
            default: throw fault("printable ASCII")
            }
        }
        throw fault("the closing quote")
    }

    private mutating func byteSequence() throws(StructuredFieldFault) -> [UInt8] {
        index += 1
        let text = take { $0 != UInt8(ascii: ":") }
        guard take(":"), let data = Data(base64Encoded: String(decoding: text, as: UTF8.self)) else {
            throw fault("base64 between colons")
        }
        return Array(data)
    }
}

extension UInt8 {
    fileprivate var isLower: Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self) }
    fileprivate var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
    fileprivate var isLetter: Bool { isLower || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) }
}
