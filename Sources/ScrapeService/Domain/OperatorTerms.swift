import Outbound

/// What the operator allows crawls, whoever starts them.
struct OperatorTerms: Sendable {
    /// Networks beyond the public Internet that may be asked.
    var allowed: [AddressRange] = []
    /// Further ones that the operator allows while the role runs.
    var allowedNow: OperatorAddresses?
    /// What every crawler calls itself.
    var userAgent = "DataVault/1.0"
    /// Between two requests to a host of the public Internet, in microseconds: at least, and if the scraper does not say.
    var minimumDelay: Int64 = 200_000
    var usualDelay: Int64 = 1_000_000
    /// Requests to a host at once, at most.
    var concurrency = 4
    /// The same for hosts in the networks that the operator has allowed.
    var insideConcurrency = 16
    static let mostLanes = 32
    /// Lanes of a job, so that several workers may work at it.
    var lanes = 2
    var pagesPerHost: Int64 = 1_000_000
    var pagesPerPath: Int64 = 10_000
    var knownPages: Int64 = 5_000_000

    /// Whether a host, as URLs name it with its port, is an address in a network that the operator has allowed.
    func isInside(_ host: String) -> Bool {
        let ranges = allowed + (allowedNow?.ranges ?? [])
        guard !ranges.isEmpty, let address = Self.address(of: host) else { return false }
        return ranges.contains { $0.contains(address) }
    }

    /// Whether a host is an address that may not be asked, which is known without looking anything up.
    func isRefused(_ host: String) -> Bool {
        guard let address = Self.address(of: host) else { return false }
        var addressGuard = self.addressGuard
        addressGuard.forbiddenPorts = []
        return addressGuard.verdict(on: address, port: 1) != .allowed
    }

    /// What decides of each connection.
    var addressGuard: AddressGuard {
        var addressGuard = AddressGuard(allowedAddresses: allowed)
        addressGuard.operatorAddresses = allowedNow
        return addressGuard
    }

    private static func address(of host: String) -> IPAddress? {
        var name = host
        let tail = name.lastIndex(of: "]") ?? name.startIndex
        if let colon = name[tail...].lastIndex(of: ":") { name = String(name[..<colon]) }
        if name.hasPrefix("["), name.hasSuffix("]") { name = String(name.dropFirst().dropLast()) }
        // Means the same on every machine (RFC 6761, 6.3).
        if name == "localhost" || name.hasSuffix(".localhost") { name = "127.0.0.1" }
        return IPAddress(name)
    }
}
