/// Finds what was probably meant.
package enum NearestNames {
    /// The names that are nearest to what was written, best first: those that differ in a third of their letters at
    /// most, and in no more than four: packages make names long.
    package static func of(_ written: String, among names: some Sequence<String>, count: Int = 3) -> [String] {
        let wanted = Array(written.lowercased().utf8.prefix(maxLength))
        let found = names.compactMap { name -> (name: String, distance: Int)? in
            let candidate = Array(name.lowercased().utf8.prefix(maxLength))
            let bound = min(max(1, max(wanted.count, candidate.count) / 3), 4)
            guard abs(wanted.count - candidate.count) <= bound else { return nil }
            let distance = distance(wanted, candidate)
            return distance <= bound ? (name, distance) : nil
        }
        return found.sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }.prefix(count).map(\.name)
    }

    /// Bytes of a name that count: the time grows with their square.
    private static let maxLength = 200

    /// How many bytes have to be put in, taken out, replaced or swapped with their neighbour (optimal string alignment).
    static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var before: [Int] = []
        var above = Array(0...right.count)
        for row in 0..<left.count {
            var current = [row + 1]
            for column in 0..<right.count {
                var best = min(above[column + 1], current[column]) + 1
                best = min(best, above[column] + (left[row] == right[column] ? 0 : 1))
                if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                    best = min(best, before[column - 1] + 1)
                }
                current.append(best)
            }
            (before, above) = (above, current)
        }
        return above[right.count]
    }
}
