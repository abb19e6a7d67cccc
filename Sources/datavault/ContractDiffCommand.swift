import ArgumentParser
import ContractTools
import DescriptorSet
import Foundation

/// Compares two contracts.
struct ContractDiffCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Tell what a contract takes from those who rely on an older one.",
        discussion: """
            Compares routes, verbs, bodies, query names, permissions, roles, costs, error reasons, methods, fields and \
            their bounds. Ends with 0 if nothing breaks, with 1 if something does, and with 2 if a file cannot be read.

              datavault contract diff released.binpb              # this program's contract against a release
              datavault contract diff released.binpb next.binpb   # two files
            """
    )

    @Argument(help: "The contract that callers rely on: a descriptor set.", completion: .file(extensions: ["binpb"]))
    var old: String

    @Argument(
        help: "The contract that is to follow it; this program's own if left out.",
        completion: .file(extensions: ["binpb"]))
    var new: String?

    func run() throws {
        let before = try Self.snapshot(Self.read(old), old)
        let after = try Self.snapshot(new.map(Self.read) ?? DescriptorSet.array, new ?? "the program's own contract")
        let changes = ContractDiff.breakingChanges(from: before, to: after)
        guard !changes.isEmpty else { return print("Nothing that callers rely on has changed.") }
        print("\(changes.count) change\(changes.count == 1 ? " breaks" : "s break") what callers rely on:")
        for change in changes { print("- \(change)") }
        throw ExitCode(1)
    }

    private static func read(_ path: String) throws -> [UInt8] {
        do {
            return [UInt8](try Data(contentsOf: URL(filePath: path)))
        } catch {
            throw CommandFailure.exit("cannot read \(path): \(error.localizedDescription)")
        }
    }

    private static func snapshot(_ bytes: [UInt8], _ name: String) throws -> ContractSnapshot {
        do {
            return try ContractSnapshot(descriptorSet: bytes)
        } catch {
            throw CommandFailure.exit(
                "\(name) is no descriptor set; protoc --descriptor_set_out and buf build write one.")
        }
    }
}
