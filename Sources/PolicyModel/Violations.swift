import SwiftProtobuf

/// A field that breaks a rule.
public struct Violation: Sendable, Hashable {
    /// Which kind of rule is broken; the raw value is the `reason` in `google.rpc.BadRequest.FieldViolation`.
    public enum Kind: String, Sendable, Hashable {
        case required = "REQUIRED"
        case length = "LENGTH"
        case count = "COUNT"
        case range = "RANGE"
        case pattern = "PATTERN"
        case format = "FORMAT"
        case unknownValue = "UNKNOWN_VALUE"
    }

    /// The way to the field, in the proto's names: `book.editions[2].isbn`.
    public internal(set) var field: String
    /// Which kind of rule is broken.
    public let kind: Kind
    /// What is asked for; never the value, which may be a secret.
    public let description: String
}

/// The rules that a message breaks, collected by generated code.
///
/// While nothing is broken no path is built and nothing is allocated.
public struct Violations: Sendable {
    /// How many are collected: enough for any form that a person fills in, and no more work for an attacker's.
    public static let limit = 64

    public internal(set) var list: [Violation] = []

    public init() {}

    /// Whether all rules are kept.
    public var isEmpty: Bool { list.isEmpty }
    /// Whether there is room for no more.
    public var isFull: Bool { list.count >= Self.limit }

    /// Adds a violation, unless the list is full.
    public mutating func add(_ kind: Violation.Kind, _ field: String, _ description: String) {
        guard !isFull else { return }
        list.append(Violation(field: field, kind: kind, description: description))
    }

    @usableFromInline
    mutating func add(_ problem: Problem, _ field: String) { add(problem.kind, field, problem.description) }

    // MARK: Single values

    /// Checks a field of one value.
    ///
    /// - Parameter isSet: Whether it is, for a field with presence; nil: it is when it is not its default.
    @inlinable
    public mutating func value<Rule: ValueRule>(
        _ name: StaticString,
        _ value: Rule.Value,
        _ rule: Rule,
        isSet: Bool? = nil,
        required: Bool = false
    ) {
        guard isSet ?? !Rule.isDefault(value) else {
            if required { missing(name) }
            return
        }
        if let problem = rule.problem(with: value) { add(problem, "\(name)") }
    }

    /// Adds that a field has to be set.
    public mutating func missing(_ name: StaticString) { add(.required, "\(name)", "must be set") }

    /// Checks a field of one message.
    @inlinable
    public mutating func message(
        _ name: StaticString,
        _ message: @autoclosure () -> some ContractMessage,
        isSet: Bool,
        required: Bool = false
    ) {
        guard isSet else {
            if required { missing(name) }
            return
        }
        let start = list.count
        message().check(&self)
        if list.count != start { prefix(from: start, "\(name)") }
    }

    /// Checks the resource of an update: a field that is required may be left out unless the mask names it (AIP-134).
    @inlinable
    public mutating func update(
        _ name: StaticString,
        _ resource: @autoclosure () -> some ContractMessage,
        mask: @autoclosure () -> [String],
        isSet: Bool,
        required: Bool = false
    ) {
        guard isSet else {
            if required { missing(name) }
            return
        }
        let start = list.count
        resource().check(&self)
        guard list.count != start else { return }
        forgiveMissing(from: start, except: Set(mask()))
        prefix(from: start, "\(name)")
    }

    @usableFromInline
    mutating func forgiveMissing(from start: Int, except changed: Set<String>) {
        let found = list[start...]
        list.removeSubrange(start...)
        list += found.filter { $0.kind != .required || changed.contains("*") || changed.contains($0.field) }
    }

    // MARK: Repeated fields and maps

    /// Checks how many elements a field has; false if they need no further look.
    @inlinable
    public mutating func count(_ name: StaticString, _ actual: Int, _ bounds: ClosedRange<Int>) -> Bool {
        // An empty field counts as not set, which only `required` minds.
        if actual == 0 || bounds.contains(actual) { return actual > 0 }
        add(.count, "\(name)", "must have \(Self.text(of: bounds, "element", "elements"))")
        // What is too much to take is also too much to look through.
        return false
    }

