import ServiceKit

/// Where the gateway of this machine is reached.
enum GatewayAddress {
    /// As `http://127.0.0.1:8080`, by the settings that the gateway itself has.
    static func base(_ settings: Settings) -> String {
        let scheme = text("gateway.edge.certificate-file", settings).isEmpty ? "http" : "https"
        return "\(scheme)://\(reachable(text("gateway.listen", settings)))"
    }

    private static func text(_ name: String, _ settings: Settings) -> String {
        settings.schema.settings.first { $0.name == name }.map(settings.shown) ?? ""
    }

    /// An address that can be called: where all addresses are listened at, the loopback.
    private static func reachable(_ address: String) -> String {
        for every in ["0.0.0.0:", "[::]:"] where address.hasPrefix(every) {
            return "127.0.0.1:\(address.dropFirst(every.count))"
        }
        return address
    }
}
