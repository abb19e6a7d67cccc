import Foundation

@testable import Wire

/// Certificates made with the `openssl` command in a folder of their own, which goes with the object.
final class TestCertificates: Sendable {
    struct Failed: Error { let output: String }

    let folder: String

    /// Makes the folder and a certificate authority in it: `ca.pem`, `ca.key`.
    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("wire-tls-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try makeAuthority("ca")
    }

    deinit {
        try? FileManager.default.removeItem(atPath: folder)
    }

    func path(_ name: String) -> String { folder + "/" + name }

    func makeAuthority(_ name: String) throws {
        try openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
            "-subj", "/CN=\(name)", "-keyout", path("\(name).key"), "-out", path("\(name).pem")
        )
    }

    /// Makes a key and a certificate signed by `authority`,
    /// valid for ten days, or between two dates (`20200101000000Z`).
    @discardableResult
    func issue(
        _ name: String, names: String, authority: String = "ca", dates: (String, String)? = nil
    ) throws -> TLSConfiguration.Identity {
        let request = path("\(name).csr")
        let extensions = path("\(name).ext")
        try "subjectAltName=\(names)\nbasicConstraints=CA:FALSE\n".write(
            toFile: extensions, atomically: true, encoding: .utf8
        )
        try openssl(
            "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-subj", "/CN=\(name)", "-keyout", path("\(name).key"), "-out", request
        )
        if let dates {
            try write("", to: "\(name).index")
            try write(
                """
                [ca]
                default_ca = own
                [own]
                database = \(path("\(name).index"))
                new_certs_dir = \(folder)
                rand_serial = yes
                default_md = sha256
                policy = any
                [any]
                commonName = supplied
                """, to: "\(name).cnf")
            try openssl(
                "ca", "-batch", "-config", path("\(name).cnf"), "-cert", path("\(authority).pem"), "-keyfile",
                path("\(authority).key"), "-startdate", dates.0, "-enddate", dates.1, "-in", request, "-extfile",
                extensions, "-notext", "-out", path("\(name).pem")
            )
        } else {
            try openssl(
                "x509", "-req", "-in", request, "-CA", path("\(authority).pem"), "-CAkey", path("\(authority).key"),
                "-CAcreateserial", "-days", "10", "-extfile", extensions, "-out", path("\(name).pem")
            )
        }
        return identity(name)
    }

    func identity(_ name: String) -> TLSConfiguration.Identity {
        .init(certificateChainFile: path("\(name).pem"), privateKeyFile: path("\(name).key"))
    }

    /// Replaces a file by another's contents, through a rename as tools do it.
    func replace(_ name: String, with other: String) throws {
        let temporary = path(UUID().uuidString)
        try FileManager.default.copyItem(atPath: path(other), toPath: temporary)
        guard unsafe rename(temporary, path(name)) == 0 else { throw Failed(output: "rename \(name)") }
    }

    func write(_ text: String, to name: String) throws {
        try text.write(toFile: path(name), atomically: true, encoding: .utf8)
    }

    @discardableResult
    func openssl(_ arguments: String...) throws -> String {
        try run("openssl", arguments)
    }

    /// Runs a command and gives what it printed.
    func run(_ command: String, _ arguments: [String], input: String = "") throws -> String {
        let process = Process()
        let output = Pipe()
        let stdin = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [command] + arguments
        process.standardOutput = output
        process.standardError = output
        process.standardInput = stdin
        try process.run()
        try stdin.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try stdin.fileHandleForWriting.close()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failed(output: text) }
        return text
    }

    /// A set that tests which change no file share: `server` (localhost, 127.0.0.1), `role` (a SPIFFE ID), `client`,
    /// `a` and `b` (SNI), `expired`, and `stranger` from another authority.
    static let shared = Result {
        let made = try TestCertificates()
        try made.issue("server", names: "DNS:localhost,IP:127.0.0.1")
        try made.issue("role", names: "URI:spiffe://test/scrape")
        try made.issue("client", names: "URI:spiffe://test/gateway,DNS:client.test")
        try made.issue("a", names: "DNS:a.test")
        try made.issue("b", names: "DNS:b.test,DNS:*.b.test")
        try made.issue("expired", names: "DNS:localhost", dates: ("20200101000000Z", "20200201000000Z"))
        try made.makeAuthority("other")
        try made.issue("stranger", names: "DNS:localhost,URI:spiffe://test/gateway", authority: "other")
        return made
    }

    func server(
        _ names: String..., verification: TLSConfiguration.ClientVerification = .none,
        change: (inout TLSConfiguration) -> Void = { _ in }
    ) throws -> TLSContext {
        var configuration = TLSConfiguration(
            identities: names.map(identity), trust: .files([path("ca.pem")]), clientVerification: verification
        )
        change(&configuration)
        // Long ago, so that a server can hold an expired certificate for its client to refuse.
        if names.contains("expired") {
            return try TLSContext(configuration: configuration, role: .server, now: 1_579_000_000)
        }
        return try TLSContext(configuration: configuration, role: .server)
    }

    func client(_ name: String? = nil, change: (inout TLSConfiguration) -> Void = { _ in }) throws -> TLSContext {
        var configuration = TLSConfiguration(
            identities: name.map { [identity($0)] } ?? [], trust: .files([path("ca.pem")]), serverName: "localhost"
        )
        change(&configuration)
        return try TLSContext(configuration: configuration, role: .client)
    }
}
