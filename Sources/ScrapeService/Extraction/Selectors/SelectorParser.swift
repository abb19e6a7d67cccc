/// Reads selectors: Selectors Level 4, section 18.
struct SelectorParser {
    private var scanner: SelectorScanner
    private let limits: ExtractionLimits
    private var parts = 0
    /// Functions inside each other.
    private var depth = 0
    private var isInHas = false

    private static let maximumDepth = 16

    private init(_ text: String, _ limits: ExtractionLimits) {
        scanner = SelectorScanner(text)
        self.limits = limits
    }

    /// Reads a list of selectors; each may begin with a combinator, and is relative to `:scope` then.
    static func parse(_ text: String, limits: ExtractionLimits = ExtractionLimits()) throws(SelectorError)
        -> SelectorList
    {
        guard text.utf8.count <= limits.selectorBytes else {
            throw SelectorError(
                message: "the selector is longer than \(limits.selectorBytes) bytes", position: limits.selectorBytes,
                isTooLarge: true)
        }
        var parser = SelectorParser(text, limits)
        var list = try parser.list(relative: true)
        guard parser.scanner.isAtEnd else {
            throw SelectorError(message: "unexpected \(parser.scanner.next)", position: parser.scanner.position)
        }
        for index in list.selectors.indices where list.selectors[index].combinators[0] != nil {
            list.selectors[index].compounds.insert(CompoundSelector(simples: [.scope]), at: 0)
            list.selectors[index].combinators.insert(nil, at: 0)
        }
        return list
    }

    private mutating func list(relative: Bool) throws(SelectorError) -> SelectorList {
        var selectors: [ComplexSelector] = []
        repeat {
            selectors.append(try complex(relative: relative))
        } while scanner.take(",")
        return SelectorList(selectors: selectors)
    }

    private mutating func complex(relative: Bool) throws(SelectorError) -> ComplexSelector {
        var selector = ComplexSelector(compounds: [], combinators: [])
        try scanner.skipSpace()
        let start = scanner.position
        var combinator = takeCombinator()
        if combinator != nil, !relative {
            throw SelectorError(message: "a combinator stands before the first selector", position: start)
        }
        try scanner.skipSpace()
        while true {
            selector.compounds.append(try compound())
            selector.combinators.append(combinator)
            let hadSpace = try scanner.skipSpace()
            guard let next = scanner.peek(), next != UInt8(ascii: ","), next != UInt8(ascii: ")") else {
                return selector
            }
            combinator = takeCombinator()
            if combinator == nil {
                guard hadSpace else {
                    throw SelectorError(message: "unexpected \(scanner.next)", position: scanner.position)
                }
                combinator = .descendant
            }
            try scanner.skipSpace()
        }
    }

    private mutating func takeCombinator() -> Combinator? {
        if scanner.take(">") { return .child }
        if scanner.take("+") { return .nextSibling }
        if scanner.take("~") { return .subsequentSibling }
        return nil
    }

    private mutating func compound() throws(SelectorError) -> CompoundSelector {
        var simples: [SimpleSelector] = []
        let start = scanner.position
        while let byte = scanner.peek() {
            let simple: SimpleSelector
            switch byte {
            case UInt8(ascii: "*") where simples.isEmpty:
                scanner.advance()
                simple = .universal
            case UInt8(ascii: "#"):
                scanner.advance()
                simple = .id(try scanner.hashName())
            case UInt8(ascii: "."):
                scanner.advance()
                simple = .className(try scanner.identifier("a class"))
            case UInt8(ascii: "["):
                simple = try attribute()
            case UInt8(ascii: ":"):
                simple = try pseudoClass()
            case UInt8(ascii: "|"):
                throw SelectorError(message: "namespaces are not supported", position: scanner.position)
            default:
                guard simples.isEmpty, scanner.isAtIdentifier else {
                    if simples.isEmpty { throw missing(start) }
                    return CompoundSelector(simples: simples)
                }
                simple = .type(try scanner.identifier("an element's name"))
            }
            parts += 1
            guard parts <= limits.selectorParts else {
                throw SelectorError(
                    message: "the selector has more than \(limits.selectorParts) parts", position: start,
                    isTooLarge: true)
            }
            simples.append(simple)
        }
        if simples.isEmpty { throw missing(start) }
        return CompoundSelector(simples: simples)
    }

