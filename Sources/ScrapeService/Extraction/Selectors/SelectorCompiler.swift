/// Writes selectors into the tables of a program.
struct SelectorCompiler {
    private(set) var tests: [SelectorTest] = []
    private(set) var compounds: [CompiledCompound] = []
    private(set) var selectors: [CompiledSelector] = []
    private(set) var lists: [ByteRange] = []
    private(set) var names: [[UInt8]] = []
    private(set) var values: [[UInt8]] = []
    private(set) var keys = SelectorKeys()
    private(set) var usesPositions = false
    private(set) var usesTypePositions = false

    init() {}

    /// Adds a list of selectors, and gives its number.
    mutating func add(_ list: SelectorList) -> SelectorListID { add(list, inHas: false) }

    private mutating func add(_ list: SelectorList, inHas: Bool) -> SelectorListID {
        // Inner lists are written first, so that a list's own selectors stand together.
        let compiled = list.selectors.map { compile($0, inHas: inHas) }
        lists.append(ByteRange(start: selectors.count, length: compiled.count))
        selectors += compiled
        return SelectorListID(lists.count - 1)
    }

    private mutating func compile(_ selector: ComplexSelector, inHas: Bool) -> CompiledSelector {
        var own: [CompiledCompound] = []
        var ancestorKeys: UInt64 = 0
        for index in selector.compounds.indices.reversed() {
            var compound = compile(selector.compounds[index])
            compound.combinator = selector.combinators[index] ?? .descendant
            // What a child or descendant combinator follows stands above the subject, or above a sibling of what does.
            if index + 1 < selector.compounds.count {
                let right = selector.combinators[index + 1]
                if right == .descendant || right == .child { ancestorKeys |= compound.keys }
            }
            own.append(compound)
        }
        let leading = selector.combinators[0] ?? .descendant
        if inHas { own.append(anchor()) }
        let first = compounds.count
        compounds += own
        return CompiledSelector(
            firstCompound: Int32(first), compoundCount: Int32(own.count), ancestorKeys: ancestorKeys, leading: leading)
    }

    private mutating func anchor() -> CompiledCompound {
        tests.append(SelectorTest(operation: .anchor))
        return CompiledCompound(firstTest: Int32(tests.count - 1), testCount: 1)
    }

    private mutating func compile(_ compound: CompoundSelector) -> CompiledCompound {
        var own: [SelectorTest] = []
        var keys: UInt64 = 0
        for simple in compound.simples {
            if let bit = key(simple) { keys |= bit } else { own += test(simple) }
        }
        // Cheap tests first.
        own.sort { $0.operation.rawValue < $1.operation.rawValue }
        tests += own
        return CompiledCompound(keys: keys, firstTest: Int32(tests.count - own.count), testCount: Int32(own.count))
    }

    private mutating func key(_ simple: SimpleSelector) -> UInt64? {
        switch simple {
        case .type(let name): keys.bit(.type, name)
        case .id(let name): keys.bit(.id, name)
        case .className(let name): keys.bit(.className, name)
        default: nil
        }
    }

    private mutating func test(_ simple: SimpleSelector) -> [SelectorTest] {
        switch simple {
        case .universal: return []
        case .type(let text): return [SelectorTest(operation: .type, a: name(text))]
        case .id(let text): return [SelectorTest(operation: .id, a: value(text))]
        case .className(let text): return [SelectorTest(operation: .className, a: value(text))]
        case .attribute(let selector):
            var test = SelectorTest(operation: .attribute, a: name(selector.name), b: value(selector.value))
            test.match = selector.match
            test.ignoresCase = selector.letterCase == .insensitive
            test.ignoresCaseInHTML =
                selector.letterCase == .automatic && Self.attributesWithoutCase.contains(selector.name.lowercased())
            return [test]
        case .not(let list): return [SelectorTest(operation: .not, a: add(list))]
        case .matches(let list): return [SelectorTest(operation: .matches, a: add(list))]
        case .has(let list): return [SelectorTest(operation: .has, a: add(list, inHas: true))]
        case .empty: return [SelectorTest(operation: .empty)]
        case .root: return [SelectorTest(operation: .root)]
        case .scope: return [SelectorTest(operation: .scope)]
        case .textContains(let texts):
            let first = Int32(values.count)
            values += texts.map { Array($0.utf8) }
            return [SelectorTest(operation: .textContains, a: first, b: Int32(texts.count))]
        case .nth(let nth):
            var test = SelectorTest(operation: .nth, a: nth.step, b: nth.offset)
            test.fromEnd = nth.fromEnd
            test.ofType = nth.ofType
            test.c = nth.among.map { add($0) } ?? -1
            if test.ofType { usesTypePositions = true } else if test.c < 0 { usesPositions = true }
            return [test]
        }
    }

    private mutating func name(_ text: String) -> Int32 {
        names.append(Array(text.utf8))
        return Int32(names.count - 1)
    }

    private mutating func value(_ text: String) -> Int32 {
        let bytes = Array(text.utf8)
        values.append(bytes)
        values.append(bytes.map(\.asciiLowercased))
        return Int32(values.count - 2)
    }

    /// HTML standard, section 4.16.2: attributes of HTML elements whose values selectors compare without regard to case.
    private static let attributesWithoutCase: Set<String> = [
        "accept", "accept-charset", "align", "alink", "axis", "bgcolor", "charset", "checked", "clear", "codetype",
        "color", "compact", "declare", "defer", "dir", "direction", "disabled", "enctype", "face", "frame", "hreflang",
        "http-equiv", "lang", "language", "link", "media", "method", "multiple", "nohref", "noresize", "noshade",
        "nowrap", "readonly", "rel", "rev", "rules", "scope", "scrolling", "selected", "shape", "target", "text",
        "type", "valign", "valuetype", "vlink",
    ]
}
