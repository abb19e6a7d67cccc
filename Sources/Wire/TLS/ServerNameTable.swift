/// Chooses a server's identity by the name that a client asks for (SNI, RFC 6066, section 3).
struct ServerNameTable: Sendable {
    private var exact: [String: Int] = [:]
    /// By the parent domain of `*.parent`.
    private var wildcard: [String: Int] = [:]

    /// Takes the DNS names of each identity, in order: the first to claim a name has it.
    init(names: [[String]]) {
        for (index, names) in names.enumerated() {
            for name in names.map({ $0.lowercased() }) {
                if name.hasPrefix("*.") {
                    wildcard[String(name.dropFirst(2))] = wildcard[String(name.dropFirst(2))] ?? index
                } else {
                    exact[name] = exact[name] ?? index
                }
            }
        }
    }

    /// The identity for a name; the first for a name that none claims, as clients without SNI get.
    func identity(for name: String) -> Int {
        let name = name.lowercased()
        if let index = exact[name] { return index }
        // A wildcard stands for exactly one label (RFC 6125, section 6.4.3).
        guard let dot = name.firstIndex(of: "."), dot != name.startIndex else { return 0 }
        return wildcard[String(name[name.index(after: dot)...])] ?? 0
    }
}
