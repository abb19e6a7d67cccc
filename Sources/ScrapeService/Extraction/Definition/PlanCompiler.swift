/// Checks a definition and compiles its parts.
struct PlanCompiler {
    private(set) var selectors = SelectorCompiler()
    private let limits: ExtractionLimits

    init(limits: ExtractionLimits) { self.limits = limits }

    mutating func selector(_ text: String, _ path: String) throws(ExtractionPlanError) -> SelectorListID {
        do throws(SelectorError) {
            return selectors.add(try SelectorParser.parse(text, limits: limits))
        } catch {
            throw ExtractionPlanError(
                path: path, reason: error.isTooLarge ? .selectorTooLarge : .invalidSelector, message: error.message,
                position: error.position)
        }
    }

    mutating func fields(_ fields: [FieldDefinition]) throws(ExtractionPlanError) -> [CompiledField] {
        guard !fields.isEmpty else {
            throw ExtractionPlanError(path: "fields", reason: .noFields, message: "there are no fields")
        }
        guard fields.count <= limits.fields else {
            throw ExtractionPlanError(
                path: "fields", reason: .tooManyFields, message: "there are more than \(limits.fields) fields")
        }
        var names: Set<String> = []
        var compiled: [CompiledField] = []
        for (index, field) in fields.enumerated() {
            let path = "fields[\(index)]"
            guard Self.isName(field.name) else {
                throw ExtractionPlanError(
                    path: path + ".name", reason: .invalidName,
                    message: "a name is up to 63 letters, digits and _, and does not start with a digit")
            }
            guard names.insert(field.name).inserted else {
                throw ExtractionPlanError(
                    path: path + ".name", reason: .duplicateField, message: "another field is called \(field.name)")
            }
            compiled.append(try compile(field, path))
        }
        return compiled
    }

    private mutating func compile(_ field: FieldDefinition, _ path: String) throws(ExtractionPlanError) -> CompiledField
    {
        var attribute: (lower: [UInt8], exact: [UInt8])?
        if case .attribute(let name) = field.take {
            let exact = Array(name.utf8)
            let isName = !exact.isEmpty && !exact.contains { $0.isHTMLSpace || $0 == 0 || "\"'>/=".utf8.contains($0) }
            guard isName, exact.count <= 255 else {
                throw ExtractionPlanError(
                    path: path + ".attribute", reason: .invalidAttribute, message: "no attribute has this name")
            }
            attribute = (exact.map(\.asciiLowercased), exact)
        }
        try check(field, path)
        return CompiledField(
            selector: try field.selector.map { text throws(ExtractionPlanError) in
                try selector(text, path + ".selector")
            },
            take: field.take, capture: try pattern(field.capture, path + ".capture"),
            reader: ValueReader(
                type: field.type, options: field.options, dateFormat: try dateFormat(field.options.dateFormat, path)),
            isList: field.isList, isRequired: field.isRequired, pattern: try pattern(field.pattern, path + ".pattern"),
            maximumLength: field.maximumLength, attribute: attribute)
    }

    /// Options that do nothing are mistakes.
    private func check(_ field: FieldDefinition, _ path: String) throws(ExtractionPlanError) {
        let options = field.options
        if let length = field.maximumLength, length < 1 {
            throw ExtractionPlanError(
                path: path + ".maximum_length", reason: .invalidOption, message: "the length is less than 1")
        }
        if options.dateFormat != nil, field.type != .date, field.type != .dateTime {
            throw ExtractionPlanError(
                path: path + ".date_format", reason: .invalidOption, message: "only dates and times have a format")
        }
        if options.decimalMark != .automatic, ![.integer, .decimal, .money].contains(field.type) {
            throw ExtractionPlanError(
                path: path + ".decimal_mark", reason: .invalidOption, message: "only numbers and money have a mark")
        }
        if let currency = options.defaultCurrency {
            guard field.type == .money else {
                throw ExtractionPlanError(
                    path: path + ".default_currency", reason: .invalidOption, message: "only money has a currency")
            }
            guard Currencies.codes.contains(currency) else {
                throw ExtractionPlanError(
                    path: path + ".default_currency", reason: .invalidCurrency, message: "ISO 4217 has no such code")
            }
        }
        if let offset = options.defaultOffsetMinutes {
            guard field.type == .dateTime, abs(offset) <= 18 * 60 else {
                throw ExtractionPlanError(
                    path: path + ".default_offset", reason: .invalidOption,
                    message: field.type == .dateTime
                        ? "the offset is more than 18 hours" : "only times have an offset from UTC")
            }
        }
    }

    private func dateFormat(_ text: String?, _ path: String) throws(ExtractionPlanError) -> DateFormat? {
        guard let text else { return nil }
        do throws(DateFormatError) {
            return try DateFormat(text)
        } catch {
            throw ExtractionPlanError(
                path: path + ".date_format", reason: .invalidDateFormat, message: error.message,
                position: error.position)
        }
    }

    private func pattern(_ text: String?, _ path: String) throws(ExtractionPlanError) -> CompiledPattern? {
        guard let text else { return nil }
        guard text.utf8.count <= limits.patternBytes else {
            throw ExtractionPlanError(
                path: path, reason: .invalidPattern, message: "the pattern is longer than \(limits.patternBytes) bytes")
        }
        do throws(PatternError) {
            return try CompiledPattern(text, memory: limits.patternMemory)
        } catch {
            throw ExtractionPlanError(path: path, reason: .invalidPattern, message: error.message)
        }
    }

    private static func isName(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        guard let first = bytes.first, bytes.count <= 63, !first.isASCIIDigit else { return false }
        return bytes.allSatisfy { $0.isASCIILetter || $0.isASCIIDigit || $0 == UInt8(ascii: "_") }
    }
}
