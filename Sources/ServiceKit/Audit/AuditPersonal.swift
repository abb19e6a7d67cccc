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
    /// are there once, as they are after.
    ///
    /// - Parameter subject: Of whom the resource tells.
    public static func of(
        before: (any ContractMessage)? = nil, after: (any ContractMessage)? = nil, subject: String
    ) -> [AuditPersonal] {
        let (old, new) = (before.map(texts) ?? [], after.map(texts) ?? [])
        let changed = old.filter { field in !new.contains { $0 == field } }
        return changed.map { AuditPersonal(name: "before.\($0.name)", subject: subject, value: $0.value) }
            + new.map { AuditPersonal(name: "after.\($0.name)", subject: subject, value: $0.value) }
    }

    private struct Field: Equatable {
        let name, value: String
    }

    private static func texts(_ message: any ContractMessage) -> [Field] {
        var list = FieldList()
        message.list(&list)
        return list.fields.flatMap { field -> [Field] in
            guard field.sensitivity == .personal else { return [] }
            switch field.value {
            case .text(let text): return [Field(name: field.name, value: text)]
            case .list(let values, _):
                return values.compactMap { value in
                    if case .text(let text) = value { return Field(name: field.name, value: text) }
                    return nil
                }
            default: return []
            }
        }
    }
}
