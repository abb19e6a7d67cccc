public import PolicyModel

/// A value that tells of a person, for the audit log, which keeps it encrypted under the person's key.
public struct AuditPersonal: Sendable, Hashable {
    /// What it is: `source_address`, `after.email`.
    public let name: String
    /// Of whom it tells, by a name that tells nothing itself: `users/{user}`.
    public let subject: String
    /// The value.
    public let value: String

    /// Names a value.
    public init(name: String, subject: String, value: String) {
        (self.name, self.subject, self.value) = (name, subject, value)
    }

    /// The personal fields of a resource before and after a change, which `MaskedText` hides. Those that did not change
    /// are there once, as they are after. A list is one value, its elements apart by a comma and a space; one that is
    /// longer than the log takes a value is several of the same name, in their order.
    ///
    /// - Parameter subject: Of whom the resource tells.
    public static func of(
        before: (any ContractMessage)? = nil, after: (any ContractMessage)? = nil, subject: String
    ) -> [AuditPersonal] {
        let (old, new) = (before.map(fields) ?? [], after.map(fields) ?? [])
        let changed = old.filter { field in !new.contains { $0 == field } }
        return (changed.map { ("before", $0) } + new.map { ("after", $0) }).flatMap { side, field in
            field.values.map { AuditPersonal(name: "\(side).\(field.name)", subject: subject, value: $0) }
        }
    }

    private struct Field: Equatable {
        let name: String
        let values: [String]
    }

    /// Elements of a list that are told: more than any personal list of the contract may have. A text for people to read
    /// stops after some.
    private static let elements = 1_000

    private static func fields(_ message: any ContractMessage) -> [Field] {
        var list = FieldList(elementLimit: elements)
        message.list(&list)
        return list.fields.compactMap { field in
            guard field.sensitivity == .personal else { return nil }
            switch field.value {
            case .text(let text): return Field(name: field.name, values: [text])
            case .list(let elements, _): return Field(name: field.name, values: joined(elements))
            default: return nil
            }
        }
    }

    /// Texts in as few values as the log takes.
    private static func joined(_ elements: [FieldValue]) -> [String] {
        elements.reduce(into: []) { values, element in
            guard case .text(let text) = element else { return }
            if let last = values.last,
                last.unicodeScalars.count + text.unicodeScalars.count + 2 <= AuditEncoding.personalValueLength
            {
                values[values.count - 1] = "\(last), \(text)"
            } else {
                values.append(text)
            }
        }
    }
}
