import ArgumentParser
import CallTool
import Foundation

/// Calls any method of any gRPC server.
struct Call: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Call any RPC with JSON, by server reflection.",
        discussion: """
            METHOD is package.Service/Method; the package, and the service too, may be left out where the rest names one. \
            JSON is the request itself, @file, or - for standard input; left out, the request is empty. Methods that take \
            a stream read one request a line; replies are printed as they come, streams one a line.

              datavault call --list                           # what there is
              datavault call --describe NotesService/GetNote  # its contract
              datavault call NotesService/GetNote '{"name": "notes/1"}'
              datavault call NotesService/ImportNotes @notes.jsonl
              cat notes.jsonl | datavault call NotesService/ImportNotes -

            Whom to call, and as whom:

              datavault call --organization acme ListNotes    # as the gateway
              datavault call --to example --as scrape --list  # as another role
              datavault call --address unix:/run/notes.sock --plaintext --list
              datavault call --address notes.example.org:443 \\
                  -H 'authorization: Bearer …' NotesService/ListNotes

            Ends with 0 if the call succeeded, 1 if it failed, 2 if an argument, the method or the JSON is wrong, 3 if \
            there is no connection. docs/operating.md, "Calling anything", has the whole of it.
            """
    )

    @Argument(help: "The method to call; with --list a service, with --describe anything that has a name.")
    var method: String?

    @Argument(help: "The request: JSON, @file, or - for standard input.")
    var json: String?

    @OptionGroup(title: "Server") var server: CallServerOptions
    @OptionGroup(title: "Caller") var caller: CallPrincipalOptions

    @Flag(help: "List the services, or the methods of one.")
    var list = false

    @Flag(help: "Print what the contract says of a service, method, message or enum.")
    var describe = false

    @Option(
        name: [.customShort("H"), .long], parsing: .singleValue,
        help: "Metadata, as 'name: value'; base64 where the name ends in -bin. May be repeated.")
    var header: [String] = []

    @Option(help: "How long the call may take: 500ms, 5s, 2m; 0 for as long as it likes.")
    var timeout = "30s"

    @Option(help: "Bytes of one message, in both directions.")
    var maxMessageSize = 64 * 1024 * 1024

    @Option(
        help: "A descriptor set to take definitions from instead of reflection.",
        completion: .file(extensions: ["binpb"]))
    var descriptorSet: String?

    @Flag(help: "Print fields that are unset, too.")
    var emitDefaults = false

    @Flag(
        inversion: .prefixedNo,
        help: "Set JSON over several lines; on a terminal, unless it is a stream, that is so anyway.")
    var pretty: Bool?

    @Flag(help: "Print failures as one line of JSON on standard error.")
    var errorJson = false

    @Flag(name: .shortAndLong, help: "Print headers, trailers and times on standard error.")
    var verbose = false

    func run() async throws {
        do {
            try await CallCommand(self).run()
        } catch let failure as CallFailure {
            let report = failure.report
            let text = errorJson ? report.json : "datavault: \(report.text)"
            try? FileHandle.standardError.write(contentsOf: Data("\(text)\n".utf8))
            throw ExitCode(report.exitCode)
        }
    }
}
