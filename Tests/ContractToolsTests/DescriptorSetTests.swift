import ContractTools
import DescriptorSet
import SwiftProtobuf
import Testing
import Wire

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

    @Test func reflectionTakesIt() throws { _ = try ReflectionService(descriptorSet: DescriptorSet.array) }
}
