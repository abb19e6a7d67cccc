import Wire

/// The command line of `wire-chain`.
struct ChainOptions {
    var port = 9007
    var adminPort = 9008
    var threads = 1
    var certificate: String?
    var key: String?

    init(_ arguments: [String]) {
        var rest = arguments.dropFirst()
        while let flag = rest.popFirst() {
            guard let value = rest.popFirst() else { fatalError("\(flag) needs a value") }
            switch flag {
            case "--port": port = Int(value) ?? port
            case "--admin-port": adminPort = Int(value) ?? adminPort
            case "--threads": threads = Int(value) ?? threads
            case "--tls-cert": certificate = value
            case "--tls-key": key = value
            default: fatalError("unknown option \(flag)")
            }
        }
    }

    /// TLS with the certificate and key given; nil without.
    func tls() throws -> TLSContext? {
        guard let certificate, let key else { return nil }
        let identity = TLSConfiguration.Identity(certificateChainFile: certificate, privateKeyFile: key)
        return try TLSContext(configuration: TLSConfiguration(identities: [identity]), role: .server)
    }
}
