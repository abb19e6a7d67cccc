/// The different texts of a column, where they are so few that numbers into them take less room.
struct TextDictionary {
    private(set) var texts = Strings()
    private(set) var codes: [UInt32] = []

    init?(_ column: Strings) {
        guard column.count >= 16 else { return nil }
        let maximum = min(column.count / 2, 65_536)
        // Open places hold zero, others the text's number and one more; three in four stay open.
        let size = 4 << (Int.bitWidth - maximum.leadingZeroBitCount)
        var places = [UInt32](repeating: 0, count: size)
        let seed = KeyHash(low: 0x9E37_79B9_7F4A_7C15, high: 0xD1B5_4A32_D192_ED03)
        let bytes = column.bytes.span
        codes.reserveCapacity(column.count)
        for extent in column.extents {
            var state = SipState(seed)
            state.absorb(bytes, extent)
            var at = Int(truncatingIfNeeded: state.finished().low) & (size - 1)
            while places[at] != 0, !equalText(bytes, extent, texts.bytes.span, texts.extents[Int(places[at]) - 1]) {
                at = (at + 1) & (size - 1)
            }
            if places[at] == 0 {
                guard texts.count < maximum else { return nil }
                texts.append(column.bytes[extent.range])
                places[at] = UInt32(texts.count)
            }
            codes.append(places[at] - 1)
        }
    }
}
