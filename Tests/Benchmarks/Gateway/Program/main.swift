import Foundation
import Gateway
import IdentityService
import Logging
import Policy
import ServiceKit

/// The gateway of the benchmark and what is behind it, as two processes with mutual TLS between them:
///
///     gateway-bench upstream FOLDER    Identity, and the service that is called
///     gateway-bench gateway FOLDER     the edge, with callers recognized, limited and logged
///
/// The key to call with is in FOLDER/secret after the upstream's first start.
let words = CommandLine.arguments
guard words.count == 3, let part = BenchPart(rawValue: words[1]) else {
    print("usage: gateway-bench upstream|gateway FOLDER")
    exit(2)
}
do { try await BenchSuite(part, folder: words[2]).run() } catch {
    FileHandle.standardError.write(Data("gateway-bench: \(error)\n".utf8))
    exit(1)
}
