import ScrapeContract
import SwiftProtobuf

/// Turns what was extracted into the records that are kept.
struct RecordWriter {
    let fields: [FieldDefinition]
    let url: String
    let fetchedAt: Int64
    let contentHash: String
    let planVersion: String

    /// Good records and those for quarantine, each to its place.
    func write(_ records: [ExtractedRecord], into result: inout PageResult) {
        for record in records {
            let message = message(record)
            do {
                if record.issues.isEmpty {
                    // A page without any of the fields is none of the pages that the scraper is about.
                    if message.values.isEmpty { continue }
                    result.records.append(try message.serializedBytes())
                } else {
                    result.quarantined.append(try quarantined(message, record.issues).serializedBytes())
                }
            } catch {
                // A text that no message takes: there is none that extraction gives.
                result.truncatedBy = "\(result.truncatedBy.map { $0 + " " } ?? "")serialization"
            }
        }
    }

    func message(_ record: ExtractedRecord) -> Datavault_Scrape_V1_Record {
        .with {
            $0.url = url
            $0.fetchTime = Google_Protobuf_Timestamp(microseconds: fetchedAt)
            $0.contentHash = contentHash
            $0.planVersion = planVersion
            $0.values = fields.indices.compactMap { index in
                guard index < record.values.count, let value = value(record.values[index], fields[index]) else {
                    return nil
                }
                return .with {
                    $0.field = fields[index].name
                    $0.value = value
                }
            }
        }
    }

    func quarantined(
        _ message: Datavault_Scrape_V1_Record, _ issues: [FieldIssue]
    ) -> Datavault_Scrape_V1_QuarantinedRecord {
        .with {
            $0.record = message
            $0.issues = issues.prefix(200).map { issue in
                .with {
                    if fields.indices.contains(issue.field) { $0.field = fields[issue.field].name }
                    $0.kind = .init(issue.reason)
                    $0.detail = issue.reason.sentence
                    $0.text = issue.text
                    if let source = issue.source { $0.source = .init(source) }
                }
            }
        }
    }

    private func value(_ values: [ExtractedValue], _ field: FieldDefinition) -> Datavault_Scrape_V1_Value? {
        guard let first = values.first else { return nil }
        guard field.isList else { return .init(first) }
        return .with { $0.list.values = values.map { .init($0) } }
    }
}

extension Datavault_Scrape_V1_Value {
    init(_ value: ExtractedValue) {
        self.init()
        source = .init(value.source)
        switch value.value {
        case .text(let text): self.text = text
        case .integer(let number): integer = number
        case .decimal(let text): decimal = text
        case .boolean(let truth): boolean = truth
        case .date(let text): date = text
        case .dateTime(let text): dateTime = text
        case .url(let text): url = text
        case .money(let amount, let currency):
            money = .with {
                $0.amount = amount
                $0.currencyCode = currency
            }
        }
    }
}

extension Datavault_Scrape_V1_SourceRange {
    init(_ range: SourceRange) {
        self.init()
        start = Int64(range.offset)
        end = Int64(range.offset + range.length)
    }
}

extension Datavault_Scrape_V1_FieldIssueKind {
    init(_ reason: FieldIssue.Reason) {
        self =
            switch reason {
            case .missing: .missing
            case .notANumber: .notANumber
            case .ambiguousNumber: .ambiguousNumber
            case .outOfRange: .outOfRange
            case .notABoolean: .notABoolean
            case .notADate: .notADate
            case .ambiguousDate: .ambiguousDate
            case .missingTimeZone: .missingTimeZone
            case .notMoney: .notMoney
            case .missingCurrency: .missingCurrency
            case .ambiguousCurrency: .ambiguousCurrency
            case .notAURL: .notAURL
            case .patternMismatch: .patternMismatch
            case .tooLong: .tooLong
            case .tooManyValues: .tooManyValues
            case .limitReached: .limitReached
            }
    }
}

extension FieldIssue.Reason {
    /// What is wrong, in words.
    var sentence: String {
        switch self {
        case .missing: "the page has no value for a field that is required"
        case .notANumber: "the text is no number"
        case .ambiguousNumber: "the text can be read as two numbers; decimal_mark tells them apart"
        case .outOfRange: "the number does not fit into 64 bits"
        case .notABoolean: "the text is neither true nor false"
        case .notADate: "the text is no date of the field's form"
        case .ambiguousDate: "the text can be read as two dates; date_format tells them apart"
        case .missingTimeZone: "the time has no offset from UTC; default_offset gives it one"
        case .notMoney: "the text is no amount"
        case .missingCurrency: "the amount has no currency; default_currency gives it one"
        case .ambiguousCurrency: "several currencies have this sign; default_currency tells them apart"
        case .notAURL: "the text is no URL"
        case .patternMismatch: "the value does not match the field's pattern"
        case .tooLong: "the value is longer than the field allows"
        case .tooManyValues: "the list has more values than are kept"
        case .limitReached: "the page reached a bound before the field was complete"
        }
    }
}

extension Google_Protobuf_Timestamp {
    init(microseconds: Int64) {
        let (seconds, rest) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        self.init(seconds: seconds, nanos: Int32(rest) * 1_000)
    }
}
