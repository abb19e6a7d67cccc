import FoundationEssentials

/// The values of structured fields (RFC 8941, section 3).
enum StructuredField {
    /// A bare item.
    enum BareItem: Hashable, Sendable {
        case integer(Int64)
        /// In thousandths, as the format has no more digits.
        case decimal(thousandths: Int64)
        case string(String)
        case token(String)
        case bytes([UInt8])
        case boolean(Bool)
    }

    /// A name and its value, in the order in which they came.
    struct Parameter: Hashable, Sendable {
        let name: String
        let value: BareItem
    }

    /// A bare item and its parameters.
    struct Item: Hashable, Sendable {
        var value: BareItem
        var parameters: [Parameter] = []
    }

    /// Items in parentheses, and the parameters of all of them together.
    struct InnerList: Hashable, Sendable {
        var items: [Item]
        var parameters: [Parameter] = []

        /// A parameter's value; nil if it is not there.
        func parameter(_ name: String) -> BareItem? { parameters.first { $0.name == name }?.value }
    }

    /// What a dictionary holds under a name.
    enum Member: Hashable, Sendable {
        case item(Item)
        case list(InnerList)
    }

    /// A dictionary, in the order in which its members came.
    typealias Dictionary = [(name: String, member: Member)]
}

extension StructuredField.BareItem {
    /// The canonical form (RFC 8941, section 4.1). Values have been parsed or are printable ASCII by their making.
    func serialize(into text: inout String) {
        switch self {
        case .integer(let number): text += String(number)
        case .decimal(let thousandths):
            let (whole, fraction) = thousandths.magnitude.quotientAndRemainder(dividingBy: 1_000)
            var digits = String(fraction + 1_000).dropFirst()
            while digits.count > 1, digits.last == "0" { digits = digits.dropLast() }
            text += "\(thousandths < 0 ? "-" : "")\(whole).\(digits)"
        case .string(let value):
            text += "\""
            for character in value.unicodeScalars {
                if character == "\"" || character == "\\" { text += "\\" }
                text.unicodeScalars.append(character)
            }
            text += "\""
        case .token(let value): text += value
        case .bytes(let bytes): text += ":\(Data(bytes).base64EncodedString()):"
        case .boolean(let value): text += value ? "?1" : "?0"
        }
    }
}

extension [StructuredField.Parameter] {
    /// The canonical form: a true boolean shows by its name alone.
    func serialize(into text: inout String) {
        for parameter in self {
            text += ";\(parameter.name)"
            if parameter.value != .boolean(true) {
                text += "="
                parameter.value.serialize(into: &text)
            }
        }
    }
}

extension StructuredField.Item {
    func serialize(into text: inout String) {
        value.serialize(into: &text)
        parameters.serialize(into: &text)
    }
}

extension StructuredField.InnerList {
    /// The canonical form.
    var serialized: String {
        var text = "("
        for (index, item) in items.enumerated() {
            if index > 0 { text += " " }
            item.serialize(into: &text)
        }
        text += ")"
        parameters.serialize(into: &text)
        return text
    }
}
