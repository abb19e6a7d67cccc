/// Decides which addresses and ports may be connected to.
///
/// A pure value; the client asks it with the very address that it is about to connect to, so after names are resolved,
/// and for every connection: first ones, redirects, retries, proxies.
public struct AddressGuard: Sendable, Hashable {
    /// What the guard says of an address.
    public enum Verdict: Sendable, Hashable {
        case allowed
        /// Not on the public Internet, and not in a network that the operator allows.
        case refused(AddressClass)
        /// A port that no web server uses and other protocols do.
        case refusedPort(UInt16)
    }

    /// Networks beyond the public Internet that may be connected to. For the operator to set, never for a tenant.
    ///
    /// Metadata addresses are allowed by a range of that one address only: whoever allows 169.254.0.0/16 does not think of
    /// the credentials in it. An IPv6 range that stands for IPv4 addresses (NAT64, 6to4, mapped …) allows those of its
    /// members whose inner address is allowed, too.
    public var allowedAddresses: [AddressRange]
    /// Further ones that the operator allows while the program runs; nil: none.
    public var operatorAddresses: OperatorAddresses?
    /// Ports refused whatever the address; those that browsers refuse, unless set otherwise.
    public var forbiddenPorts: Set<UInt16>

    public init(allowedAddresses: [AddressRange] = [], forbiddenPorts: Set<UInt16> = Self.nonWebPorts) {
        self.allowedAddresses = allowedAddresses
        self.forbiddenPorts = forbiddenPorts
    }

    public func verdict(on address: IPAddress, port: UInt16) -> Verdict {
        let onPort = verdict(onPort: port)
        return onPort == .allowed ? verdict(on: address) : onPort
    }

    func verdict(onPort port: UInt16) -> Verdict {
        forbiddenPorts.contains(port) || port == 0 ? .refusedPort(port) : .allowed
    }

    func verdict(on address: IPAddress) -> Verdict {
        guard let found = AddressClass(address) else { return .allowed }
        let allowed = allowedAddresses + (operatorAddresses?.ranges ?? [])
        let ranges = allowed.filter { $0.contains(address) }
        guard !ranges.isEmpty, found != .metadata || ranges.contains(where: \.isSingleAddress) else {
            return .refused(found)
        }
        guard let inner = AddressClass.embedded(in: address) else { return .allowed }
        return verdict(on: inner)
    }

    /// The ports that the Fetch standard calls bad: mail, files, shells, telephony.
    public static let nonWebPorts: Set<UInt16> = [
        1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109,
        110,
        111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531,
        532,
        540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060,
        5061,
        6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
    ]
}
