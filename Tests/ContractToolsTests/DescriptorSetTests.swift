import ContractTools
import DescriptorSet
import NIOCore
import SwiftProtobuf
import Testing
import Wire
import WireProtos

/// The contract that is part of the program.
@Suite struct DescriptorSetTests {
    @Test func setIsWholeAndCommented() throws {
        let set = try Google_Protobuf_FileDescriptorSet(serializedBytes: DescriptorSet.array)
        let names = Set(set.file.map(\.name))
        #expect(names.contains("datavault/policy/v1/policy.proto"))
        #expect(names.contains("google/rpc/error_details.proto"))
        for file in set.file { #expect(names.isSuperset(of: file.dependency), "\(file.name)") }
        let policy = try #require(set.file.first { $0.name == "datavault/policy/v1/policy.proto" })
        #expect(policy.sourceCodeInfo.location.contains { $0.leadingComments.contains("Who may make a call") })
    }

    @Test func spanAndArrayAreTheSame() {
        let array = DescriptorSet.array
        #expect(DescriptorSet.bytes.byteCount == array.count)
        let isSame = unsafe DescriptorSet.bytes.withUnsafeBytes { unsafe array.elementsEqual($0) }
        #expect(isSame)
    }

    @Test func contractIsReadable() throws {
        let own = try ContractSnapshot(descriptorSet: DescriptorSet.array)
        #expect(ContractDiff.breakingChanges(from: own, to: own) == [])
    }

    @Test func reflectionServesIt() async throws {
        let server = Server(services: [try ReflectionService(descriptorSet: DescriptorSet.array)])
        let channel = ClientChannel(.inProcess(server))
        var request = Grpc_Reflection_V1_ServerReflectionRequest()
        request.fileContainingSymbol = "datavault.policy.v1.CallPolicy"
        let call = try await Grpc_Reflection_V1_ServerReflection.Client(channel).serverReflectionInfo()
        try await call.send(request)
        try await call.finishSending()
        var names: [String] = []
        for try await response in call.responses {
            names += try response.fileDescriptorResponse.fileDescriptorProto.map { bytes in
                try Google_Protobuf_FileDescriptorProto(serializedBytes: bytes).name
            }
        }
        await channel.shutDown(grace: .zero)
        await server.drain(grace: .zero)
        #expect(names.first == "datavault/policy/v1/policy.proto")
        #expect(names.contains("google/protobuf/descriptor.proto"))
    }
}
