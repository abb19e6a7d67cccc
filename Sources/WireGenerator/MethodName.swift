/// A method's name in Swift.
struct MethodName: Equatable {
    /// The plain name.
    let plain: String

    /// The name where it is declared.
    var declared: String { SwiftKeywords.declaration.contains(plain) ? "`\(plain)`" : plain }

    /// The name after a dot, where most keywords need no backticks.
    var member: String { SwiftKeywords.member.contains(plain) ? "`\(plain)`" : plain }
}

extension MethodName {
    /// The names of a service's methods, each different from the others.
    ///
    /// Methods that differ in case or underscores alone keep their spelling of the proto, as that differs for sure.
    /// Any other method's name depends on itself alone, so that adding a method seldom renames another.
    static func names(forProto protoNames: [String]) -> [MethodName] {
        let camelCased = protoNames.map(lowerCamelCased)
        var uses: [String: Int] = [:]
        for name in camelCased { uses[name, default: 0] += 1 }
        var taken: Set<String> = []
        return zip(protoNames, camelCased).map { proto, camelCased in
            var name = uses[camelCased] == 1 ? camelCased : proto
            if SwiftKeywords.metatype.contains(name) || name == "_" { name += "_" }
            while !taken.insert(name).inserted { name += "_" }
            return MethodName(plain: name)
        }
    }

    /// `SayHello` and `say_hello` as `sayHello`, `URLFor` as `urlFor`.
    static func lowerCamelCased(_ name: String) -> String {
        let words = name.split(separator: "_")
        guard let first = words.first else { return name }
        let rest = words.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }
        let joined = lowercasedHead(first) + rest.joined()
        return joined.first?.isNumber == true ? "_" + joined : joined
    }

    /// Lowers the word's first capitals: all of an acronym, but not the capital that starts the word after it.
    private static func lowercasedHead(_ word: Substring) -> String {
        let capitals = word.prefix(while: \.isUppercase)
        let tail = word.dropFirst(capitals.count)
        let startsNextWord = capitals.count > 1 && tail.first?.isLowercase == true
        let lowered = startsNextWord ? capitals.dropLast() : capitals
        return lowered.lowercased() + word.dropFirst(lowered.count)
    }
}
