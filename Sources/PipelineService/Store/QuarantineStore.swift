import Persistence

/// What is kept of a row's cells, as JSON.
private struct KeptCells: Codable {
    var names: [String]?
    var cells: [KeptCell]?
    var text: String?

    init(_ cells: QuarantinedCells) {
        switch cells {
        case .row(let names, let cells): (self.names, self.cells) = (names, cells.map(KeptCell.init))
        case .text(let text): self.text = text
        }
    }

    var value: QuarantinedCells {
        if let text { return .text(text) }
        return .row(names: names ?? [], cells: (cells ?? []).map(\.value))
    }
}

extension QuarantinedRow: RowDecodable {
    init(row: Row) throws {
        let step: Int64? = try row["step"]
        self.init(
            number: try row["number"], inputRow: try row["input_row"], step: step.map { Int($0) },
            rule: try row["rule"], reason: try row["reason"], message: try row["message"],
            cells: try JSONText.decode(KeptCells.self, try row["cells"]).value)
    }
}

/// The table of rows that runs set aside.
enum QuarantineStore {
    /// Rows that one statement writes: below what a statement may bind.
    private static let chunk = 200

    static func insert(_ rows: [QuarantinedRow], of run: String, in tx: borrowing Transaction) throws {
        var start = 0
        while start < rows.count {
            let end = min(start + chunk, rows.count)
            let values = rows[start..<end].map { row -> SQL in
                """
                (\(.organization), \(run), \(row.number), \(row.inputRow), \(row.step.map { Int64($0) }), \(row.rule),
                \(row.reason), \(row.message.replacing("\0", with: "\u{FFFD}")), \(JSONText.encode(KeptCells(row.cells))))
                """
            }
            try tx.run(
                """
                INSERT INTO quarantined_rows (
                    organization, run, number, input_row, step, rule, reason, message, cells
                ) VALUES \(SQL.joined(values, separator: ", "))
                """)
            start = end
        }
    }

    /// The rows after a number, in the order of the run.
    ///
    /// - Parameter rule: Only those that broke this quality rule; nil: all.
    static func rows(
        of run: String, rule: String?, after number: Int64, count: Int, in tx: borrowing Transaction
    ) throws -> [QuarantinedRow] {
        let filter: SQL = rule.map { "AND rule = \($0)" } ?? ""
        return try tx.all(
            QuarantinedRow.self,
            """
            SELECT number, input_row, step, rule, reason, message, cells FROM quarantined_rows
            WHERE organization = \(.organization) AND run = \(run) \(filter) AND number > \(number)
            ORDER BY number LIMIT \(count)
            """)
    }
}