    private func missing(_ position: Int) -> SelectorError {
        SelectorError(
            message: scanner.isAtEnd ? "a selector is missing" : "a selector is missing before \(scanner.next)",
            position: position)
    }

    // MARK: Attributes

    private mutating func attribute() throws(SelectorError) -> SimpleSelector {
        let start = scanner.position
        scanner.advance()
        try scanner.skipSpace()
        let name = try scanner.identifier("the attribute's name")
        try scanner.skipSpace()
        var selector = AttributeSelector(name: name, match: .exists, value: "", letterCase: .automatic)
        if scanner.take("]") { return .attribute(selector) }
        selector.match = try attributeMatch()
        try scanner.skipSpace()
        if let value = try scanner.string() {
            selector.value = value
        } else {
            selector.value = try scanner.identifier("the attribute's value (in quotes unless it is an identifier)")
        }
        try scanner.skipSpace()
        if scanner.isAtIdentifier {
            let position = scanner.position
            switch try scanner.identifier("a flag").lowercased() {
            case "i": selector.letterCase = .insensitive
            case "s": selector.letterCase = .sensitive
            default: throw SelectorError(message: "a flag is i or s", position: position)
            }
            try scanner.skipSpace()
        }
        guard scanner.take("]") else {
            throw SelectorError(message: "the attribute selector does not end with ]", position: start)
        }
        return .attribute(selector)
    }

    private mutating func attributeMatch() throws(SelectorError) -> AttributeSelector.Match {
        if scanner.take("=") { return .equals }
        let match: AttributeSelector.Match
        switch scanner.peek() {
        case UInt8(ascii: "~"): match = .includes
        case UInt8(ascii: "|"): match = .dashPrefix
        case UInt8(ascii: "^"): match = .prefix
        case UInt8(ascii: "$"): match = .suffix
        case UInt8(ascii: "*"): match = .substring
        default:
            throw SelectorError(
                message: "the operator is none of = ~= |= ^= $= *=", position: scanner.position)
        }
        scanner.advance()
        guard scanner.take("=") else {
            throw SelectorError(message: "the operator is none of = ~= |= ^= $= *=", position: scanner.position)
        }
        return match
    }

    // MARK: Pseudo-classes

    private mutating func pseudoClass() throws(SelectorError) -> SimpleSelector {
        let start = scanner.position
        scanner.advance()
        if scanner.peek() == UInt8(ascii: ":") {
            throw SelectorError(message: "pseudo-elements select nothing that has a value", position: start)
        }
        let name = try scanner.identifier("a pseudo-class").lowercased()
        guard scanner.take("(") else { return try plainPseudoClass(name, start) }
        depth += 1
        guard depth <= Self.maximumDepth else {
            throw SelectorError(
                message: "pseudo-classes stand more than \(Self.maximumDepth) deep", position: start, isTooLarge: true)
        }
        let simple = try functionalPseudoClass(name, start)
        try scanner.skipSpace()
        guard scanner.take(")") else {
            throw SelectorError(message: "the ( of :\(name) has no )", position: start)
        }
        depth -= 1
        return simple
    }

