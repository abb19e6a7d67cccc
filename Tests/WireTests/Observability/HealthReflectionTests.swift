import EchoProtos
import NIOCore
import SwiftProtobuf
import Testing
import WireProtos

@testable import Wire

/// The services that Wire brings, called in-process.
@Suite(.timeLimit(.minutes(3))) struct HealthReflectionTests {
    private func with(
        _ service: any ServiceHandler, _ body: @escaping @Sendable (ClientChannel) async throws -> Void
    ) async throws {
        try await TestTransport.inProcess.withChannel(service) { try await body($0) }
    }

    @Test func healthIsCheckedListedAndSet() async throws {
        let health = HealthService(services: ["a.A"], initially: .notServing)
        try await with(health) { channel in
            let client = Grpc_Health_V1_Health.Client(channel)
            #expect(try await client.check(.init()).status == .notServing)
            health.set(.serving, for: "a.A")
            #expect(try await client.check(.with { $0.service = "a.A" }).status == .serving)
            #expect(try await client.check(.init()).status == .notServing)
            let unknown = try await failure { try await client.check(.with { $0.service = "b.B" }) }
            #expect(unknown.code == .notFound)
            let list = try await client.list(.init()).statuses.mapValues(\.status)
            #expect(list == ["": .notServing, "a.A": .serving])
        }
    }

    @Test func watchTellsEveryChangeAndUnknownServices() async throws {
        let health = HealthService(services: ["a.A"])
        try await with(health) { channel in
            let client = Grpc_Health_V1_Health.Client(channel)
            var known = try await client.watch(.with { $0.service = "a.A" }).makeAsyncIterator()
            #expect(try await known.next()?.status == .serving)
            health.set(.notServing, for: "a.A")
            #expect(try await known.next()?.status == .notServing)
            var late = try await client.watch(.with { $0.service = "b.B" }).makeAsyncIterator()
            #expect(try await late.next()?.status == .serviceUnknown)
            health.set(.serving, for: "b.B")
            #expect(try await late.next()?.status == .serving)
        }
    }

    private typealias Request = Grpc_Reflection_V1_ServerReflectionRequest

    private func reflect(
        _ method: MethodDescriptor, _ requests: [Request]
    ) async throws -> [Grpc_Reflection_V1_ServerReflectionResponse] {
        let answers = Answers()
        try await with(try ReflectionService(descriptorSet: [])) { channel in
            let call: BidirectionalCall<Request, Grpc_Reflection_V1_ServerReflectionResponse> =
                try await channel.bidirectional(method)
            for request in requests { try await call.send(request) }
            try await call.finishSending()
            for try await answer in call.responses { await answers.add(answer) }
        }
        return await answers.all
    }

    private actor Answers {
        var all: [Grpc_Reflection_V1_ServerReflectionResponse] = []
        func add(_ answer: Grpc_Reflection_V1_ServerReflectionResponse) { all.append(answer) }
    }

    @Test(arguments: [
        Grpc_Reflection_V1_ServerReflection.Methods.serverReflectionInfo,
        Grpc_Reflection_V1alpha_ServerReflection.Methods.serverReflectionInfo,
    ]) func reflectionAnswers(_ method: MethodDescriptor) async throws {
        let answers = try await reflect(
            method,
            [
                .with { $0.listServices = "" },
                .with { $0.fileContainingSymbol = "grpc.health.v1.Health.Check" },
                .with { $0.fileByFilename = "grpc/health/v1/health.proto" },
                .with { $0.fileContainingSymbol = "no.Such" },
            ])
        try #require(answers.count == 4)
        let names = answers[0].listServicesResponse.service.map(\.name)
        #expect(names.contains("grpc.health.v1.Health") && names.contains("grpc.reflection.v1.ServerReflection"))
        for answer in answers[1...2] {
            let file = try #require(answer.fileDescriptorResponse.fileDescriptorProto.first)
            let descriptor = try Google_Protobuf_FileDescriptorProto(serializedBytes: file)
            #expect(descriptor.service.map(\.name) == ["Health"])
        }
        #expect(answers[3].errorResponse.errorCode == 5)
        #expect(answers[3].originalRequest.fileContainingSymbol == "no.Such")
    }
}
