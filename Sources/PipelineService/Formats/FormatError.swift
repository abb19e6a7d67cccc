/// Why a file cannot be read on: what follows cannot be told from what came before.
struct FormatError: Error, Equatable, Sendable, CustomStringConvertible {
    enum Reason: String, Sendable {
        case unclosedQuote = "UNCLOSED_QUOTE"
        case recordTooLong = "RECORD_TOO_LONG"
        case invalidEncoding = "INVALID_ENCODING"
        case invalidHeader = "INVALID_HEADER"
        case tooManyColumns = "TOO_MANY_COLUMNS"
        case emptyFile = "EMPTY_FILE"
        case invalidOptions = "INVALID_OPTIONS"
        case noSuchColumn = "NO_SUCH_COLUMN"
    }

    let reason: Reason
    let message: String
    /// The record, from 1, the header being none; 0 where it concerns the whole file.
    let record: Int
    /// Where the record begins in the file, in bytes.
    let offset: Int

    init(_ reason: Reason, _ message: String, record: Int = 0, offset: Int = 0) {
        self.reason = reason
        self.message = message
        self.record = record
        self.offset = offset
    }

    var description: String { record == 0 ? message : "record \(record) (byte \(offset)): \(message)" }
}

/// A record that cannot become a row; the reader goes on behind it.
struct RejectedRecord: Sendable, Equatable {
    enum Reason: String, Sendable {
        case raggedRecord = "RAGGED_RECORD"
        case cellTooLong = "CELL_TOO_LONG"
        case textAfterQuote = "TEXT_AFTER_QUOTE"
        case invalidUTF8 = "INVALID_UTF8"
        case invalidValue = "INVALID_VALUE"
        case invalidJSON = "INVALID_JSON"
        case notAnObject = "NOT_AN_OBJECT"
        case unknownField = "UNKNOWN_FIELD"
        case duplicateField = "DUPLICATE_FIELD"
    }

    let reason: Reason
    let message: String
    /// The column, where it is one cell's fault.
    let field: String?
    /// The record, from 1, the header being none.
    let record: Int
    /// Where the record begins in the file, in bytes.
    let offset: Int
    /// The record's beginning as it stands in the file, at most 1 000 bytes, repaired where it is no UTF-8.
    let text: String

    /// The same record where so many stand before those it was counted among.
    func moved(behind records: Int) -> RejectedRecord {
        RejectedRecord(
            reason: reason, message: message, field: field, record: record + records, offset: offset, text: text)
    }
}
