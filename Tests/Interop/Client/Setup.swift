import InteropShared
import Wire

/// Gives `body` a new channel to the server of `flags`, and closes it. How Wire's channels are made and closed is said
/// here alone.
func withChannel(_ flags: Flags, _ body: (ClientChannel) async throws -> Void) async throws {
    let port = try flags.int("server_port", otherwise: 0)
    var configuration = ClientChannel.Configuration(host: flags.text("server_host") ?? "127.0.0.1", port: port)
    if try flags.bool("use_tls") {
        configuration.tls = .client(
            trustedCertificatesFile: flags.text("ca_file"),
            serverName: flags.text("server_host_override")
        )
    }
    let channel = try ClientChannel(configuration: configuration)
    do {
        try await body(channel)
    } catch {
        await channel.close()
        throw error
    }
    await channel.close()
}
