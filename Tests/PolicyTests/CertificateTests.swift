import Crypto
import NIOCore
import TestContractProtos
import Testing
import Wire

@testable import Policy
@testable import PolicyModel

/// What the layer makes of peers that show no certificate.
@Suite(.timeLimit(.minutes(2))) struct CertificateTests {
    private let key = Curve25519.Signing.PrivateKey()

    private var configuration: PolicyConfiguration {
        let keys = ["one": PrincipalKeys.Key(publicKey: key.publicKey, certificateFingerprint: nil)]
        var configuration = PolicyConfiguration(
            trustDomain: "dv", role: .pipeline, verifier: PrincipalVerifier(keys: PrincipalKeys(keys)))
        configuration.now = { startOfTests }
        return configuration
    }

    /// The code of a call with a good principal; nil if it succeeded.
    private func outcome(_ configuration: PolicyConfiguration, uriNames: [String] = []) async throws -> StatusCode? {
        var router = Router()
        router.unary(createBook) { (request: Datavault_Test_V1_CreateBookRequest, _) in
            CallScope.current?.audit?.fulfill()
            return request.book
        }
        let server = Server(router: router, interceptors: PolicyLayer.interceptors(configuration))
        let channel = ClientChannel(.inProcess(server, uriNames: uriNames))
        var options = CallOptions()
        options.metadata.add(
            PrincipalToken.metadataName, bytes: try PrincipalSigner(key: key, keyID: "one").sign(principal()))
        var outcome: StatusCode?
        do {
            _ = try await Datavault_Test_V1_LibraryService.Client(channel).createBook(goodRequest(), options: options)
        } catch {
            outcome = RPCError.wrapping(error).code
        }
        await channel.shutDown(grace: .zero)
        await server.drain(grace: .zero)
        return outcome
    }

    @Test func withoutOneThereIsNoRole() async throws {
        #expect(configuration.roleWithoutCertificate == nil)
        #expect(try await outcome(configuration) == .unauthenticated)
    }

    @Test func aBenchmarkMayGiveThemARole() async throws {
        var changed = configuration
        changed.roleWithoutCertificate = .gateway
        #expect(try await outcome(changed) == nil)
        changed.roleWithoutCertificate = .compliance
        #expect(try await outcome(changed) == .permissionDenied)
    }

    /// Who shows a certificate is whom it names, and nobody else.
    @Test(arguments: ["spiffe://elsewhere/gateway", "spiffe://dv/nobody"])
    func aCertificateIsNotPassedOver(name: String) async throws {
        var changed = configuration
        changed.roleWithoutCertificate = .gateway
        #expect(try await outcome(changed, uriNames: [name]) == .unauthenticated)
    }
}