    private func plainPseudoClass(_ name: String, _ start: Int) throws(SelectorError) -> SimpleSelector {
        switch name {
        case "first-child": return .nth(NthSelector(step: 0, offset: 1, fromEnd: false, ofType: false))
        case "last-child": return .nth(NthSelector(step: 0, offset: 1, fromEnd: true, ofType: false))
        case "first-of-type": return .nth(NthSelector(step: 0, offset: 1, fromEnd: false, ofType: true))
        case "last-of-type": return .nth(NthSelector(step: 0, offset: 1, fromEnd: true, ofType: true))
        case "only-child":
            return Self.both(
                NthSelector(step: 0, offset: 1, fromEnd: false, ofType: false),
                NthSelector(step: 0, offset: 1, fromEnd: true, ofType: false))
        case "only-of-type":
            return Self.both(
                NthSelector(step: 0, offset: 1, fromEnd: false, ofType: true),
                NthSelector(step: 0, offset: 1, fromEnd: true, ofType: true))
        case "empty": return .empty
        case "root": return .root
        case "scope": return .scope
        default:
            guard let selector = Self.abbreviations[name] else {
                throw SelectorError(message: "there is no pseudo-class :\(name)", position: start)
            }
            return .matches(try Self.parse(selector))
        }
    }

    /// Pseudo-classes that the HTML standard defines by elements and attributes (section 4.16.3).
    private static let abbreviations = [
        "link": "a[href], area[href]",
        "any-link": "a[href], area[href]",
        "checked": "option[selected], input:is([type=checkbox], [type=radio])[checked]",
        "disabled": """
        :is(button, input, select, textarea, fieldset, optgroup, option)[disabled], optgroup[disabled] > option, \
        fieldset[disabled] > :is(button, input, select, textarea, fieldset), \
        fieldset[disabled] > :not(legend:nth-of-type(1)) :is(button, input, select, textarea, fieldset)
        """,
        "enabled": ":is(button, input, select, textarea, fieldset, optgroup, option):not(:disabled)",
    ]

    private static func both(_ first: NthSelector, _ second: NthSelector) -> SimpleSelector {
        let compound = CompoundSelector(simples: [.nth(first), .nth(second)])
        return .matches(SelectorList(selectors: [ComplexSelector(compounds: [compound], combinators: [nil])]))
    }

    private mutating func functionalPseudoClass(_ name: String, _ start: Int) throws(SelectorError) -> SimpleSelector {
        switch name {
        case "not": return .not(try list(relative: false))
        case "is", "where", "matches": return .matches(try list(relative: false))
        case "has":
            guard !isInHas else {
                throw SelectorError(message: ":has() stands inside :has()", position: start)
            }
            isInHas = true
            defer { isInHas = false }
            var list = try list(relative: true)
            for index in list.selectors.indices where list.selectors[index].combinators[0] == nil {
                list.selectors[index].combinators[0] = .descendant
            }
            return .has(list)
        case "nth-child": return .nth(try nth(fromEnd: false, ofType: false))
        case "nth-last-child": return .nth(try nth(fromEnd: true, ofType: false))
        case "nth-of-type": return .nth(try nth(fromEnd: false, ofType: true))
        case "nth-last-of-type": return .nth(try nth(fromEnd: true, ofType: true))
        case "text-contains": return .textContains(try strings())
        default: throw SelectorError(message: "there is no pseudo-class :\(name)()", position: start)
        }
    }

    private mutating func strings() throws(SelectorError) -> [String] {
        var strings: [String] = []
        repeat {
            try scanner.skipSpace()
            guard let string = try scanner.string(), !string.isEmpty else {
                throw SelectorError(message: "a text in quotes is missing", position: scanner.position)
            }
            strings.append(string)
            try scanner.skipSpace()
        } while scanner.take(",")
        return strings
    }

    private mutating func nth(fromEnd: Bool, ofType: Bool) throws(SelectorError) -> NthSelector {
        try scanner.skipSpace()
        let (step, offset) = try NthFormula.parse(&scanner)
        var selector = NthSelector(step: step, offset: offset, fromEnd: fromEnd, ofType: ofType)
        try scanner.skipSpace()
        if !ofType, scanner.isAtIdentifier {
            let position = scanner.position
            guard try scanner.identifier("of").lowercased() == "of" else {
                throw SelectorError(message: "only 'of' and a selector may follow", position: position)
            }
            selector.among = try list(relative: false)
        }
        return selector
    }
}
