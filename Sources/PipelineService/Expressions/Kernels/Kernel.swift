/// What a kernel works with beside its arguments.
struct KernelContext: Sendable {
    /// How many rows there are.
    let count: Int
    let sites: ErrorSites
    let limits: ExpressionLimits
    /// The node's own pattern, where it was a literal.
    var pattern: Pattern?
}

/// The rows that have no value, while a kernel runs.
struct StatusBuilder {
    private(set) var bytes: [UInt8]?
    private let count: Int

    /// A row has an error where any argument has one, the first argument's, and where any is null.
    init(_ arguments: [Register], count: Int, nullSite: UInt8) {
        self.count = count
        guard arguments.contains(where: { $0.status != nil }) else { return }
        var merged = [UInt8](repeating: 0, count: count)
        for argument in arguments {
            guard let status = argument.status else { continue }
            let isConstant = argument.isConstant
            for row in 0..<count where merged[row] <= Register.null {
                let byte = isConstant ? status[0] : status[row]
                if byte != 0 { merged[row] = byte }
            }
        }
        for row in 0..<count where merged[row] == Register.null { merged[row] = nullSite }
        bytes = merged
    }

    init(count: Int) { self.count = count }

    func isValue(_ row: Int) -> Bool { bytes.map { $0[row] == 0 } ?? true }

    /// Gives a row an error, unless it has one.
    mutating func fail(_ row: Int, _ site: UInt8) {
        if bytes == nil { bytes = [UInt8](repeating: 0, count: count) }
        if bytes?[row] == 0 { bytes?[row] = site }
    }
}

/// Runs a function over one array.
@inline(__always)
func mapping<A: BitwiseCopyable, R: BitwiseCopyable>(_ a: [A], _ count: Int, _ body: (A) -> R) -> [R] {
    let from = a.span
    return [R](capacity: count) { output in
        for row in 0..<count { output.append(body(from[at: row])) }
    }
}

/// Runs a function over two arrays, of which one may be one value for all rows: then it stays out of the loop.
@inline(__always)
func zipping<A: BitwiseCopyable, B: BitwiseCopyable, R: BitwiseCopyable>(
    _ a: [A], _ aConstant: Bool, _ b: [B], _ bConstant: Bool, _ count: Int, _ body: (A, B) -> R
) -> [R] {
    let left = a.span
    let right = b.span
    return [R](capacity: count) { output in
        if bConstant, !aConstant {
            let value = right[at: 0]
            for row in 0..<count { output.append(body(left[at: row], value)) }
        } else if aConstant, !bConstant {
            let value = left[at: 0]
            for row in 0..<count { output.append(body(value, right[at: row])) }
        } else {
            for row in 0..<count { output.append(body(left[at: row], right[at: row])) }
        }
    }
}

extension Register {
    /// The row of a value: constants have one.
    @inline(__always)
    func at(_ row: Int) -> Int { isConstant ? 0 : row }

    /// The text at a row, of a register of texts or bytes.
    var texts: Strings {
        switch values {
        case .string(let texts), .bytes(let texts): texts
        default: Strings()
        }
    }
}

/// Texts that a kernel makes, bounded.
struct TextBuilder {
    private(set) var texts = Strings()
    let limit: Int

    init(count: Int, limit: Int) {
        self.limit = min(limit, Int(UInt32.max))
        texts.extents.reserveCapacity(count)
    }

    /// Appends a text; false, and an empty one, where it would not fit the limit.
    mutating func append(_ parts: ArraySlice<UInt8>...) -> Bool {
        let length = parts.reduce(0) { $0 + $1.count }
        guard texts.bytes.count + length <= limit else {
            appendEmpty()
            return false
        }
        texts.extents.append(Extent(start: UInt32(texts.bytes.count), length: UInt32(length)))
        for part in parts { texts.bytes.append(contentsOf: part) }
        return true
    }

    mutating func appendEmpty() { texts.append([]) }
}
