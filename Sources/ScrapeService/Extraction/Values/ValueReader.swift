/// Reads texts as values of a field's type.
struct ValueReader {
    let type: FieldType
    let options: FieldOptions
    let dateFormat: DateFormat?

    /// The value, or why the text is none.
    func read(_ text: String, base: WebAddress?, urlBytes: Int) -> Result<TypedValue, ValueIssue> {
        switch type {
        case .text: .success(.text(text))
        case .integer: NumberReader.integer(text, options.decimalMark).map(TypedValue.integer)
        case .decimal: NumberReader.decimal(text, options.decimalMark).map(TypedValue.decimal)
        case .boolean: Self.boolean(text)
        case .date: DateReader(options: options, format: dateFormat).date(text).map(TypedValue.date)
        case .dateTime: DateReader(options: options, format: dateFormat).dateTime(text).map(TypedValue.dateTime)
        case .money:
            MoneyReader.read(text, options).map { TypedValue.money(amount: $0.amount, currency: $0.currency) }
        case .url:
            if let address = WebAddress(text, base: base, maximumBytes: urlBytes) {
                .success(.url(address.description))
            } else {
                .failure(ValueIssue(.notAURL))
            }
        }
    }

    private static func boolean(_ text: String) -> Result<TypedValue, ValueIssue> {
        switch text.lowercased() {
        case "true", "yes", "y", "on", "1", "✓", "✔": .success(.boolean(true))
        case "false", "no", "n", "off", "0", "✗", "✘": .success(.boolean(false))
        default: .failure(ValueIssue(.notABoolean))
        }
    }
}

/// Why a text is no value of a type.
struct ValueIssue: Error, Hashable {
    let reason: FieldIssue.Reason
    init(_ reason: FieldIssue.Reason) { self.reason = reason }
}
