import ComplianceContract
import Foundation
import GoogleAPIContract
import Jobs
import Persistence
import ServiceKit
import StoreTesting
import SwiftProtobuf
import Testing
import Wire

@testable import ComplianceService

/// The calls, as the gateway makes them for people.
@Suite(.timeLimit(.minutes(5))) struct AuditCallTests {
    private static func some(_ count: Int64) throws -> [IncomingEvent] {
        try (1...count).map { number in
            try AuditFixture.event(
                number, action: number % 2 == 0 ? "user.create" : "user.delete", actor: "users/\(number % 3)",
                resource: "users/\(number)", time: number * 1_000_000, isDenied: number % 5 == 0,
                personal: [.init(name: "source_address", subject: "users/\(number % 3)", value: "192.0.2.\(number)")])
        }
    }

    private func list(
        _ log: AuditHarness, _ caller: AuditCaller = AuditCaller(),
        _ change: (inout Datavault_Compliance_V1_ListAuditLogsRequest) -> Void = { _ in }
    ) async throws -> Datavault_Compliance_V1_ListAuditLogsResponse {
        var request = Datavault_Compliance_V1_ListAuditLogsRequest()
        change(&request)
        return try await log.logs.listAuditLogs(request, options: log.by(caller, LogsMethods.listAuditLogs))
    }

    private func names(_ response: Datavault_Compliance_V1_ListAuditLogsResponse) -> [Int] {
        response.auditLogs.compactMap { Int($0.name.dropFirst("audit-logs/".count)) }
    }

    @Test(arguments: auditStores) func listsAreFilteredAndPaged(_ kind: Store.Kind) async throws {
        try await withCompliance(kind) { log in
            try await log.add(try Self.some(20))
            #expect(names(try await list(log)) == Array((0..<20).reversed()))
            var (pages, token) = ([[Int]](), "")
            repeat {
                let page = try await list(log) { ($0.pageSize, $0.pageToken) = (7, token) }
                pages.append(names(page))
                token = page.nextPageToken
            } while !token.isEmpty
            #expect(pages.map(\.count) == [7, 7, 6])
            #expect(pages.flatMap { $0 } == Array((0..<20).reversed()))
            #expect(names(try await list(log) { $0.actor = "users/1" }) == [18, 15, 12, 9, 6, 3, 0])
            #expect(names(try await list(log) { $0.resource = "users/7" }) == [6])
            #expect(names(try await list(log) { $0.outcome = .denied }) == [19, 14, 9, 4])
            let combined = try await list(log) { ($0.action, $0.outcome) = ("user.create", .done) }
            #expect(names(combined) == [17, 15, 13, 11, 7, 5, 3, 1])
            let between = try await list(log) {
                $0.startTime = Google_Protobuf_Timestamp(seconds: 5, nanos: 0)
                $0.endTime = Google_Protobuf_Timestamp(seconds: 8, nanos: 0)
            }
            #expect(names(between) == [6, 5, 4])
            #expect(names(try await list(log) { $0.actor = "users/none" }) == [])
        }
    }

    /// A message has a bound, whatever page was asked for.
    @Test func pagesOfLongEntriesAreShorter() async throws {
        try await withCompliance(.sqlite) { log in
            let long = String(repeating: "x", count: 16_000)
            try await log.add(
                try (Int64(1)...200).map { number in
                    var leaf = try AuditFixture.event(number).leaf
                    (leaf.before, leaf.after) = (long, long)
                    return try IncomingEvent(leaf: leaf, personal: [])
                })
            var (found, pages, token) = ([Int](), 0, "")
            repeat {
                let page = try await list(log) { ($0.pageSize, $0.pageToken) = (1_000, token) }
                let bytes: [UInt8] = try page.serializedBytes()
                #expect(bytes.count < 4 << 20)
                found += names(page)
                (pages, token) = (pages + 1, page.nextPageToken)
            } while !token.isEmpty
            #expect(found == Array((0..<200).reversed()))
            #expect(pages == 7)
            let stream = try await log.logs.exportAuditLogs(
                .init(), options: log.by(.admin, LogsMethods.exportAuditLogs))
            var lines = 0
            for try await part in stream {
                #expect(part.data.count < 4 << 20)
                lines += part.data.count { $0 == 0x0A }
            }
            #expect(lines == 202)
        }
    }

    @Test func tokensAreOfTheirRequest() async throws {
        try await withCompliance(.sqlite) { log in
            try await log.add(try Self.some(5))
            let token = try await list(log) { $0.pageSize = 2 }.nextPageToken
            for change: @Sendable (inout Datavault_Compliance_V1_ListAuditLogsRequest) -> Void in [
                { $0.actor = "users/1" }, { $0.outcome = .done }, { $0.pageToken = String(token.dropLast()) },
                { $0.pageToken = "x" },
            ] {
                let reason = try await auditRefusal {
                    try await list(log) {
                        $0.pageToken = token
                        change(&$0)
                    }
                }
                #expect(reason == "PAGE_TOKEN_INVALID page_token")
            }
            let other = AuditCaller(organization: "globex")
            let reason = try await auditRefusal { try await list(log, other) { $0.pageToken = token } }
            #expect(reason == "PAGE_TOKEN_INVALID page_token")
        }
    }

    @Test(arguments: auditStores) func organizationsSeeTheirOwn(_ kind: Store.Kind) async throws {
        try await withCompliance(kind) { log in
            try await log.add(try Self.some(3))
            try await log.add([try AuditFixture.event(4, of: .suite, action: "tenant.create")])
            let other = AuditCaller(organization: "globex")
            #expect(try await list(log, other).auditLogs.isEmpty)
            let get = try await auditRefusal {
                try await log.logs.getAuditLog(
                    .with { $0.name = "audit-logs/0" }, options: log.by(other, LogsMethods.getAuditLog))
            }
            #expect(get == "ENTRY_UNKNOWN")
            let proof = try await auditRefusal {
                try await log.logs.getInclusionProof(
                    .with { $0.name = "audit-logs/0" }, options: log.by(other, LogsMethods.getInclusionProof))
            }
            #expect(proof == "ENTRY_UNKNOWN")
            let suite = try await auditRefusal { try await list(log) { $0.scope = .suite } }
            #expect(suite == "PERMISSION_MISSING")
            let operators = AuditCaller(permissions: ["audit.read", "tenants.audit"])
            let entries = try await list(log, operators) { $0.scope = .suite }.auditLogs
            #expect(entries.map(\.action) == ["tenant.create"])
        }
    }

    @Test func callsNeedTheirPermission() async throws {
        try await withCompliance(.sqlite) { log in
            let nobody = AuditCaller(permissions: ["users.read"])
            let read = try await auditRefusal { try await list(log, nobody) }
            #expect(read == "PERMISSION_MISSING")
            let erase = try await auditRefusal {
                try await log.logs.eraseSubject(
                    .with { $0.subject = "users/1" }, options: log.by(AuditCaller(), LogsMethods.eraseSubject))
            }
            #expect(erase == "PERMISSION_MISSING")
            let rotate = try await auditRefusal {
                try await log.logs.rotateLogKey(.init(), options: log.by(.admin, LogsMethods.rotateLogKey))
            }
            #expect(rotate == "PERMISSION_MISSING")
            // What was refused is in the log, too.
            let denied = try await log.ownEvents()
            #expect(denied.map(\.action) == ["audit_subject.erase", "log_key.rotate"])
            #expect(denied.allSatisfy { $0.denial.reason == "PERMISSION_MISSING" && $0.organization == "acme" })
        }
    }

    @Test(arguments: auditStores) func personalValuesAreShownToWhomTheyMayBe(_ kind: Store.Kind) async throws {
        try await withCompliance(kind) { log in
            try await log.add(try Self.some(4))
            let masked = try await list(log).auditLogs
            #expect(masked.allSatisfy { $0.personal[0].state == .masked && $0.personal[0].value.isEmpty })
            let shown = try await list(log, .admin).auditLogs
            #expect(shown.map { $0.personal[0].value } == ["192.0.2.4", "192.0.2.3", "192.0.2.2", "192.0.2.1"])
            func erase() async throws -> Datavault_Compliance_V1_EraseSubjectResponse {
                try await log.logs.eraseSubject(
                    .with {
                        $0.subject = "users/1"
                        $0.requestID = "6f1c3f8e-0f0a-4c53-8d2a-9a3f3f1f7f10"
                    }, options: log.by(.admin, LogsMethods.eraseSubject))
            }
            let first = try await erase()
            #expect(try await erase() == first)
            let after = try await list(log, .admin).auditLogs
            #expect(after.map { $0.personal[0].state } == [.erased, .shown, .shown, .erased])
            #expect(after.map(\.leaf) == shown.map(\.leaf))
            #expect(try await log.ownEvents().map(\.resource) == ["users/1"])
            // The suite's own log is the operator's.
            try await log.add([
                try AuditFixture.event(
                    9, of: .suite, personal: [.init(name: "source_address", subject: "users/1", value: "192.0.2.9")])
            ])
            func eraseInSuite(_ caller: AuditCaller) async throws -> Datavault_Compliance_V1_EraseSubjectResponse {
                try await log.logs.eraseSubject(
                    .with { ($0.subject, $0.scope) = ("users/1", .suite) },
                    options: log.by(caller, LogsMethods.eraseSubject))
            }
            #expect(try await auditRefusal { try await eraseInSuite(.admin) } == "PERMISSION_MISSING")
            let operators = AuditCaller(permissions: ["audit.read", "audit.erase", "audit.personal", "tenants.audit"])
            _ = try await eraseInSuite(operators)
            let suite = try await list(log, operators) { $0.scope = .suite }.auditLogs
            #expect(suite.map { $0.personal[0].state } == [.erased])
            let unknown = try await auditRefusal {
                try await log.logs.eraseSubject(
                    .with { $0.subject = "users/none" }, options: log.by(.admin, LogsMethods.eraseSubject))
            }
            #expect(unknown == "SUBJECT_UNKNOWN")
        }
    }

    @Test(arguments: auditStores) func proofsLeadToWhatWasSigned(_ kind: Store.Kind) async throws {
        try await withCompliance(kind) { log in
            let key = try await log.verifier()
            try await log.add(try Self.some(9))
            let old = try await log.logs.getCheckpoint(
                .init(), options: log.by(AuditCaller(), LogsMethods.getCheckpoint))
            let before = try SignedCheckpoint(old.text, keys: [key])
            #expect(before.size == 9 && before.origin == "dv/audit/organizations/acme")
            try await log.add(try (10...300).map { try AuditFixture.event($0) })
            for index in [Int64(0), 8, 255, 256, 299] {
                let proof = try await log.logs.getInclusionProof(
                    .with { $0.name = "audit-logs/\(index)" },
                    options: log.by(AuditCaller(), LogsMethods.getInclusionProof))
                let signed = try SignedCheckpoint(proof.checkpoint.text, keys: [key])
                let entry = try await log.logs.getAuditLog(
                    .with { $0.name = "audit-logs/\(index)" }, options: log.by(AuditCaller(), LogsMethods.getAuditLog))
                let root = MerkleVerification.root(
                    leafHash: MerkleHash.leaf(Array(entry.leaf)), index: proof.index, size: proof.treeSize,
                    proof: proof.hashes.map { Array($0) })
                #expect(root == signed.root && signed.size == 300)
            }
            let consistency = try await log.logs.getConsistencyProof(
                .with { $0.firstSize = 9 }, options: log.by(AuditCaller(), LogsMethods.getConsistencyProof))
            let now = try SignedCheckpoint(consistency.checkpoint.text, keys: [key])
            #expect(
                MerkleVerification.isConsistent(
                    first: 9, before.root, second: 300, now.root, proof: consistency.hashes.map { Array($0) }))
            for size in [Int64(301), .max] {
                let reason = try await auditRefusal {
                    try await log.logs.getConsistencyProof(
                        .with { ($0.firstSize, $0.secondSize) = (1, size) },
                        options: log.by(AuditCaller(), LogsMethods.getConsistencyProof))
                }
                #expect(reason == "SIZE_OUT_OF_RANGE second_size")
            }
            let reason = try await auditRefusal {
                try await log.logs.getInclusionProof(
                    .with { ($0.name, $0.treeSize) = ("audit-logs/9", 9) },
                    options: log.by(AuditCaller(), LogsMethods.getInclusionProof))
            }
            #expect(reason == "SIZE_OUT_OF_RANGE tree_size")
        }
    }

    @Test(arguments: auditStores) func keysAreReplacedAndOldOnesKept(_ kind: Store.Kind) async throws {
        try await withCompliance(kind) { log in
            let operators = AuditCaller(permissions: ["audit.read", "tenants.audit"])
            let old = try await log.verifier()
            let checkpoint = LogsMethods.getCheckpoint
            let before = try await log.logs.getCheckpoint(.init(), options: log.by(AuditCaller(), checkpoint))
            let made = try await log.logs.rotateLogKey(.init(), options: log.by(operators, LogsMethods.rotateLogKey))
            let new = try await log.verifier()
            #expect(new.text == made.verifier && new != old)
            let after = try await log.logs.getCheckpoint(.init(), options: log.by(AuditCaller(), checkpoint))
            #expect(throws: SignedCheckpoint.Failure.self) { try SignedCheckpoint(after.text, keys: [old]) }
            #expect(try SignedCheckpoint(after.text, keys: [old, new]).size == 0)
            #expect(try SignedCheckpoint(before.text, keys: [old, new]).size == 0)
            let keys = try await log.logs.listLogKeys(.init(), options: log.by(AuditCaller(), LogsMethods.listLogKeys))
                .keys
            #expect(keys.map(\.hasRetireTime) == [false, true])
        }
    }

    @Test(arguments: auditStores) func exportsHold(_ kind: Store.Kind) async throws {
        var feed = LogFeed.Configuration()
        feed.page = 7
        try await withCompliance(kind, feed: feed) { log in
            try await log.add(try Self.some(30))
            let key = try await log.verifier()
            func export(
                _ caller: AuditCaller = .admin,
                _ change: (inout Datavault_Compliance_V1_ExportAuditLogsRequest) -> Void = { _ in }
            ) async throws -> [String] {
                var request = Datavault_Compliance_V1_ExportAuditLogsRequest()
                change(&request)
                let stream = try await log.logs.exportAuditLogs(
                    request, options: log.by(caller, LogsMethods.exportAuditLogs))
                var bytes: [UInt8] = []
                for try await part in stream {
                    #expect(part.contentType == "application/x-ndjson")
                    bytes += part.data
                }
                return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
            }
            func report(_ lines: [String]) throws -> ExportVerifier.Report {
                var verifier = ExportVerifier(keys: [key])
                for line in lines { try verifier.take(line) }
                return try verifier.report()
            }
            let whole = try report(try await export())
            #expect(whole.end == 30 && whole.personal == 30 && whole.opened == 0)
            let part = try report(
                try await export { ($0.firstIndex, $0.endIndex, $0.withPersonal) = (11, 13, true) })
            #expect(part.first == 11 && part.end == 13 && part.size == 30 && part.opened == 2)
            let masked = try await auditRefusal { try await export(AuditCaller()) { $0.withPersonal = true } }
            #expect(masked == "PERMISSION_MISSING")
            let outside = try await auditRefusal { try await export { $0.endIndex = 31 } }
            #expect(outside == "SIZE_OUT_OF_RANGE end_index")
            // Each export is in the log, and the one that was not allowed.
            let events = try await log.ownEvents()
            #expect(events.map(\.action) == Array(repeating: "audit_log.export", count: 3))
            #expect(events.filter(\.hasDenial).map(\.denial.reason) == ["PERMISSION_MISSING"])
            #expect(events[0].personal.map(\.value) == ["192.0.2.7"])
        }
    }

    /// A verifier that was written from the documentation, in another language, says the same of the same export.
    @Test func theVerifierInPythonAgrees() async throws {
        let root = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let file = FileManager.default.temporaryDirectory.appending(path: "export-\(UUID().uuidString).ndjson")
        defer { try? FileManager.default.removeItem(at: file) }
        @Sendable func python(_ key: String) async throws -> (status: Int32, output: String) {
            let process = Process()
            process.executableURL = root.appending(path: ".build-py/bin/python")
            process.arguments = [root.appending(path: "Tests/EndToEnd/merkle.py").path, file.path, "--key", key]
            let output = Pipe()
            process.standardOutput = output
            process.standardError = output
            try process.run()
            return await offPool {
                let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
                process.waitUntilExit()
                return (process.terminationStatus, text)
            }
        }
        try await withCompliance(.sqlite) { log in
            try await log.add(try Self.some(300))
            let key = try await log.verifier().text
            let stream = try await log.logs.exportAuditLogs(
                .with { ($0.firstIndex, $0.endIndex, $0.withPersonal) = (3, 290, true) },
                options: log.by(.admin, LogsMethods.exportAuditLogs))
            var bytes = Data()
            for try await part in stream { bytes += part.data }
            try bytes.write(to: file)
            let held = try await python(key)
            #expect(held.status == 0, "\(held.output)")
            #expect(held.output.contains("\"first\": 3, \"end\": 290, \"size\": 300"))
            #expect(held.output.contains("[3, \"source_address\", \"users/1\", \"192.0.2.4\"]"))
            bytes[bytes.count / 2] ^= 1
            try bytes.write(to: file)
            let broken = try await python(key)
            #expect(broken.status == 1 && broken.output.hasPrefix("broken: "), "\(broken.output)")
        }
    }

    @Test(arguments: auditStores) func tailsTellEachEntryOnce(_ kind: Store.Kind) async throws {
        var feed = LogFeed.Configuration()
        (feed.page, feed.readersPerLog, feed.heartbeat, feed.poll) = (3, 2, .seconds(3600), .seconds(3600))
        try await withCompliance(kind, feed: feed) { log in
            try await log.add(try Self.some(5))
            func tail(_ first: Int64?) async throws -> ResponseStream<Datavault_Compliance_V1_TailAuditLogsResponse> {
                try await log.logs.tailAuditLogs(
                    .with { if let first { $0.firstIndex = first } },
                    options: log.by(AuditCaller(), LogsMethods.tailAuditLogs))
            }
            var (old, new) = (try await tail(2).makeAsyncIterator(), try await tail(nil).makeAsyncIterator())
            #expect(try await new.next()?.nextIndex == 5)
            // A third reader of this log is one too many.
            let refused = try await auditRefusal {
                var third = try await tail(nil).makeAsyncIterator()
                return try await third.next() as Any
            }
            #expect(refused == "TOO_MANY_READERS")
            for number in Int64(6)...9 { try await log.add([try AuditFixture.event(number)]) }
            func names(
                _ stream: inout ResponseStream<Datavault_Compliance_V1_TailAuditLogsResponse>.AsyncIterator,
                _ count: Int
            ) async throws -> [String] {
                var names: [String] = []
                while names.count < count, let message = try await stream.next() {
                    names += message.auditLogs.map(\.name)
                }
                return names
            }
            #expect(try await names(&old, 7) == (2...8).map { "audit-logs/\($0)" })
            #expect(try await names(&new, 4) == (5...8).map { "audit-logs/\($0)" })
            let beyond = try await auditRefusal {
                var stream = try await tail(10).makeAsyncIterator()
                return try await stream.next() as Any
            }
            #expect(beyond == "SIZE_OUT_OF_RANGE first_index" || beyond == "TOO_MANY_READERS")
            log.feed.drain()
            let ended = try await auditRefusal {
                while let message = try await new.next() { _ = message }
            }
            #expect(ended == "UNAVAILABLE")
        }
    }
}
