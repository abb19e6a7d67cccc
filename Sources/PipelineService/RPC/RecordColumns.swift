import ScrapeContract
import SwiftProtobuf

/// The columns that records become: one a field, a second one for the currency of money, and where each row comes from.
struct RecordColumns: Sendable {
    let schema: Schema
    private let fields: [Datavault_Scrape_V1_RecordField]
    /// What says where a row comes from; those are left out whose names fields have.
    private let origins: [Origin]

    private enum Origin: String, CaseIterable {
        case url = "_url"
        case time = "_fetch_time"
        case hash = "_content_hash"

        var type: ColumnType { self == .time ? .timestamp : .string }
    }

    init(_ fields: [Datavault_Scrape_V1_RecordField]) throws(PipelineFault) {
        self.fields = fields
        var columns: [Field] = []
        let names = Set(fields.map(\.name))
        for field in fields {
            columns.append(Field(field.name, Self.type(field)))
            let currency = Self.currency(field)
            if field.type == .money, !field.list, !names.contains(currency) { columns.append(Field(currency, .string)) }
        }
        origins = Origin.allCases.filter { !names.contains($0.rawValue) }
        columns += origins.map { Field($0.rawValue, $0.type) }
        do { schema = try Schema(columns) } catch {
            throw .inputUnreadable(message: "the job's fields are no columns: \(error)")
        }
    }

    private static func currency(_ field: Datavault_Scrape_V1_RecordField) -> String { "\(field.name)_currency" }

    private static func type(_ field: Datavault_Scrape_V1_RecordField) -> ColumnType {
        guard !field.list else { return .stringList }
        return switch field.type {
        case .integer: .int64
        case .decimal, .money: .decimal
        case .boolean: .bool
        case .date: .date
        case .dateTime: .timestamp
        case .unspecified, .text, .url, .UNRECOGNIZED: .string
        }
    }

    /// Rows of records, and the records among them that can be none: a number with too many digits is not rounded.
    func batch(_ records: [Datavault_Scrape_V1_Record]) throws(PipelineFault) -> JobRecordBatch {
        var rows: [[CellValue]] = []
        var rejected: [RejectedRecord] = []
        for (index, record) in records.enumerated() {
            do throws(Misfit) { rows.append(try cells(record)) } catch {
                rejected.append(
                    RejectedRecord(
                        reason: .invalidValue, message: error.message, field: error.field, record: index + 1, offset: 0,
                        text: (try? record.jsonString()) ?? ""))
            }
        }
        do {
            return JobRecordBatch(
                batch: try ColumnBatch(schema: schema, rows: rows), rejected: rejected,
                lastOrdinal: records.last?.ordinal ?? 0)
        } catch { throw .inputUnreadable(message: "a record does not fit its fields: \(error)") }
    }

    /// A value that its column cannot hold.
    private struct Misfit: Error {
        let field: String
        let text: String

        var message: String {
            "column \"\(field)\": \"\(text.prefix(100))\" is no \(ColumnType.decimal.wording)"
        }
    }

    private func cells(_ record: Datavault_Scrape_V1_Record) throws(Misfit) -> [CellValue] {
        var cells = [CellValue](repeating: .null, count: schema.count)
        for value in record.values {
            guard let index = schema.index(of: value.field) else { continue }
            cells[index] = try cell(value.value, of: schema.fields[index])
            if case .money(let money) = value.value.kind, let place = schema.index(of: "\(value.field)_currency"),
                schema.fields[place].type == .string
            {
                cells[place] = .string(money.currencyCode)
            }
        }
        for origin in origins {
            guard let index = schema.index(of: origin.rawValue) else { continue }
            cells[index] =
                switch origin {
                case .url: .string(record.url)
                case .time:
                    .timestamp(record.fetchTime.seconds * 1_000_000 + Int64(record.fetchTime.nanos) / 1_000)
                case .hash: .string(record.contentHash)
                }
        }
        return cells
    }

    /// A value as a cell; null for one that is not what its field says, which Scrape sets aside before.
    private func cell(_ value: Datavault_Scrape_V1_Value, of field: Field) throws(Misfit) -> CellValue {
        switch (value.kind, field.type) {
        case (.integer(let value), .int64): .int64(value)
        case (.decimal(let text), .decimal): try Self.decimal(text, of: field)
        case (.money(let money), .decimal): try Self.decimal(money.amount, of: field)
        case (.boolean(let value), .bool): .bool(value)
        case (.date(let text), .date): RowTime.days(text).map { .date($0) } ?? .null
        case (.dateTime(let text), .timestamp): RowTime.microseconds(text).map { .timestamp($0) } ?? .null
        case (.list(let list), .stringList): .stringList(list.values.compactMap(Self.text))
        case (_, .string): Self.text(value).map { .string($0) } ?? .null
        default: .null
        }
    }

    private static func decimal(_ text: String, of field: Field) throws(Misfit) -> CellValue {
        guard let value = ExactDecimal(text) else { throw Misfit(field: field.name, text: text) }
        return .decimal(value)
    }

    /// A value as text, in its canonical form.
    private static func text(_ value: Datavault_Scrape_V1_Value) -> String? {
        switch value.kind {
        case .text(let text), .decimal(let text), .date(let text), .dateTime(let text), .url(let text): text
        case .integer(let value): "\(value)"
        case .boolean(let value): value ? "true" : "false"
        case .money(let money): "\(money.amount) \(money.currencyCode)"
        case .list, nil: nil
        }
    }
}