    /// Checks each element of a repeated field.
    @inlinable
    public mutating func values<Rule: ValueRule>(
        _ name: StaticString,
        _ values: [Rule.Value],
        _ rule: Rule,
        count bounds: ClosedRange<Int>
    ) {
        guard count(name, values.count, bounds) else { return }
        for index in values.indices {
            if let problem = rule.problem(with: values[index]) { add(problem, "\(name)[\(index)]") }
        }
    }

    /// Checks each message of a repeated field.
    @inlinable
    public mutating func messages(
        _ name: StaticString,
        _ messages: [some ContractMessage],
        count bounds: ClosedRange<Int>
    ) {
        guard count(name, messages.count, bounds) else { return }
        for index in messages.indices where !isFull {
            let start = list.count
            messages[index].check(&self)
            if list.count != start { prefix(from: start, "\(name)[\(index)]") }
        }
    }

    /// Checks each key and each value of a map.
    ///
    /// - Parameter hidesKeys: Whether keys are not for everyone's eyes, and so stand in no path.
    @inlinable
    public mutating func map<Keys: ValueRule, Values: ValueRule>(
        _ name: StaticString,
        _ map: [Keys.Value: Values.Value],
        keys: Keys,
        values: Values,
        count bounds: ClosedRange<Int>,
        hidesKeys: Bool = false
    ) where Keys.Value: Hashable {
        guard count(name, map.count, bounds) else { return }
        checkKeys(name, map.keys, keys)
        for (key, value) in map where !isFull {
            if let problem = values.problem(with: value) { add(problem, Self.path(name, key, hidesKeys)) }
        }
    }

    /// Checks each key and each message of a map.
    @inlinable
    public mutating func messageMap<Keys: ValueRule>(
        _ name: StaticString,
        _ map: [Keys.Value: some ContractMessage],
        keys: Keys,
        count bounds: ClosedRange<Int>,
        hidesKeys: Bool = false
    ) where Keys.Value: Hashable {
        guard count(name, map.count, bounds) else { return }
        checkKeys(name, map.keys, keys)
        for (key, message) in map where !isFull {
            let start = list.count
            message.check(&self)
            if list.count != start { prefix(from: start, Self.path(name, key, hidesKeys)) }
        }
    }

    /// Tells of one key at most: they have no path of their own, and one sentence says what is asked of all.
    @usableFromInline
    mutating func checkKeys<Rule: ValueRule>(_ name: StaticString, _ keys: some Sequence<Rule.Value>, _ rule: Rule) {
        guard let problem = keys.lazy.compactMap(rule.problem).first else { return }
        add(problem.kind, "\(name)", "has a key that \(problem.description)")
    }

    // MARK: Paths

    @usableFromInline
    mutating func prefix(from start: Int, _ name: String) {
        for index in start..<list.count { list[index].field = "\(name).\(list[index].field)" }
    }

    @usableFromInline static let maxKeyLength = 64

    @usableFromInline
    static func path(_ name: StaticString, _ key: some Hashable, _ hidesKey: Bool) -> String {
        guard !hidesKey else { return "\(name)[…]" }
        guard let text = key as? String else { return "\(name)[\(key)]" }
        let shown = text.prefix(maxKeyLength).replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        return "\(name)[\"\(shown)\"]"
    }

    /// `1 to 5 elements`, `at most 5 elements`, …
    @usableFromInline
    static func text(of bounds: ClosedRange<Int>, _ singular: String, _ plural: String) -> String {
        let (min, max) = (bounds.lowerBound, bounds.upperBound)
        if min == max { return "exactly \(min) \(min == 1 ? singular : plural)" }
        if max == .max { return "at least \(min) \(min == 1 ? singular : plural)" }
        if min == 0 { return "at most \(max) \(max == 1 ? singular : plural)" }
        return "\(min) to \(max) \(plural)"
    }
}
