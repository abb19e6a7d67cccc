/// Reads the pattern language; see `Pattern`.
struct PatternParser {
    /// Groups inside each other, and the counts in `{n,m}`: more than contracts need, less than hurts.
    static let maxDepth = 32
    static let maxCount = 1_000

    private var rest: Substring.UnicodeScalarView
    private var depth = 0

    static func parse(_ text: String) throws(PatternError) -> PatternNode {
        var parser = PatternParser(rest: Substring(text).unicodeScalars)
        let node = try parser.choice()
        guard parser.rest.isEmpty else { throw PatternError("')' closes no group") }
        return node
    }

    private init(rest: Substring.UnicodeScalarView) { self.rest = rest }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard rest.first == scalar else { return false }
        rest.removeFirst()
        return true
    }

    private mutating func choice() throws(PatternError) -> PatternNode {
        var branches = [try sequence()]
        while take("|") { branches.append(try sequence()) }
        return branches.count == 1 ? branches[0] : .choice(branches)
    }

    private mutating func sequence() throws(PatternError) -> PatternNode {
        var parts: [PatternNode] = []
        while let next = rest.first, next != "|", next != ")" {
            parts.append(try quantified(atom()))
        }
        return .sequence(parts)
    }

    private mutating func quantified(_ atom: PatternNode) throws(PatternError) -> PatternNode {
        guard let next = rest.first, let (min, max) = try quantifier(next) else { return atom }
        if let next = rest.first, "?*+{".unicodeScalars.contains(next) {
            throw PatternError("'\(next)' follows another quantifier; a match is whole or none, so none is lazy")
        }
        return .repeated(atom, min: min, max: max)
    }

    private mutating func quantifier(_ scalar: Unicode.Scalar) throws(PatternError) -> (Int, Int?)? {
        switch scalar {
        case "?":
            rest.removeFirst()
            return (0, 1)
        case "*":
            rest.removeFirst()
            return (0, nil)
        case "+":
            rest.removeFirst()
            return (1, nil)
        case "{":
            rest.removeFirst()
            return try counts()
        default: return nil
        }
    }

    private mutating func counts() throws(PatternError) -> (Int, Int?) {
        let min = try number()
        var max: Int? = min
        if take(",") { max = rest.first == "}" ? nil : try number() }
        guard take("}") else { throw PatternError("'{' takes one or two numbers and '}'") }
        if let max, max < min { throw PatternError("{\(min),\(max)} is an empty range") }
        return (min, max)
    }

    private mutating func number() throws(PatternError) -> Int {
        var value = 0
        var digits = 0
        while let digit = rest.first, ("0"..."9").contains(digit) {
            rest.removeFirst()
            value = value * 10 + Int(digit.value - 48)
            digits += 1
            guard value <= Self.maxCount else { throw PatternError("a count is over \(Self.maxCount)") }
        }
        guard digits > 0 else { throw PatternError("'{' takes one or two numbers and '}'") }
        return value
    }

    private mutating func atom() throws(PatternError) -> PatternNode {
        let scalar = rest.removeFirst()
        switch scalar {
        case "(": return try group()
        case "[": return try characterClass()
        case ".": return .choice([.byte(ByteSet.ascii.subtracting(ByteSet([0x0A]))), .beyondASCII])
        case "\\":
            return switch try escape() {
            case .set(let set, isNegated: false): .byte(set)
            case .set(let set, isNegated: true): .choice([.byte(ByteSet.ascii.subtracting(set)), .beyondASCII])
            case .literal(let literal): Self.literal(literal)
            }
        case "^", "$":
            throw PatternError("the whole text is matched always: leave '\(scalar)' out, or escape it")
        case "?", "*", "+", "{": throw PatternError("'\(scalar)' follows nothing that it could repeat")
        case "]", "}": throw PatternError("'\(scalar)' closes nothing: escape it")
        default: return Self.literal(scalar)
        }
    }

    private static func literal(_ scalar: Unicode.Scalar) -> PatternNode {
        let bytes = String(Character(scalar)).utf8.map { PatternNode.byte(ByteSet([$0])) }
        return bytes.count == 1 ? bytes[0] : .sequence(bytes)
    }

    private mutating func group() throws(PatternError) -> PatternNode {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maxDepth else { throw PatternError("groups are nested deeper than \(Self.maxDepth)") }
        if take("?") {
            guard take(":") else { throw PatternError("the only special group is '(?:'; look-around is not linear") }
        }
        let node = try choice()
        guard take(")") else { throw PatternError("'(' is not closed") }
        return node
    }

    // MARK: Classes and escapes

    private enum Escape {
        case set(ByteSet, isNegated: Bool)
        case literal(Unicode.Scalar)
    }

    private static let digits = ByteSet(0x30...0x39)
    private static let word = digits.union(ByteSet(0x41...0x5A)).union(ByteSet(0x61...0x7A)).union(ByteSet([0x5F]))
    private static let space = ByteSet([0x09, 0x0A, 0x0C, 0x0D, 0x20])

    private mutating func escape() throws(PatternError) -> Escape {
        guard let scalar = rest.popFirst() else { throw PatternError("'\\' stands at the end") }
        switch scalar {
        case "d": return .set(Self.digits, isNegated: false)
        case "D": return .set(Self.digits, isNegated: true)
        case "w": return .set(Self.word, isNegated: false)
        case "W": return .set(Self.word, isNegated: true)
        case "s": return .set(Self.space, isNegated: false)
        case "S": return .set(Self.space, isNegated: true)
        case "n": return .literal("\n")
        case "r": return .literal("\r")
        case "t": return .literal("\t")
        default:
            guard scalar.isASCII, !scalar.properties.isAlphabetic, !("0"..."9").contains(scalar) else {
                throw PatternError("'\\\(scalar)' is no escape of this language")
            }
            return .literal(scalar)
        }
    }

    private mutating func characterClass() throws(PatternError) -> PatternNode {
        let isNegated = take("^")
        var set = ByteSet()
        var isEmpty = true
        while !take("]") {
            guard let first = rest.popFirst() else { throw PatternError("'[' is not closed") }
            isEmpty = false
            guard let low = try classMember(first, into: &set) else { continue }
            guard rest.first == "-", rest.dropFirst().first != "]" else {
                set.insert(low)
                continue
            }
            rest.removeFirst()
            guard let last = rest.popFirst() else { throw PatternError("'[' is not closed") }
            guard let high = try classMember(last, into: &set), low <= high else {
                throw PatternError("the range from '\(Unicode.Scalar(low))' to '\(last)' in a class is no range")
            }
            set = set.union(ByteSet(low...high))
        }
        guard !isEmpty else { throw PatternError("a class is empty") }
        guard isNegated else { return .byte(set) }
        return .choice([.byte(ByteSet.ascii.subtracting(set)), .beyondASCII])
    }

    /// The single character that `first` begins, or nil where it stands for a set, which is added.
    private mutating func classMember(
        _ first: Unicode.Scalar,
        into set: inout ByteSet
    ) throws(PatternError) -> UInt8? {
        var scalar = first
        if first == "\\" {
            switch try escape() {
            case .literal(let literal): scalar = literal
            case .set(let escaped, isNegated: false):
                set = set.union(escaped)
                return nil
            case .set: throw PatternError("a class cannot hold a negated set")
            }
        }
        guard scalar.isASCII else { throw PatternError("a class holds ASCII characters, and '\(scalar)' is none") }
        return UInt8(scalar.value)
    }
}
