import Foundation
import Persistence

// A process of its own for tests that count its system calls or kill it: writes to a SQLite file as told.
//   persistence-probe FILE sequential N     one write after the other
//   persistence-probe FILE together N       N writes at the same time
//   persistence-probe FILE endless          writes until it is killed, printing each number once it is acknowledged
let arguments = CommandLine.arguments
guard arguments.count >= 3 else { fatalError("usage: persistence-probe FILE sequential|together|endless [N]") }
let count = arguments.count > 3 ? Int(arguments[3]) ?? 0 : 0
let store = try Store(.sqlite(path: arguments[1]))
let handle = store.system(SystemReason("probe"))
try await Migrator([
    Migration(
        "001 numbers", up: [.sql("CREATE TABLE numbers (n BIGINT PRIMARY KEY)")], down: [.sql("DROP TABLE numbers")])
]).migrate(store)

@Sendable func write(_ number: Int) async throws {
    try await handle.write { _ = try $0.run("INSERT INTO numbers (n) VALUES (\(number))") }
}

func note(_ line: String) { FileHandle.standardOutput.write(Data("\(line)\n".utf8)) }

note("ready")
switch arguments[2] {
case "sequential": for number in 0..<count { try await write(number) }
case "together":
    try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<count { group.addTask { try await write(number) } }
        try await group.waitForAll()
    }
default:
    for number in 0... {
        try await write(number)
        note("\(number)")
    }
}
note("done")
await store.close()
