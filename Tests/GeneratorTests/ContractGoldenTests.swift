import Foundation
import SwiftProtobuf
import Testing

/// Compares outputs of the tests' own contract with what is committed, compiled and called in `Tests/Contract`.
@Suite struct ContractGoldenTests {
    @Test(arguments: ["library", "library_reason", "library_service", "rules"])
    func outputIsAsCommitted(_ name: String) throws {
        let set = try Protoc.compile(testContract: "datavault/test/v1/\(name).proto")
        // Services look for their package's reasons among all files of a run.
        let reasons = try Protoc.compile(testContract: "datavault/test/v1/library_reason.proto")
        var all = set
        all.file += reasons.file.filter { file in !set.file.contains { $0.name == file.name } }
        let generation = Generation(
            of: all, names: all.file.map(\.name).filter { $0.hasPrefix("datavault/test/") },
            options: "Visibility=Public,FileNaming=PathToUnderscores")
        #expect(generation.error == "")
        let own = generation.files.filter { $0.key.hasPrefix("datavault_test_v1_\(name).") }
        #expect(!own.isEmpty)
        for (file, output) in own {
            let committed = Protoc.testContract.appending(path: "Generated/\(file)")
            #expect(output == (try String(contentsOf: committed, encoding: .utf8)), "\(file)")
            #expect(output.split(separator: "\n").allSatisfy { $0.count <= 120 }, "\(file)")
        }
    }
}
