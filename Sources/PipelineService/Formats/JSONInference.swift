/// Finds the fields of a file of JSON records and their types in its first records.
struct JSONInference {
    let options: NDJSONReadOptions
    let limits: FormatLimits

    /// What the values of one field were.
    fileprivate struct Seen {
        var texts = TypeInference()
        var hasTexts = false
        var hasNumbers = false
        var hasFractions = false
        var hasBools = false
        var hasLists = false
        var hasOthers = false

        var type: ColumnType {
            switch [hasTexts, hasNumbers, hasBools, hasLists, hasOthers].count(where: { $0 }) {
            case 1 where hasBools: .bool
            case 1 where hasNumbers: hasFractions ? .double : .int64
            case 1 where hasLists: .stringList
            case 1 where hasTexts: [.date, .timestamp].contains(texts.type) ? texts.type : .string
            default: .string
            }
        }
    }

    /// The fields in the order in which they first come.
    func schema(of bytes: [UInt8], _ lines: [Range<Int>]) throws(FormatError) -> Schema {
        var names: [String] = []
        var seen: [String: Seen] = [:]
        var record = JSONRecord(bytes: bytes)
        let index = JSONIndex()
        for line in lines.prefix(limits.inferenceRecords) {
            guard let tokens = index.tokens(of: bytes, line), !tokens.isEmpty else { continue }
            // What is wrong with a record is said when it is read.
            try? record.read(tokens[...], end: line.upperBound) { bytes, name, value in
                let name = String(decoding: bytes[name], as: UTF8.self)
                if seen[name] == nil {
                    guard names.count <= limits.schema.maximumColumns else { return }
                    names.append(name)
                    seen[name] = Seen()
                }
                seen[name]?.observe(value, bytes)
            }
        }
        for name in options.types.keys.sorted() where seen[name] == nil {
            names.append(name)
            seen[name] = Seen()
        }
        guard names.count <= limits.schema.maximumColumns else {
            throw FormatError(.tooManyColumns, "the records have more than \(limits.schema.maximumColumns) fields")
        }
        do {
            return try Schema(
                names.map { Field($0, options.types[$0] ?? seen[$0]?.type ?? .string) }, limits: limits.schema)
        } catch {
            throw FormatError(.invalidHeader, error.description)
        }
    }
}

extension JSONInference.Seen {
    fileprivate mutating func observe(_ value: JSONRecord.Value, _ bytes: [UInt8]) {
        switch value {
        case .null: break
        case .bool: hasBools = true
        case .number(let digits):
            hasNumbers = true
            if CellText.int64(bytes.span, digits.lowerBound, digits.count) == nil { hasFractions = true }
        case .text(let text):
            hasTexts = true
            texts.observe(bytes.span, text.lowerBound, text.count)
        case .texts: hasLists = true
        case .other: hasOthers = true
        }
    }
}
