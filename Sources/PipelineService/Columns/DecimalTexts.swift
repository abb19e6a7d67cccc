/// Decimals as the texts by which segments store them: where few differ, these become a dictionary.
enum DecimalTexts {
    /// The texts of cells; of those that are null, none.
    static func written(_ cells: [ExactDecimal], isNull: (Int) -> Bool = { _ in false }) -> Strings {
        var output = OutputBuffer(capacity: 16 * cells.count)
        let extents = cells.indices.map { row in
            let start = output.count
            if !isNull(row) { output.put(cells[row]) }
            return Extent(start: UInt32(start), length: UInt32(output.count - start))
        }
        return Strings(bytes: output.bytes, extents: extents)
    }

    /// The cells of texts; none where one that is not null is no decimal.
    static func read(_ texts: Strings, _ nulls: [UInt8]?) -> [ExactDecimal]? {
        let bytes = texts.bytes.span
        var cells: [ExactDecimal] = []
        cells.reserveCapacity(texts.count)
        for (row, extent) in texts.extents.enumerated() {
            if let nulls, nulls[row] != 0 {
                cells.append(.zero)
            } else if let cell = ExactDecimal(bytes, Int(extent.start), Int(extent.length)) {
                cells.append(cell)
            } else {
                return nil
            }
        }
        return cells
    }
}
