import ArgumentParser
import DescriptorSet
import Foundation

/// Prints the descriptor set that is part of the program.
struct ContractDescriptorSet: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "descriptor-set",
        abstract: "Print the suite's descriptor set.",
        discussion: """
            A serialized google.protobuf.FileDescriptorSet with everything that is imported, and with the comments. It is \
            what reflection serves, and what generators and tools take:

              datavault contract descriptor-set > datavault.binpb
              datavault contract descriptor-set --output datavault.binpb
              buf curl --schema datavault.binpb …
              grpcurl -protoset datavault.binpb list
            """
    )

    @Option(name: .shortAndLong, help: "The file to write; standard output if none is named.", completion: .file())
    var output: String?

    func validate() throws {
        if output == nil, isatty(STDOUT_FILENO) != 0 {
            throw ValidationError("The set is binary: name a file with --output, or redirect the output.")
        }
    }

    func run() throws {
        let bytes = Data(DescriptorSet.array)
        if let output {
            do {
                try bytes.write(to: URL(filePath: output), options: .atomic)
            } catch {
                throw CommandFailure.exit("cannot write \(output): \(error.localizedDescription)")
            }
        } else {
            try FileHandle.standardOutput.write(contentsOf: bytes)
        }
    }
}
