/// Finds what someone who mistyped a name meant.
enum Suggestion {
    /// The name that differs least, where it differs little.
    static func nearest(to name: String, among names: [String]) -> String? {
        guard name.utf8.count <= 64 else { return nil }
        let wanted = Array(name.lowercased().utf8)
        let near = names.prefix(2_000).filter { $0.utf8.count <= 64 }
            .map { ($0, distance(wanted, Array($0.lowercased().utf8))) }
            .min { ($0.1, $0.0) < ($1.1, $1.0) }
        guard let near, near.1 <= max(1, (wanted.count + 2) / 3) else { return nil }
        return near.0
    }

    /// How many letters have to be put in, left out or changed (Levenshtein).
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var row = Array(0...right.count)
        for (index, letter) in left.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for (place, other) in right.enumerated() {
                let changed = diagonal + (letter == other ? 0 : 1)
                diagonal = row[place + 1]
                row[place + 1] = min(changed, diagonal + 1, row[place] + 1)
            }
        }
        return row[right.count]
    }
}
