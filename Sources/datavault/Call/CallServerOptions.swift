import ArgumentParser
import CallTool
import Foundation
import NIOCore
import PolicyModel
import ServiceKit
import Wire

/// Which server is called, and how both sides know each other.
struct CallServerOptions: ParsableArguments {
    @Option(help: "host:port, [IPv6]:port or unix:/path; left out, a role of this machine's suite is called.")
    var address: String?

    @Option(
        name: .customLong("to"),
        help: "The role of this machine's suite, as its settings have it; left out, the one that the method names.")
    var role: String?

    @Flag(help: "Speak HTTP/2 without TLS.")
    var plaintext = false

    @Option(
        help: """
            A folder of `datavault keys`, with ca.pem, the role's certificate and the gateway's signing key; of the suite \
            of this machine keys/ in data.folder.
            """, completion: .directory)
    var keys: String?

    @Option(name: .customLong("as"), help: "The role whose certificate of --keys is shown.")
    var shownRole = Role.gateway.rawValue

    @Option(help: "The authorities that the server's certificate may be from (PEM).", completion: .file())
    var ca: String?

    @Option(help: "The certificate to show (PEM).", completion: .file())
    var cert: String?

    @Option(help: "The key of --cert (PEM).", completion: .file())
    var key: String?

    @Option(help: "The name that the server's certificate has to be for, if not the address.")
    var serverName: String?

    @Option(help: "The role that the server's certificate has to name; with --keys any role of the suite if left out.")
    var expectRole: String?

    @Option(help: "What roles' names begin with, if the certificate shown does not say.")
    var trustDomain: String?

    @Option(help: "How long connecting may take.")
    var connectTimeout = "5s"

    @OptionGroup var settings: SettingOptions
}
