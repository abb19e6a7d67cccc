import Foundation
import NIOCore
import PolicyModel
import ServiceKit
import Synchronization
import Testing
import Wire
import WireProtos

/// Roles that talk over mutual TLS with what `datavault keys` makes.
@Suite struct RoleTLSTests {
    private static func withServer(
        _ tls: any TLSContextSource, _ body: (_ port: Int) async throws -> Void
    ) async throws {
        let server = Server(services: [HealthService(services: [])])
        guard case .tcp(_, let port) = try await server.listen(.tcp(host: "127.0.0.1", port: 0), tls: tls) else {
            return
        }
        try await body(port)
        await server.drain(grace: .seconds(1))
    }

    private static func check(_ port: Int, _ tls: TLSConfiguration) async throws {
        let channel = ClientChannel(
            .addresses([ServerAddress(host: "127.0.0.1", port: port)]),
            tls: try TLSContext(configuration: tls, role: .client))
        let reply: Result<Grpc_Health_V1_HealthCheckResponse, any Error>
        do {
            reply = .success(
                try await channel.unary(
                    Grpc_Health_V1_Health.Methods.check, Grpc_Health_V1_HealthCheckRequest(),
                    options: CallOptions(timeout: .seconds(30))))
        } catch { reply = .failure(error) }
        await channel.shutDown(grace: .zero)
        #expect(try reply.get().status == .serving)
    }

    private static func tlsError(_ error: any Error) -> TLSError? {
        ((error as? RPCError)?.cause as? HTTP2Error)?.cause as? TLSError
    }

    @Test func aClientAcceptsTheRoleThatItDialled() async throws {
        let keys = TemporaryKeys()
        let made = try await DevelopmentKeys.prepare(in: keys.folder)
        func tls(_ role: Role, _ expected: [Role] = []) -> TLSConfiguration {
            keys.folder.tls(for: role, expecting: expected, trustDomain: made.trustDomain)
        }
        try await Self.withServer(try TLSContext(configuration: tls(.scrape), role: .server)) { port in
            try await Self.check(port, tls(.gateway, [.scrape]))
            try await Self.check(port, tls(.gateway, [.pipeline, .scrape]))
            // By its names, as programs do that know no roles.
            try await Self.check(port, tls(.gateway))
            do {
                try await Self.check(port, tls(.gateway, [.pipeline]))
                Issue.record("another role was accepted")
            } catch { #expect(Self.tlsError(error)?.code == .unexpectedPeer, "\(error)") }
        }
    }

    @Test func anotherAuthorityIsRefused() async throws {
        let (keys, other) = (TemporaryKeys(), TemporaryKeys())
        let made = try await DevelopmentKeys.prepare(in: keys.folder, roles: [.scrape])
        _ = try await DevelopmentKeys.prepare(in: other.folder, roles: [.gateway])
        let server = keys.folder.tls(for: .scrape, trustDomain: made.trustDomain)
        try await Self.withServer(try TLSContext(configuration: server, role: .server)) { port in
            var client = other.folder.tls(for: .gateway, expecting: [.scrape], trustDomain: made.trustDomain)
            do {
                try await Self.check(port, client)
                Issue.record("a server of another authority was accepted")
            } catch { #expect(Self.tlsError(error)?.code == .certificateRejected, "\(error)") }
            client.trust = .files([keys.folder.authorityCertificate])
            do {
                try await Self.check(port, client)
                Issue.record("a client of another authority was accepted")
            } catch { #expect(Self.tlsError(error)?.code == .peerAlert, "\(error)") }
        }
    }

    /// Certificates are renewed while calls are made, and none fails. Looks follow each other so closely here that a
    /// look or two may fall between the two renames: such a pair is told, and never used.
    @Test func renewalIsTakenWithoutAFailure() async throws {
        let keys = TemporaryKeys()
        let made = try await DevelopmentKeys.prepare(in: keys.folder)
        let authority = try CertificateAuthority.load(from: keys.folder)
        let outcomes = Mutex<(taken: Int, failures: [TLSError.Code])>((0, []))
        let reloading = try ReloadingTLSContext(
            configuration: keys.folder.tls(for: .scrape, trustDomain: made.trustDomain), role: .server,
            interval: .milliseconds(2)
        ) { outcome in
            outcomes.withLock { state in
                switch outcome {
                case .success: state.taken += 1
                case .failure(let error): state.failures.append(error.code)
                }
            }
        }
        let watching = Task { try await reloading.run() }
        try await Self.withServer(reloading) { port in
            for _ in 0..<25 {
                let renewed = try await authority.issue(.scrape, into: keys.folder)
                #expect(renewed.role == .scrape)
                try await Self.check(
                    port, keys.folder.tls(for: .gateway, expecting: [.scrape], trustDomain: made.trustDomain))
            }
        }
        watching.cancel()
        _ = await watching.result
        #expect(outcomes.withLock { $0.failures }.allSatisfy { $0 == .keyMismatch })
        #expect(outcomes.withLock { $0.taken } > 0)
    }
}
