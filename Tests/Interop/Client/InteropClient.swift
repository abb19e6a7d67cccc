import InteropShared

/// gRPC's interop client on Wire: runs one case against a server and exits 0 if it held.
@main
enum InteropClient {
    static func main() async {
        do {
            let flags = try Flags(CommandLine.arguments.dropFirst())
            let name = try flags.required("test_case")
            guard let testCase = cases[name] else { fail("no such case: \(name)", code: 2) }
            try await withChannel(flags) { channel in
                try await testCase(Run(flags: flags, channel: channel))
            }
            writeLine("\(name) passed")
        } catch {
            fail("wire-interop-client: \(error)")
        }
    }
}
