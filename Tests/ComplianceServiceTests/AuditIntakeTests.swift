import ComplianceContract
import Jobs
import Persistence
import ServiceKit
import SwiftProtobuf
import Testing
import Wire

@testable import ComplianceService

/// What other roles tell, and how it comes.
@Suite(.timeLimit(.minutes(5))) struct AuditIntakeTests {
    private typealias Event = Datavault_Compliance_V1_AuditEvent

    private static func event(_ sequence: Int64, _ change: (inout Event) -> Void = { _ in }) -> Event {
        .with {
            ($0.sequence, $0.organization, $0.action, $0.actor) = (sequence, "acme", "scraper.create", "users/ada")
            $0.time = Google_Protobuf_Timestamp(seconds: 1_000, nanos: 5_000)
            change(&$0)
        }
    }

    private func append(_ log: AuditHarness, _ events: [Event]) async throws -> Int32 {
        try await log.intake.appendEvents(.with { $0.events = events }).newCount
    }

    @Test(arguments: auditStores) func theSourceIsTheCertificates(_ kind: Store.Kind) async throws {
        try await withCompliance(kind) { log in
            let (first, again) = (
                try await append(log, [Self.event(1), Self.event(2)]),
                try await append(log, [Self.event(2), Self.event(3)])
            )
            #expect(first == 2 && again == 1)
            let leaves = try await log.log.leaves().map { try AuditLeaf($0) }
            #expect(leaves.map(\.source) == ["scrape", "scrape", "scrape"])
            #expect(leaves.map(\.time) == [1_000_000_005, 1_000_000_005, 1_000_000_005])
        }
    }

    @Test func nobodyTellsEventsForAPerson() async throws {
        try await withCompliance(.sqlite) { log in
            let method = Datavault_Compliance_V1_AuditIntakeService.Methods.appendEvents
            let reason = try await auditRefusal {
                try await Datavault_Compliance_V1_AuditIntakeService.Client(log.gateway).appendEvents(
                    .with { $0.events = [Self.event(1)] }, options: log.by(.admin, method))
            }
            #expect(reason == "ROLE_REFUSED")
            #expect(try await log.log.head().frontier.size == 0)
        }
    }

    @Test func hostileEventsAreRefusedWholeAndByName() async throws {
        try await withCompliance(.sqlite) { log in
            let long = String(repeating: "x", count: 5_000)
            let cases: [(String, Event)] = [
                ("events[1].action", Self.event(2) { $0.action = long }),
                ("events[1].before", Self.event(2) { $0.before = long }),
                ("events[1].sequence", Self.event(0)),
                ("events[1].sequence", Self.event(-1)),
                ("events[1].time", Self.event(2) { $0.clearTime() }),
                ("events[1].time", Self.event(2) { $0.time.seconds = .max }),
                ("events[1].actor", Self.event(2) { $0.actor = "a\0b" }),
                ("events[1].organization", Self.event(2) { $0.organization = "a\0" }),
                (
                    "events[1].personal",
                    Self.event(2) {
                        $0.personal = (0..<33).map { n in .with { ($0.name, $0.subject) = ("n\(n)", "s") } }
                    }
                ),
                (
                    "events[1].personal[0].value",
                    Self.event(2) { $0.personal = [.with { ($0.name, $0.subject, $0.value) = ("n", "s", long) }] }
                ),
            ]
            for (field, event) in cases {
                let reason = try await auditRefusal { try await append(log, [Self.event(1), event]) }
                #expect(reason == "FIELDS_INVALID \(field)")
            }
            let many = try await auditRefusal { try await append(log, (1...1_001).map { Self.event($0) }) }
            #expect(many == "FIELDS_INVALID events")
            #expect(try await log.log.head().frontier.size == 0)
            // The most that the contract lets through is taken.
            let widest = String(repeating: "\u{1F600}", count: 4_096)
            let most = Self.event(7) {
                ($0.before, $0.after) = (widest, widest)
                $0.personal = (0..<32).map { n in
                    .with { ($0.name, $0.subject, $0.value) = ("n\(n)", "s\(n)", String(repeating: "é", count: 1_024)) }
                }
            }
            #expect(try await append(log, [most]) == 1)
        }
    }

    /// From a service's outbox to the log, with all repetitions that a broken connection makes.
    @Test(arguments: auditStores) func outboxesAreEmptiedIntoTheLog(_ kind: Store.Kind) async throws {
        try await withCompliance(kind) { log in
            let outbox = log.outbox
            for number in 0..<450 {
                let payload: [UInt8] = try Self.event(0) {
                    $0.clearTime()
                    $0.time = Google_Protobuf_Timestamp(seconds: Int64(number), nanos: 0)
                    $0.organization = number % 3 == 0 ? "globex" : "acme"
                    $0.sequence = 0
                }.serializedBytes()
                try await log.log.store.system(.auditTest).write(.readCommitted) { tx in
                    try outbox.send(
                        payload, to: AuditRelay.destination, key: number % 3 == 0 ? "globex" : "acme", in: tx)
                }
            }
            let failing = FailEverySecond()
            var configuration = AuditRelay.Configuration()
            configuration.maximumEvents = 40
            var destination = AuditRelay.destination(configuration: configuration) { events in
                _ = try await log.intake.appendEvents(.with { $0.events = events })
                // Taken, and the answer is lost.
                try failing.next()
            }
            destination.backoff = Backoff(first: .milliseconds(1), longest: .milliseconds(2))
            let relay = OutboxRelay(outbox, [destination])
            let task = Task { try await relay.run() }
            while try await outbox.depth(AuditRelay.destination) > 0 { try await Task.sleep(for: .milliseconds(5)) }
            task.cancel()
            _ = await task.result
            for (name, count) in [(AuditFixture.acme, 300), (AuditFixture.globex, 150)] {
                let times = try await log.log.leaves(name).map { try AuditLeaf($0).time }
                #expect(times.count == count && times == times.sorted())
                #expect(try await log.log.isWhole(name))
            }
        }
    }

    /// An organization whose events are refused holds up nobody else's.
    @Test func whatIsRefusedHoldsBackItsOwnOnly() async throws {
        try await withCompliance(.sqlite) { log in
            let outbox = log.outbox
            for (key, action) in [("acme", "a"), ("globex", String(repeating: "x", count: 300)), ("initech", "a")] {
                let payload: [UInt8] = try Self.event(0) { ($0.organization, $0.action) = (key, action) }
                    .serializedBytes()
                try await log.log.store.system(.auditTest).write { tx in
                    try outbox.send(payload, to: AuditRelay.destination, key: key, in: tx)
                }
            }
            let destination = AuditRelay.destination { events in
                _ = try await log.intake.appendEvents(.with { $0.events = events })
            }
            let task = Task { try await OutboxRelay(outbox, [destination]).run() }
            while try await outbox.depth(AuditRelay.destination) > 1 { try await Task.sleep(for: .milliseconds(5)) }
            task.cancel()
            _ = await task.result
            #expect(try await log.log.head().frontier.size == 1)
            #expect(try await log.log.head(LogName(organization: "initech")).frontier.size == 1)
            #expect(try await log.log.head(AuditFixture.globex).frontier.size == 0)
        }
    }
}

/// Fails at every second turn.
private final class FailEverySecond: Sendable {
    private let turns = LockedCount()

    func next() throws {
        if turns.next() % 2 == 0 { throw RPCError(code: .unavailable, message: "the connection broke") }
    }
}
