/// How comma-separated values are read (RFC 4180).
struct CSVReadOptions: Sendable {
    /// Between the cells of a record: a character of ASCII that is neither a quote nor the end of a line.
    var delimiter: UInt8 = UInt8(ascii: ",")
    /// If the first record holds the names of the columns.
    var hasHeader = true
    /// The names of the columns, in place of the header's. Without a header and names, `column_1`, `column_2` ….
    var names: [String]?
    /// Types by column, for those that are not to be inferred. A name that the file lacks is an error.
    var types: [String: ColumnType] = [:]
    /// If types that are not given are inferred from the file's beginning; else such columns are texts.
    var infersTypes = true
}

/// How comma-separated values are written (RFC 4180, records end with LF).
struct CSVWriteOptions: Sendable {
    var delimiter: UInt8 = UInt8(ascii: ",")
    var writesHeader = true
    /// If texts that a spreadsheet would take for a formula (first character = + - @, tab or CR) get an apostrophe
    /// in front, as OWASP's CSV Injection page advises. Such a file does not read back as it was.
    var guardsFormulas = false
}
