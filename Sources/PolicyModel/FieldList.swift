public import FoundationEssentials
public import SwiftProtobuf

/// Who may see a field's value: `datavault.policy.v1.Sensitivity`.
public enum Sensitivity: Sendable, Hashable {
    /// Anyone who may see the message.
    case `public`
    /// It tells of a person, and stands in no log.
    case personal
    /// It lets its holder in, and stands nowhere.
    case secret
}

/// A value of a field, whatever its Swift type.
public indirect enum FieldValue: Sendable {
    case text(String)
    case bytes(Data)
    case integer(Int64)
    case unsigned(UInt64)
    case real(Double)
    case bool(Bool)
    /// The name of an enum's value, or its number where it has none.
    case enumeration(String)
    case message(any ContractMessage)
    /// A message that is not the suite's own, so that nothing is known of who may see what in it.
    case foreign(any Message)
    /// The first elements of a repeated field, and how many there are.
    case list([FieldValue], count: Int)
    /// The first entries of a map, and how many there are.
    case map([(key: String, value: FieldValue)], count: Int)
}

/// The fields of a message that are set, with who may see them; filled by generated code.
public struct FieldList: Sendable {
    /// How many elements of a repeated field are listed unless asked otherwise.
    public static let defaultElementLimit = 16

    /// A field that is set.
    public struct Field: Sendable {
        /// The field's name in the proto.
        public let name: String
        /// What it is set to.
        public let value: FieldValue
        /// Who may see the value.
        public let sensitivity: Sensitivity
    }

    public private(set) var fields: [Field] = []
    private let elementLimit: Int

    /// Makes an empty list.
    ///
    /// - Parameter elementLimit: How many elements of each repeated field are listed.
    public init(elementLimit: Int = FieldList.defaultElementLimit) { self.elementLimit = elementLimit }

    /// Adds a field that is set.
    public mutating func add(_ name: StaticString, _ value: FieldValue, _ sensitivity: Sensitivity = .public) {
        fields.append(Field(name: "\(name)", value: value, sensitivity: sensitivity))
    }

    /// Adds a repeated field, unless it is empty.
    public mutating func list<Element>(
        _ name: StaticString,
        _ elements: [Element],
        _ sensitivity: Sensitivity = .public,
        _ value: (Element) -> FieldValue
    ) {
        guard !elements.isEmpty else { return }
        add(name, .list(elements.prefix(elementLimit).map(value), count: elements.count), sensitivity)
    }

    /// Adds a map, unless it is empty.
    public mutating func map<Key: Hashable, Value>(
        _ name: StaticString,
        _ map: [Key: Value],
        _ sensitivity: Sensitivity = .public,
        _ value: (Value) -> FieldValue
    ) {
        guard !map.isEmpty else { return }
        let entries = map.prefix(elementLimit).map { (key: "\($0.key)", value: value($0.value)) }
        add(name, .map(entries.sorted { $0.key < $1.key }, count: map.count), sensitivity)
    }
}
