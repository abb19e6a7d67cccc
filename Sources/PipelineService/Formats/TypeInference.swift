/// Finds the narrowest type that all cells of a sample have.
struct TypeInference {
    /// What cells may still be, the narrowest first.
    private var candidates: [ColumnType] = [.bool, .int64, .double, .date, .timestamp]
    private var hasCells = false

    /// Takes a cell into account.
    mutating func observe(_ text: Span<UInt8>, _ start: Int, _ length: Int) {
        guard length > 0, !candidates.isEmpty else { return }
        hasCells = true
        candidates.removeAll { !Self.isCell(of: $0, text, start, length) }
    }

    /// Text where nothing narrower fits, or where no cell was seen.
    var type: ColumnType { hasCells ? candidates.first ?? .string : .string }

    private static func isCell(of type: ColumnType, _ text: Span<UInt8>, _ start: Int, _ length: Int) -> Bool {
        switch type {
        case .bool: CellText.bool(text, start, length) != nil
        case .int64: isNumeral(text, start, length) && CellText.int64(text, start, length) != nil
        case .double: isNumeral(text, start, length) && CellText.double(text, start, length) != nil
        case .decimal: ExactDecimal(text, start, length) != nil
        case .date: CellText.date(text, start, length) != nil
        case .timestamp:
            CellText.timestamp(text, start, length) != nil || CellText.date(text, start, length) != nil
        case .string, .stringList: true
        }
    }

    /// No plus sign and no leading zeros: postal codes and telephone numbers are texts.
    private static func isNumeral(_ text: Span<UInt8>, _ start: Int, _ length: Int) -> Bool {
        let first = text[start] == UInt8(ascii: "-") ? start + 1 : start
        guard first < start + length, text[first] &- UInt8(ascii: "0") <= 9 else { return false }
        return text[first] != UInt8(ascii: "0") || first + 1 == start + length
            || text[first + 1] &- UInt8(ascii: "0") > 9
    }
}
