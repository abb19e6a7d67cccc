import Crypto
import NIOCore
import SwiftProtobuf
import Synchronization
import TestContractProtos
import Testing
import Wire
import WireProtos

@testable import Policy
@testable import PolicyModel

/// The whole layer on a server in this process: that decisions are executed.
@Suite(.timeLimit(.minutes(2))) struct LayerTests {
    private let key = Curve25519.Signing.PrivateKey()

    private final class Denials: DenialRecorder {
        let all = Mutex<[Denial]>([])

        func record(_ denial: Denial) async { all.withLock { $0.append(denial) } }
    }

    /// Runs `body` against a server whose handler is `create`.
    private func run<Result: Sendable>(
        denials: Denials = Denials(),
        uriNames: [String] = ["spiffe://dv/gateway"],
        create: @escaping @Sendable (Datavault_Test_V1_CreateBookRequest) throws -> Datavault_Test_V1_Book,
        _ body: (ClientChannel) async throws -> Result
    ) async throws -> Result {
        var configuration = PolicyConfiguration(
            trustDomain: "dv", role: .pipeline,
            verifier: PrincipalVerifier(
                keys: PrincipalKeys([
                    "one": PrincipalKeys.Key(publicKey: key.publicKey, certificateFingerprint: nil)
                ])))
        configuration.now = { startOfTests }
        configuration.denials = denials
        var router = Router()
        router.unary(createBook) { (request: Datavault_Test_V1_CreateBookRequest, _) in try create(request) }
        router.unary(Self.bare) { (request: Google_Protobuf_Empty, _) in request }
        let server = Server(
            services: [HealthService(services: [])], router: router,
            interceptors: PolicyLayer.interceptors(configuration))
        let channel = ClientChannel(.inProcess(server, uriNames: uriNames))
        let result: Swift.Result<Result, any Error>
        do { result = .success(try await body(channel)) } catch { result = .failure(error) }
        await channel.shutDown(grace: .zero)
        await server.drain(grace: .zero)
        return try result.get()
    }

    private static let bare = MethodDescriptor(service: "datavault.x.v1.X", name: "Y", kind: .unary)

    private func call(
        _ channel: ClientChannel,
        _ request: Datavault_Test_V1_CreateBookRequest = goodRequest(),
        principal sent: VerifiedPrincipal? = principal()
    ) async throws -> Datavault_Test_V1_Book {
        var options = CallOptions()
        if let sent {
            let token = try PrincipalSigner(key: key, keyID: "one").sign(sent)
            options.metadata.add(PrincipalToken.metadataName, bytes: token)
        }
        return try await Datavault_Test_V1_LibraryService.Client(channel).createBook(request, options: options)
    }

    private func reason(of error: any Error) -> String? {
        (error as? RPCError)?.detail(Google_Rpc_ErrorInfo.self)?.reason
    }

    @Test func handlerKnowsItsCallAndItsIntent() async throws {
        let seen = Mutex<(CallScope?, String?)>((nil, nil))
        let book = try await run(create: { request in
            let scope = CallScope.current
            scope?.audit?.fulfill()
            seen.withLock { $0 = (scope, nil) }
            var book = request.book
            book.name = "libraries/north/books/1"
            return book
        }) { try await call($0) }
        let scope = try #require(seen.withLock { $0.0 })
        #expect(scope.caller.organization == "acme")
        #expect(scope.policy.cost == 5)
        #expect(scope.audit?.action == "book.create")
        // Made by the call, so known from its response.
        #expect(scope.audit?.resource == book.name)
    }

    @Test func successWithoutEntryIsAnError() async throws {
        do {
            _ = try await run(create: { $0.book }) { try await call($0) }
            Issue.record("the call succeeded")
        } catch {
            #expect(reason(of: error) == "AUDIT_MISSING")
            #expect((error as? RPCError)?.code == .internal)
        }
    }

    @Test func replayFulfills() async throws {
        _ = try await run(create: { request in
            CallScope.current?.audit?.fulfill(.replayed)
            return request.book
        }) { try await call($0) }
    }

    @Test func handlersErrorIsNotReplaced() async throws {
        let error = await #expect(throws: RPCError.self) {
            _ = try await run(create: { _ in
                throw RPCError(.notFound, Datavault_Test_V1_Reason.bookUnknown, "no")
            }) { try await call($0) }
        }
        #expect(error?.detail(Google_Rpc_ErrorInfo.self)?.domain == "datavault.test.v1")
    }

    /// What a handler denies is recorded; what it calls a mistake, and what it has recorded itself, is not.
    @Test func handlersDenialIsRecorded() async throws {
        let expected: [(StatusCode, recordsItself: Bool, count: Int)] = [
            (.permissionDenied, false, 1), (.failedPrecondition, false, 1), (.unauthenticated, false, 1),
            (.permissionDenied, true, 0), (.notFound, false, 0), (.aborted, false, 0), (.resourceExhausted, false, 0),
            (.internal, false, 0),
        ]
        for (code, recordsItself, count) in expected {
            let denials = Denials()
            await #expect(throws: RPCError.self) {
                _ = try await run(
                    denials: denials,
                    create: { _ in
                        if recordsItself { CallScope.current?.audit?.fulfill() }
                        throw RPCError(code, Datavault_Test_V1_Reason.bookUnknown, "no")
                    }
                ) { try await call($0) }
            }
            denials.all.withLock { all in
                #expect(all.count == count, "\(code)")
                for denial in all {
                    #expect(denial.action == "book.create")
                    #expect(denial.error.code == code)
                    #expect(denial.principal?.organization == "acme")
                    #expect(denial.role == .gateway)
                }
            }
        }
    }

    @Test func handlerNeverSeesWhatIsRefused() async throws {
        let calls = Atomic<Int>(0)
        let denials = Denials()
        let create: @Sendable (Datavault_Test_V1_CreateBookRequest) -> Datavault_Test_V1_Book = { request in
            calls.add(1, ordering: .relaxed)
            return request.book
        }
        var wrong = goodRequest()
        wrong.library = "NO"
        for (request, principal, expected) in [
            (wrong, principal(), "FIELDS_INVALID"), (goodRequest(), nil, "PRINCIPAL_MISSING"),
            (goodRequest(), principal(permissions: []), "PERMISSION_MISSING"),
        ] {
            do {
                _ = try await run(denials: denials, create: create) {
                    try await call($0, request, principal: principal)
                }
                Issue.record("the call succeeded")
            } catch {
                #expect(reason(of: error) == expected)
            }
        }
        #expect(calls.load(ordering: .relaxed) == 0)
        // Refused requests were let in by the access decision: only denials are recorded as such.
        denials.all.withLock { all in
            #expect(all.map(\.action) == ["book.create", "book.create"])
            #expect(all.map { $0.principal?.organization } == [nil, "acme"])
        }
    }

    /// Calls with tokens as they are given, through a verifier that has believed the first one already.
    private func reasons(_ tokens: [[[UInt8]]], uriNames: [String] = ["spiffe://dv/gateway"]) async throws -> [String?]
    {
        try await run(
            uriNames: uriNames,
            create: { request in
                CallScope.current?.audit?.fulfill()
                return request.book
            }
        ) { channel in
            var reasons: [String?] = []
            for each in tokens {
                var options = CallOptions()
                for token in each { options.metadata.add(PrincipalToken.metadataName, bytes: token) }
                let client = Datavault_Test_V1_LibraryService.Client(channel)
                do {
                    _ = try await client.createBook(goodRequest(), options: options)
                    reasons.append(nil)
                } catch { reasons.append(reason(of: error)) }
            }
            return reasons
        }
    }

    @Test func whatWasBelievedOnceIsNotBelievedElsewhere() async throws {
        let signer = PrincipalSigner(key: key, keyID: "one")
        let good = try signer.sign(principal())
        let replayed = try signer.sign(principal(method: "/datavault.test.v1.LibraryService/DeleteBook"))
        let misdirected = try signer.sign(principal(audience: .scrape))
        let early = try signer.sign(principal(issuedAt: startOfTests + 5_001))
        let late = try signer.sign(principal(issuedAt: startOfTests - 60_000))
        let skewed = try signer.sign(principal(issuedAt: startOfTests + 5_000))
        // Each twice: what is remembered changes no answer.
        for _ in 0..<2 {
            #expect(
                try await reasons([
                    [good], [good], [replayed], [replayed], [misdirected], [misdirected], [early], [late], [skewed],
                    [Array(good.dropLast())], [Array(good.dropFirst())], [[]], [], [good],
                ]) == [
                    nil, nil, "PRINCIPAL_MISDIRECTED", "PRINCIPAL_MISDIRECTED", "PRINCIPAL_MISDIRECTED",
                    "PRINCIPAL_MISDIRECTED", "PRINCIPAL_EXPIRED", "PRINCIPAL_EXPIRED", nil, "PRINCIPAL_INVALID",
                    "PRINCIPAL_INVALID", "PRINCIPAL_INVALID", "PRINCIPAL_MISSING", nil,
                ])
        }
    }

    @Test func twoPrincipalsAreNone() async throws {
        let signer = PrincipalSigner(key: key, keyID: "one")
        let (good, other) = (try signer.sign(principal()), try signer.sign(principal(permissions: [])))
        #expect(
            try await reasons([[good, other], [other, good], [good, good], [good]])
                == ["PRINCIPAL_INVALID", "PRINCIPAL_INVALID", "PRINCIPAL_INVALID", nil])
    }

    /// A role that may not make the call learns nothing of the principal that it shows, and has none verified.
    @Test func rolesAreAskedFirst() async throws {
        let good = try PrincipalSigner(key: key, keyID: "one").sign(principal())
        #expect(
            try await reasons([[good], [[1]]], uriNames: ["spiffe://dv/scrape"]) == ["ROLE_REFUSED", "ROLE_REFUSED"])
        #expect(try await reasons([[good]], uriNames: ["spiffe://elsewhere/gateway"]) == ["ROLE_UNKNOWN"])
        let two = ["spiffe://dv/gateway", "spiffe://dv/pipeline"]
        #expect(try await reasons([[good]], uriNames: two) == ["ROLE_UNKNOWN"])
    }

    @Test func methodWithoutPolicyIsClosed() async throws {
        let error = await #expect(throws: RPCError.self) {
            _ = try await run(create: { $0.book }) { channel in
                let _: Google_Protobuf_Empty = try await channel.unary(
                    Self.bare, Google_Protobuf_Empty(), options: CallOptions())
            }
        }
        #expect(error.map { reason(of: $0) } == "POLICY_MISSING")
    }

    @Test func healthIsOpen() async throws {
        let status = try await run(uriNames: [], create: { $0.book }) { channel in
            try await Grpc_Health_V1_Health.Client(channel).check(Grpc_Health_V1_HealthCheckRequest()).status
        }
        #expect(status == .serving)
    }
}
