import InteropShared
import NIOCore
import Wire

/// Gives `body` a new channel to the server of `flags`, and closes it. How Wire's channels are made and closed is said
/// here alone.
func withChannel(_ flags: Flags, _ body: (ClientChannel) async throws -> Void) async throws {
    let port = try flags.int("server_port", otherwise: 0)
    let host = flags.text("server_host") ?? "127.0.0.1"
    var tls: TLSContext?
    if try flags.bool("use_tls") {
        let trust = flags.text("ca_file").map { TLSConfiguration.Trust.files([$0]) } ?? .systemRoots
        tls = try TLSContext(configuration: TLSConfiguration(trust: trust), role: .client)
    }
    let channel = ClientChannel(
        .dns(host: host, port: port),
        tls: tls,
        serverName: flags.text("server_host_override")
    )
    do {
        try await body(channel)
    } catch {
        await channel.shutDown(grace: .zero)
        throw error
    }
    await channel.shutDown(grace: .zero)
}
