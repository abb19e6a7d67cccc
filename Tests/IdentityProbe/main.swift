import Foundation
import IdentityService
import Logging
import Policy
import ServiceKit

// Identity in a process of its own, as `datavault up` would start it, for tests that kill it:
//   identity-probe NAME=VALUE …     settings; prints "ready" once it can serve, and ends on SIGTERM
//   identity-probe once NAME=VALUE …     ends by itself once it could serve
// A SQLite file is migrated by the start, as `up` does; a database with an address is not, as with `serve`.
var arguments = Array(CommandLine.arguments.dropFirst())
let endsByItself = arguments.first == "once"
if endsByItself { arguments.removeFirst() }
let pairs = arguments.map { $0.split(separator: "=", maxSplits: 1).map(String.init) }
let schema = RoleDefinition.schema([IdentityService.role])
let settings = try Settings(
    schema,
    from: SettingSources(
        arguments: Dictionary(pairs.map { ($0[0], $0.count > 1 ? $0[1] : "") }) { $1 }, environment: [:], file: nil))
LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
let folder = settings[SuiteSettings.dataFolder]
try Suite.prepareFolder(folder)
_ = try await DevelopmentKeys.prepare(
    in: KeyFolder("\(folder)/keys"), trustDomain: TrustDomain(settings[SuiteSettings.trustDomain]))
var options = Suite.Options()
options.isMigrating = !pairs.contains { $0[0] == "identity.store.url" }
let suite = try await Suite([IdentityService.role], settings: settings, options: options)
try await suite.run {
    FileHandle.standardOutput.write(Data("ready\n".utf8))
    if endsByItself { kill(getpid(), SIGTERM) }
}
