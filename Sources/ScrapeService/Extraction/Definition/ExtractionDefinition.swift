/// What is to be taken from a page: where its records are, and the fields of each.
package struct ExtractionDefinition: Sendable, Hashable {
    /// A CSS selector whose matches are the records; without one a page is one record.
    package var recordSelector: String?
    /// The fields in the order in which records show them. Names differ.
    package var fields: [FieldDefinition]

    package init(recordSelector: String? = nil, fields: [FieldDefinition]) {
        self.recordSelector = recordSelector
        self.fields = fields
    }
}

/// One field of a record.
package struct FieldDefinition: Sendable, Hashable {
    /// Letters, digits and `_`, not starting with a digit.
    package var name: String
    /// A CSS selector relative to the record (`:scope` is the record's element); without one the record's element itself.
    package var selector: String?
    package var take: FieldSource
    /// A pattern of RE2: of the taken text stays its first group, or the whole match if it has no group. A text without a
    /// match is as if the element were missing.
    package var capture: String?
    package var type: FieldType
    package var options: FieldOptions
    /// All matches in the document's order, where else the first one counts.
    package var isList: Bool
    /// A record without a value is quarantined.
    package var isRequired: Bool
    /// A pattern of RE2 that the whole of each value's canonical text must match.
    package var pattern: String?
    /// The most characters (Unicode scalars) of each value's canonical text; `ExtractionLimits.valueBytes` holds besides.
    package var maximumLength: Int?

    package init(
        name: String, selector: String? = nil, take: FieldSource = .text, capture: String? = nil,
        type: FieldType = .text, options: FieldOptions = FieldOptions(), isList: Bool = false,
        isRequired: Bool = false, pattern: String? = nil, maximumLength: Int? = nil
    ) {
        self.name = name
        self.selector = selector
        self.take = take
        self.capture = capture
        self.type = type
        self.options = options
        self.isList = isList
        self.isRequired = isRequired
        self.pattern = pattern
        self.maximumLength = maximumLength
    }
}

/// What of a matched element is the value.
package enum FieldSource: Sendable, Hashable {
    /// The text of the element and all below it, scripts and styles left out, white space collapsed as a reader sees it.
    case text
    /// As `text`, of the element's own text nodes alone.
    case ownText
    /// An attribute's value, without white space at its ends. An element without the attribute gives no value.
    case attribute(String)
    /// What the element contains, serialized by the HTML standard.
    case innerHTML
    /// The element and what it contains, serialized by the HTML standard.
    case outerHTML
}

/// What a value is, and so how its text is read and in which canonical form it is given.
package enum FieldType: String, Sendable, Hashable, CaseIterable {
    /// As taken.
    case text
    /// A signed whole number of 64 bits: `-1234`.
    case integer
    /// A decimal number of any size: `-1234.50`; digits after the mark stay as they are.
    case decimal
    /// `true` or `false`.
    case boolean
    /// A day: `2026-11-21`.
    case date
    /// A time: `2026-11-21T16:12:00Z`, by RFC 3339 with the offset that was given.
    case dateTime
    /// An amount and a currency of ISO 4217: `12.50 EUR`.
    case money
    /// An absolute URL, resolved by the page's base.
    case url
}

/// How texts are read where reading them takes a convention.
package struct FieldOptions: Sendable, Hashable {
    /// For dates and times: fields as in `yyyy-MM-dd HH:mm:ss` (see docs/extraction.md). Without one, standard forms and
    /// forms with the month's name are read, and numeric ones only if they can mean one day.
    package var dateFormat: String?
    /// For numbers and money. `automatic` takes a mark as decimal only where it can be nothing else.
    package var decimalMark: DecimalMark
    /// For money: the currency of amounts that name none, and of symbols that many share (`$`).
    package var defaultCurrency: String?
    /// For times: the offset from UTC, in minutes, of those that name none. Without one they are an issue.
    package var defaultOffsetMinutes: Int?

    package init(
        dateFormat: String? = nil, decimalMark: DecimalMark = .automatic, defaultCurrency: String? = nil,
        defaultOffsetMinutes: Int? = nil
    ) {
        self.dateFormat = dateFormat
        self.decimalMark = decimalMark
        self.defaultCurrency = defaultCurrency
        self.defaultOffsetMinutes = defaultOffsetMinutes
    }
}

/// Which character stands before a number's fraction.
package enum DecimalMark: String, Sendable, Hashable, CaseIterable {
    case automatic
    case point
    case comma
}
