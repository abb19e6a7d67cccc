/// A field as it is given on a command line: `NAME[:TYPE][[]][!]=SELECTOR[@ATTRIBUTE]`.
///
///     title=h1                        the text of the first h1
///     price:money!=.price             an amount; a record without one is set aside
///     image:url=img.main@src          an attribute, made an absolute URL
///     tags[]=.tag                     all of them, as a list
public struct FieldSpecification: Sendable, Equatable {
    /// What a field's text is read as.
    public enum Kind: String, Sendable, CaseIterable {
        case text, integer, decimal, boolean, date, time, money, url

        /// As the contract names it.
        var contractName: String { self == .time ? "FIELD_TYPE_DATE_TIME" : "FIELD_TYPE_\(rawValue.uppercased())" }
    }

    /// What is wrong with a field's text.
    public struct Malformed: Error, Sendable, Equatable, CustomStringConvertible {
        public let description: String
    }

    /// What the field is called in records and files.
    public var name: String
    /// What its text is read as.
    public var kind = Kind.text
    /// Whether all elements that the selector finds are taken.
    public var isList = false
    /// Whether a record without it is set aside.
    public var isRequired = false
    /// A CSS selector.
    public var selector: String
    /// The attribute that is taken in the place of the text.
    public var attribute: String?
    /// As it was given.
    public let text: String

    private static let maximumName = 63

    /// Reads a field.
    public init(_ text: String) throws(Malformed) {
        self.text = text
        guard let equals = text.firstIndex(of: "=") else {
            throw Malformed(description: "a field is NAME=SELECTOR, as 'title=h1', and not '\(text)'")
        }
        var head = text[..<equals]
        if head.hasSuffix("!") {
            isRequired = true
            head.removeLast()
        }
        if head.hasSuffix("[]") {
            isList = true
            head.removeLast(2)
        }
        let parts = head.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        name = String(parts[0])
        guard Self.isName(name) else {
            throw Malformed(
                description:
                    "'\(name)' is no name of a field: letters, digits and underscores, no digit first, at most "
                    + "\(Self.maximumName)")
        }
        if parts.count == 2 {
            let word = parts[1] == "number" ? "decimal" : String(parts[1])
            guard let kind = Kind(rawValue: word) else {
                let known = Kind.allCases.map(\.rawValue).joined(separator: ", ")
                throw Malformed(description: "'\(parts[1])' is no type of a field; there are: \(known)")
            }
            self.kind = kind
        }
        let rest = text[text.index(after: equals)...]
        let at = Self.attributeMark(in: rest)
        selector = String(rest[..<(at ?? rest.endIndex)]).trimmingBlanks
        attribute = at.map { String(rest[rest.index(after: $0)...]) }
        guard !selector.isEmpty || attribute != nil else {
            throw Malformed(description: "the field '\(name)' has no selector: write '\(name)=h1', for example")
        }
    }

    private static func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first, !(0x30...0x39).contains(first), name.utf8.count <= maximumName else {
            return false
        }
        return name.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x5F
        }
    }

    /// Where an attribute's name begins: the last `@` outside of brackets and quotation marks, if what follows it is one.
    private static func attributeMark(in text: Substring) -> String.Index? {
        var (depth, quote): (Int, Character?) = (0, nil)
        var mark: String.Index?
        var isEscaped = false
        for (index, character) in zip(text.indices, text) {
            defer { isEscaped = character == "\\" && !isEscaped }
            if isEscaped { continue }
            switch character {
            case "\"", "'":
                if quote == nil { quote = character } else if quote == character { quote = nil }
            case _ where quote != nil: break
            case "[", "(": depth += 1
            case "]", ")": depth -= 1
            case "@" where depth == 0: mark = index
            default: break
            }
        }
        guard let mark else { return nil }
        let name = text[text.index(after: mark)...]
        let isName =
            !name.isEmpty && name.utf8.count <= 100
            && name.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || byte == 0x2D || byte == 0x5F || byte == 0x3A || byte == 0x2E
            }
        return isName ? mark : nil
    }
}

extension StringProtocol {
    /// Without blanks at either end.
    var trimmingBlanks: String {
        guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return String(self[first...last])
    }
}
