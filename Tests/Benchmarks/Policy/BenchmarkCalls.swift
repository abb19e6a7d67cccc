import Crypto
import Policy
import PolicyModel
import SwiftProtobuf
import TestContractProtos
import Wire

/// What is measured: a call that has everything the policy layer does, with and without the layer before it.
struct BenchmarkCalls: Sendable {
    static let method = Datavault_Test_V1_LibraryService.Methods.createBook
    static let started: Int64 = 1_780_000_000_000

    /// A request of about 100 bytes that keeps its 20 rules.
    static let request = Datavault_Test_V1_CreateBookRequest.with {
        $0.library = "north"
        $0.book.title = "The C Programming Language"
        $0.book.kind = .paperback
        $0.book.isbn = "9780131103627"
        $0.book.authors = [
            .with {
                $0.fullName = "Brian Kernighan"
                $0.email = "brian@example.com"
            }
        ]
        $0.book.labels = ["shelf": "7"]
    }

    let token: [UInt8]
    let keys: PrincipalKeys
    let verifier: PrincipalVerifier

    init() throws {
        let key = Curve25519.Signing.PrivateKey()
        token = try PrincipalSigner(key: key, keyID: "gateway-1").sign(
            VerifiedPrincipal(
                organization: "acme", subject: "users/ada", kind: .user,
                permissions: ["books.read", "books.write", "pipelines.read", "runs.read"],
                sourceAddress: "192.0.2.7", strength: .signed, audience: .pipeline, method: Self.method.path,
                issuedAt: Self.started, expiresAt: Self.started + 60_000, keyID: "gateway-1"))
        keys = PrincipalKeys([
            "gateway-1": PrincipalKeys.Key(publicKey: key.publicKey, certificateFingerprint: nil)
        ])
        verifier = PrincipalVerifier(keys: keys)
    }

    /// The interceptors of a server with the layer.
    var layer: [any ServerInterceptor] {
        var configuration = PolicyConfiguration(trustDomain: "example.org", role: .pipeline, verifier: verifier)
        configuration.now = { Self.started }
        return PolicyLayer.interceptors(configuration)
    }

    /// A server in this process, on one thread with its client.
    func server(_ interceptors: [any ServerInterceptor], _ loops: EventLoops) -> Server {
        var router = Router()
        router.unary(Self.method) { (request: Datavault_Test_V1_CreateBookRequest, _) in
            CallScope.current?.audit?.fulfill()
            return request.book
        }
        return Server(router: router, interceptors: interceptors, eventLoops: loops)
    }

    /// The same metadata for both servers: what it costs to send is no cost of the layer.
    var options: CallOptions {
        var options = CallOptions()
        options.metadata.add(PrincipalToken.metadataName, bytes: token)
        return options
    }
}
