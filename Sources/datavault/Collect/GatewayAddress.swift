import ServiceKit
import Wire

/// Where the gateway of this machine is reached.
enum GatewayAddress {
    /// As `http://127.0.0.1:8080`, by the settings that the gateway itself has.
    static func base(_ settings: Settings) -> String {
        let address = text("gateway.listen", settings)
        for every in ["0.0.0.0:", "[::]:", ":::"] where address.hasPrefix(every) {
            return "\(scheme(settings))://127.0.0.1:\(address.dropFirst(every.count))"
        }
        return "\(scheme(settings))://\(address)"
    }

    /// The same of one that runs in this process, with the port that it got; nil where it has a socket file.
    static func base(of gateway: RunningRole, _ settings: Settings) -> String? {
        guard case .tcp = gateway.address else { return nil }
        return "\(scheme(settings))://\(reachable(gateway.address))"
    }

    /// `https` where it has a certificate.
    static func scheme(_ settings: Settings) -> String {
        text("gateway.edge.certificate-file", settings).isEmpty ? "http" : "https"
    }

    /// An address that can be called: where all addresses are listened at, the loopback.
    static func reachable(_ address: ListenAddress) -> String {
        switch address {
        case .tcp("0.0.0.0", let port): "127.0.0.1:\(port)"
        case .tcp("::", let port): "[::1]:\(port)"
        case .tcp(let host, let port) where host.contains(":"): "[\(host)]:\(port)"
        default: "\(address)"
        }
    }

    private static func text(_ name: String, _ settings: Settings) -> String {
        settings.schema.settings.first { $0.name == name }.map(settings.shown) ?? ""
    }
}
