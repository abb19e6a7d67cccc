import Foundation
import NIOCore
import SwiftProtobuf
import TestContractProtos
import Testing
import Transcoding
import Wire
import WireProtos

@testable import CallTool

@Suite struct ReflectionTests {
    /// Answers reflection's questions as a test likes.
    private struct Liar: ServiceHandler {
        typealias Request = Grpc_Reflection_V1_ServerReflectionRequest
        typealias Response = Grpc_Reflection_V1_ServerReflectionResponse

        var method = Grpc_Reflection_V1_ServerReflection.Methods.serverReflectionInfo
        let answer: @Sendable (Request) throws -> Response?

        var serviceDescriptor: ServiceDescriptor { ServiceDescriptor(name: method.service, methods: [method]) }

        func register(in router: inout Router) {
            let answer = answer
            router.bidirectional(method) {
                (requests: RequestStream<Request>, responses: ResponseWriter<Response>, _) in
                for try await request in requests {
                    if let response = try answer(request) { try await responses.write(response) }
                }
            }
        }
    }

    private static func source(
        _ services: any ServiceHandler..., limits: CallToolLimits = CallToolLimits()
    ) -> ReflectionSource {
        let channel = ClientChannel(.inProcess(Server(services: services)))
        return ReflectionSource(channel, metadata: Metadata(), timeout: .seconds(30), limits: limits)
    }

    private static func file(_ name: String, importing dependencies: [String] = [], padding: Int = 0) -> Liar.Response {
        var file = Google_Protobuf_FileDescriptorProto()
        file.name = name
        file.syntax = "proto3"
        file.dependency = dependencies
        file.package = String(repeating: "p", count: padding)
        var response = Liar.Response()
        response.fileDescriptorResponse.fileDescriptorProto = [(try? file.serializedData()) ?? Data()]
        return response
    }

    @Test func theServersOwn() async throws {
        let source = Self.source(try ReflectionService(base64DescriptorSet: TestDescriptors.base64))
        #expect(try await source.serviceNames().contains("datavault.test.v1.LibraryService"))
        let lookup = SchemaLookup(source)
        let (_, method) = try await lookup.method("LibraryService/WatchBooks")
        #expect(method.descriptor.path == "/datavault.test.v1.LibraryService/WatchBooks")
        #expect(method.descriptor.kind == .serverStreaming)
        #expect(method.request.fullName == "datavault.test.v1.WatchBooksRequest")
        #expect(try await source.files(defining: "no.such.Symbol") == nil)
    }

    /// A server that gives one file at a time, and one that knows v1alpha alone.
    @Test func filesAreAskedForOneByOne() async throws {
        let liar = Liar(method: Grpc_Reflection_V1alpha_ServerReflection.Methods.serverReflectionInfo) { request in
            switch request.messageRequest {
            case .fileContainingSymbol: Self.file("a", importing: ["b", "c"])
            case .fileByFilename("b"): Self.file("b", importing: ["c"])
            case .fileByFilename("c"): Self.file("c")
            default: nil
            }
        }
        #expect(try await Self.source(liar).files(defining: "a.A")?.map(\.name).sorted() == ["a", "b", "c"])
    }

    @Test func endlessImports() async throws {
        let endless = Liar { request in
            guard case .fileByFilename(let name) = request.messageRequest else {
                return Self.file("1", importing: ["2"])
            }
            return Self.file(name, importing: ["\((Int(name) ?? 0) + 1)"], padding: 100)
        }
        for (name, change) in [
            ("maxDescriptorFiles", { $0.maxDescriptorFiles = 20 }),
            ("maxReflectionRequests", { $0.maxReflectionRequests = 20 }),
            ("maxDescriptorBytes", { $0.maxDescriptorBytes = 2_000 }),
        ] as [(String, (inout CallToolLimits) -> Void)] {
            var limits = CallToolLimits()
            change(&limits)
            let source = Self.source(endless, limits: limits)
            let error = await #expect(throws: CallToolError.self) { try await source.files(defining: "a.A") }
            #expect(error?.message.contains(name) == true, "\(String(describing: error))")
        }
    }

    @Test func tooManyServices() async throws {
        var limits = CallToolLimits()
        limits.maxServices = 10
        let many = Liar { _ in
            var response = Liar.Response()
            response.listServicesResponse.service = (0..<11).map { number in .with { $0.name = "a.S\(number)" } }
            return response
        }
        let source = Self.source(many, limits: limits)
        let error = await #expect(throws: CallToolError.self) { try await source.serviceNames() }
        #expect(error?.message.contains("maxServices") == true)
    }

    @Test func nonsense() async throws {
        let answers: [@Sendable (Liar.Request) throws -> Liar.Response?] = [
            { _ in nil }, { _ in Liar.Response() },
            { _ in .with { $0.fileDescriptorResponse.fileDescriptorProto = [Data([0xFF])] } },
            { _ in Self.file("a", importing: ["a", "missing"]) },
        ]
        for answer in answers {
            let source = Self.source(Liar(answer: answer))
            await #expect(throws: CallToolError.self) { try await source.files(defining: "a.A") }
        }
    }

    @Test func aServerWithoutReflectionHasTheOtherSourceAsked() async throws {
        let none = Self.source(HealthService(services: []))
        let set =
            try Google_Protobuf_FileDescriptorSet.with { set in
                set.file = [
                    .with { file in
                        file.name = "a.proto"
                        file.package = "a"
                        file.service = [.with { $0.name = "S" }]
                    }
                ]
            }.serializedBytes() as [UInt8]
        let source = FallbackSource(none) { try DescriptorSetSource(set, name: "the other") }
        #expect(try await source.serviceNames() == ["a.S"])
        #expect(source.name.hasPrefix("the other (the server gives no reflection: UNIMPLEMENTED"))
        let refusing = Self.source(Liar { _ in throw RPCError(code: .internal, message: "broken") })
        let failing = FallbackSource(refusing) { try DescriptorSetSource(set, name: "the other") }
        await #expect(throws: RPCError.self) { try await failing.serviceNames() }
    }
}
