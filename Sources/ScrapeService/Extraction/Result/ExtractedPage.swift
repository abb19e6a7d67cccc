/// What a plan takes from a page.
package struct ExtractedPage: Sendable, Hashable {
    /// In the document's order. A record with issues is for quarantine.
    package var records: [ExtractedRecord] = []
    /// Where the page leads, each URL once, in the document's order.
    package var links: [PageLink] = []
    package var metadata = PageMetadata()
    /// The bounds that the page reached: it was read in part.
    package var truncations: PageTruncations = []
    /// The version of the plan that did this.
    package var planVersion = ""

    package init() {}
}

/// The fields of one record.
package struct ExtractedRecord: Sendable, Hashable {
    /// Values by the field's index in the definition: none, one, or many for a list.
    package var values: [[ExtractedValue]]
    /// Why the record is not as the definition wants it; empty for a good one.
    package var issues: [FieldIssue]
    /// Where the record's element stands.
    package var source: SourceRange

    package init(values: [[ExtractedValue]], issues: [FieldIssue] = [], source: SourceRange) {
        self.values = values
        self.issues = issues
        self.source = source
    }
}

/// A value and where it was found.
package struct ExtractedValue: Sendable, Hashable {
    package var value: TypedValue
    /// The element that it was taken from, or the attribute's value where the value is an attribute.
    package var source: SourceRange

    package init(value: TypedValue, source: SourceRange) {
        self.value = value
        self.source = source
    }

    /// The canonical form, by the field's type (see `FieldType`).
    package var text: String { value.text }
}

/// A value that has been read as its field's type.
package enum TypedValue: Sendable, Hashable {
    case text(String)
    case integer(Int64)
    /// Digits with at most one point, a `-` before a negative one: no exponent, no leading zeros.
    case decimal(String)
    case boolean(Bool)
    /// `yyyy-MM-dd`.
    case date(String)
    /// RFC 3339.
    case dateTime(String)
    /// The amount as in `decimal`, the currency as in ISO 4217.
    case money(amount: String, currency: String)
    case url(String)

    package var text: String {
        switch self {
        case .text(let text), .decimal(let text), .date(let text), .dateTime(let text), .url(let text): text
        case .integer(let number): String(number)
        case .boolean(let truth): truth ? "true" : "false"
        case .money(let amount, let currency): "\(amount) \(currency)"
        }
    }
}

/// Bytes of the page: of its body if that is UTF-8 (`PageMetadata.sourceIsBody`), else of the text that the body decodes
/// to, in UTF-8.
package struct SourceRange: Sendable, Hashable {
    package var offset: Int
    package var length: Int

    package init(offset: Int, length: Int) {
        self.offset = offset
        self.length = length
    }
}

/// What is wrong with a field of a record.
package struct FieldIssue: Sendable, Hashable {
    package enum Reason: String, Sendable, Hashable, CaseIterable {
        /// A required field has no value.
        case missing = "MISSING"
        case notANumber = "NOT_A_NUMBER"
        /// `1,234` without a declared decimal mark.
        case ambiguousNumber = "AMBIGUOUS_NUMBER"
        case outOfRange = "OUT_OF_RANGE"
        case notABoolean = "NOT_A_BOOLEAN"
        case notADate = "NOT_A_DATE"
        /// `03/04/2026` without a declared format.
        case ambiguousDate = "AMBIGUOUS_DATE"
        case missingTimeZone = "MISSING_TIME_ZONE"
        case notMoney = "NOT_MONEY"
        case missingCurrency = "MISSING_CURRENCY"
        /// `$` without a declared currency.
        case ambiguousCurrency = "AMBIGUOUS_CURRENCY"
        case notAURL = "NOT_A_URL"
        case patternMismatch = "PATTERN_MISMATCH"
        case tooLong = "TOO_LONG"
        case tooManyValues = "TOO_MANY_VALUES"
        /// A bound of the page was reached before the field was complete.
        case limitReached = "LIMIT_REACHED"
    }

    /// The field's index in the definition.
    package var field: Int
    package var reason: Reason
    /// The text that was found, cut after 256 characters; empty where nothing was.
    package var text: String
    package var source: SourceRange?

    package init(field: Int, reason: Reason, text: String = "", source: SourceRange? = nil) {
        self.field = field
        self.reason = reason
        self.text = text
        self.source = source
    }
}
