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
        case .decimal, .money: .double
        case .boolean: .bool
        case .date: .date
        case .dateTime: .timestamp
        case .unspecified, .text, .url, .UNRECOGNIZED: .string
        }
    }

    func batch(_ records: [Datavault_Scrape_V1_Record]) throws(PipelineFault) -> ColumnBatch {
        let rows = records.map(cells)
        do { return try ColumnBatch(schema: schema, rows: rows) } catch {
            throw .inputUnreadable(message: "a record does not fit its fields: \(error)")
        }
    }

    private func cells(_ record: Datavault_Scrape_V1_Record) -> [CellValue] {
        var cells = [CellValue](repeating: .null, count: schema.count)
        for value in record.values {
            guard let index = schema.index(of: value.field) else { continue }
            cells[index] = cell(value.value, as: schema.fields[index].type)
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
    private func cell(_ value: Datavault_Scrape_V1_Value, as type: ColumnType) -> CellValue {
        switch (value.kind, type) {
        case (.integer(let value), .int64): .int64(value)
        case (.decimal(let text), .double): Double(text).map { .double($0) } ?? .null
        case (.money(let money), .double): Double(money.amount).map { .double($0) } ?? .null
        case (.boolean(let value), .bool): .bool(value)
        case (.date(let text), .date): RowTime.days(text).map { .date($0) } ?? .null
        case (.dateTime(let text), .timestamp): RowTime.microseconds(text).map { .timestamp($0) } ?? .null
        case (.list(let list), .stringList): .stringList(list.values.compactMap(Self.text))
        case (_, .string): Self.text(value).map { .string($0) } ?? .null
        default: .null
        }
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
