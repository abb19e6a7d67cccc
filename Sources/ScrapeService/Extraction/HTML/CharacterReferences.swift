/// Named character references, by name.
struct CharacterReferences: Sendable {
    static let shared = CharacterReferences()

    /// No name without `;` is longer.
    static let longestWithoutSemicolon = 6
    static let longestName = 31

    private struct Entry: Sendable {
        var name: [UInt8]
        var text: [UInt8]
        var needsSemicolon: Bool
        var next: Int16
    }

    private var entries: [Entry] = []
    private var slots = [Int16](repeating: -1, count: 4_096)

    private init() {
        let plain = Set(EntityNames.withoutSemicolon.split(separator: " "))
        for item in EntityNames.all.split(separator: " ") {
            let pair = item.split(separator: "=")
            guard pair.count == 2 else { continue }
            let scalars = pair[1].split(separator: ",").compactMap {
                UInt32($0, radix: 16).flatMap(Unicode.Scalar.init)
            }
            let name = Array(pair[0].utf8)
            let slot = Int(name.reduce(NameTable.seed, NameTable.mix)) & 4_095
            entries.append(
                Entry(
                    name: name, text: scalars.flatMap { Array(String(Character($0)).utf8) },
                    needsSemicolon: !plain.contains(pair[0]), next: slots[slot]))
            slots[slot] = Int16(entries.count - 1)
        }
    }

    /// What a name stands for.
    ///
    /// - Parameter hasSemicolon: if `;` follows the name.
    func find(_ range: ByteRange, in text: borrowing Column<UInt8>, hasSemicolon: Bool) -> [UInt8]? {
        var hash = NameTable.seed
        for index in range.lower..<range.upper { hash = NameTable.mix(hash, text[index]) }
        var entry = slots[Int(hash) & 4_095]
        while entry >= 0 {
            let found = entries[Int(entry)]
            if text.equals(range, found.name) { return hasSemicolon || !found.needsSemicolon ? found.text : nil }
            entry = found.next
        }
        return nil
    }

    /// HTML standard, section 13.2.5.80: what a number stands for.
    static func scalar(_ number: UInt32) -> UInt32 {
        switch number {
        case 0, 0xD800...0xDFFF, 0x11_0000...: 0xFFFD
        case 0x80...0x9F: windows1252[Int(number) - 0x80]
        default: number
        }
    }

    private static let windows1252: [UInt32] = [
        0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D,
        0x017D,
        0x8F, 0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153,
        0x9D,
        0x017E, 0x0178,
    ]
}
