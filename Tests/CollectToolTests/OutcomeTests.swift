import Outbound
import Testing

@testable import CollectTool

@Suite("What is said at the end") struct OutcomeTests {
    private func plan() throws -> CollectPlan {
        CollectPlan(
            url: "http://site.test/a/", fields: [try FieldSpecification("title!=h1["), try FieldSpecification("b=p")],
            output: "pages.csv")
    }

    private func refusal(_ status: Int, _ reason: String, _ metadata: String, domain: String = "datavault.scrape.v1")
        -> RefusedCall
    {
        let body = """
            {"code": 3, "message": "it is so", "details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "\(reason)", "domain": "\(domain)", "metadata": \(metadata)}]}
            """
        return RefusedCall(status: status, headers: [:], body: Array(body.utf8))
    }

    @Test("A refusal names the argument, the reason and what to do") func refusals() throws {
        let explanation = Explanation(try plan())
        let selector = explanation.failure(
            refusal(400, "SELECTOR_INVALID", "{\"field\": \"scraper.extraction.fields[0].selector\"}"))
        #expect(selector.kind == .argument && selector.message == "--field 'title!=h1[': it is so")
        let address = explanation.failure(refusal(400, "ADDRESS_NOT_ALLOWED", "{\"host\": \"127.0.0.1\"}"))
        #expect(address.kind == .refused && address.advice.contains("--allow-address 127.0.0.1/32"))
        let port = explanation.failure(refusal(400, "ADDRESS_NOT_ALLOWED", "{\"host\": \"[::1]:8080\"}"))
        #expect(port.advice.contains("--allow-address ::1/128"))
        let name = explanation.failure(refusal(400, "ADDRESS_NOT_ALLOWED", "{\"host\": \"127.0.0.1:8080\"}"))
        #expect(name.advice.contains("--allow-address 127.0.0.1/32"))
        let permission = explanation.failure(
            refusal(403, "PERMISSION_MISSING", "{\"permission\": \"scrapers.write\"}", domain: "datavault.policy.v1"))
        #expect(permission.kind == .refused && permission.advice.contains("scrapers.write"))
        #expect(explanation.failure(refusal(503, "", "{}")).kind == .unreachable)
        #expect(explanation.failure(refusal(401, "", "{}")).kind == .refused)
        // Made anew: of the second in which the gateway started.
        #expect(refusal(401, "SIGNATURE_STALE", "{}").mayPass && !refusal(401, "SIGNATURE_INVALID", "{}").mayPass)
        let away = explanation.failure(OutboundError(.connectFailed, "nobody listens"))
        #expect(away.kind == .unreachable && away.advice.contains("make run"))
    }

    @Test("A site that gives nothing is no success") func nothing() throws {
        let explanation = Explanation(try plan())
        var (progress, report) = (JobProgress(), CollectReport(url: "http://site.test/a/"))
        progress.state = "FAILED"
        report.pagesLeftOut = [CollectReport.Count(kind: "ROBOTS_DISALLOWED", count: 1)]
        let robots = #expect(throws: CollectFailure.self) { try explanation.check(progress, report) }
        #expect(robots?.kind == .nothing && robots?.message.contains("robots.txt of site.test") == true)
        (progress.state, progress.fetched, report.pagesLeftOut) = ("SUCCEEDED", 7, [])
        let empty = #expect(throws: CollectFailure.self) { try explanation.check(progress, report) }
        #expect(empty?.message.contains("none of 7 pages has anything of title, b") == true)
        progress.records = 1
        #expect(throws: Never.self) { try explanation.check(progress, report) }
    }

    @Test("A job's event tells what failed apart from where it ends") func progress() throws {
        let event = try JSONValue(
            parsing: Array(
                """
                {"state": "SCRAPE_JOB_STATE_RUNNING", "progress": {"fetched": "1234", "records": "2", "queued": "3",
                "bytes": "1536", "problems": [{"problem": "PAGE_PROBLEM_TIMEOUT", "count": "1"},
                {"problem": "PAGE_PROBLEM_OUT_OF_SCOPE", "count": "9"}]}}
                """.utf8))
        let progress = JobProgress(event)
        #expect(progress.line == "1 234 pages, 2 records, 3 waiting, 1.5 KiB" && !progress.hasEnded)
        #expect(progress.problems == ["TIMEOUT": 1] && progress.boundaries == ["OUT_OF_SCOPE": 9])
    }

    @Test("The report says what is there, what is not, and what proves it") func report() {
        var report = CollectReport(url: "http://site.test/a/")
        (report.output, report.rows, report.pages, report.endReason) = ("pages.csv", 1_234, 1_240, "PAGE_LIMIT")
        report.pagesLeftOut = [CollectReport.Count(kind: "CLIENT_ERROR", count: 2, example: "http://site.test/x (404)")]
        report.recordsSetAside = [CollectReport.Count(kind: "title MISSING", count: 4, example: "http://site.test/y")]
        (report.proofFile, report.proof) = ("p.ndjson", .holds(entries: 5, logSize: 12, keys: "abcd"))
        let text = report.lines.joined(separator: "\n")
        for part in [
            "pages.csv: 1 234 records", "--limit ended it", "2 pages: the site says", "as http://site.test/x (404)",
            "4 records: title: there is none", "5 entries, a tree of 12, signed by key abcd",
        ] { #expect(text.contains(part), "\(part)\n\(text)") }
        #expect(report.json["proof"]["holds"].isTrue && report.json["rows"].count == 1_234)
        report.proof = .open("the log is away")
        #expect(report.lines.last == "proof: none: the log is away")
    }

    @Test("On a terminal a line changes; in a file there is one now and then") func display() {
        var (shown, time) = ("", ContinuousClock.now)
        let terminal = ProgressDisplay(isTerminal: true, width: 30, now: { time }, write: { shown += $0 })
        terminal.step("begin")
        terminal.update("one")
        terminal.update("two", isLast: true)
        #expect(shown == "begin\n\r\u{1B}[K  one\r\u{1B}[K  two\n")
        shown = ""
        let file = ProgressDisplay(isTerminal: false, now: { time }, write: { shown += $0 })
        file.step("begin")
        file.update("one")
        time += .seconds(6)
        file.update("two")
        file.update("two")
        file.update("three", isLast: true)
        #expect(shown == "begin\n  two\n  three\n")
    }
}
