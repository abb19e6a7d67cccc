import Outbound

/// Turns what went wrong into one sentence with its reason, and what to do.
struct Explanation {
    private let plan: CollectPlan

    init(_ plan: CollectPlan) { self.plan = plan }

    private var host: String { CollectPlan.authority(plan.url) }

    // MARK: Errors

    func failure(_ error: any Error) -> CollectFailure {
        switch error {
        case let failure as CollectFailure: failure
        case let refusal as RefusedCall: self.refusal(refusal)
        case let error as OutboundError: unreachable(error)
        default: CollectFailure(.failed, "\(error)")
        }
    }

    private func unreachable(_ error: OutboundError) -> CollectFailure {
        switch error.reason {
        case .connectFailed, .connectTimeout, .nameNotFound, .resolverFailed:
            CollectFailure(
                .unreachable, "the suite does not answer: \(error.message)",
                advice: "Start it with `make run` or `datavault up`, or say where it is with --gateway.")
        case .tlsFailed, .certificateInvalid:
            CollectFailure(
                .unreachable, "the gateway is not to be trusted: \(error.message)",
                advice: "Give the authority of its certificate with --ca-file.")
        case .invalidURL: CollectFailure(.argument, "the gateway's address is none: \(error.message)")
        default: CollectFailure(.failed, "the connection to the suite failed: \(error)")
        }
    }

    private func refusal(_ refusal: RefusedCall) -> CollectFailure {
        switch (refusal.domain, refusal.reason) {
        case (_, "ADDRESS_NOT_ALLOWED"):
            let address = refusal.metadata["address"] ?? refusal.metadata["host"] ?? host
            return CollectFailure(
                .refused, "\(address) is no public address, and the operator of the suite has not allowed it",
                advice: "If it is yours, add --allow-address \(Self.network(address)) on the machine of the suite.")
        case (_, "SELECTOR_INVALID"), (_, "PATTERN_INVALID"), (_, "FIELD_INVALID"), (_, "FIELD_NAME_TAKEN"),
            (_, "URL_INVALID"), (_, "START_OUT_OF_SCOPE"):
            return CollectFailure(.argument, "\(argument(refusal.field)): \(Self.reason(refusal))")
        case (_, "LIMIT_REACHED"):
            return CollectFailure(
                .refused, refusal.message, advice: "Delete what is no longer needed, or ask the operator.")
        default: break
        }
        switch refusal.status {
        case 400:
            return CollectFailure(
                .argument, "\(argument(refusal.field)): \(refusal.violations.first?.text ?? refusal.message)")
        case 401:
            return CollectFailure(
                .refused, "the suite does not take the signature: \(refusal.message)",
                advice: "Are key and signing secret those of this suite? See --credentials.")
        case 403:
            return CollectFailure(
                .refused, "the key may not do that: \(refusal.message)",
                advice: refusal.metadata["permission"].map { "It needs the permission \($0)." } ?? "")
        case 404 where refusal.domain == "datavault.gateway.v1":
            return CollectFailure(
                .unreachable, "the gateway knows no such call: \(refusal.message)",
                advice: "Is the suite older than this program?")
        case 503, 504:
            return CollectFailure(
                .unreachable, "the suite is not ready: \(refusal.message)",
                advice: "Wait a moment; `datavault doctor` says what is missing.")
        default: return CollectFailure(.failed, refusal.message)
        }
    }

    /// The network of one address.
    private static func network(_ host: String) -> String {
        var address = host
        // Without its port; an IPv6 address has brackets then.
        if host.hasPrefix("[") {
            address = String(host.dropFirst().prefix { $0 != "]" })
        } else if host.split(separator: ":").count == 2 {
            address = String(host.prefix { $0 != ":" })
        }
        if address == "localhost" { address = "127.0.0.1" }
        guard let parsed = IPAddress(address) else { return "ADDRESS/32" }
        return "\(parsed)/\(parsed.isIPv6 ? 128 : 32)"
    }

    /// What is wrong with a field, without the field's own name where an argument says it.
    private static func reason(_ refusal: RefusedCall) -> String {
        let message = refusal.message
        guard !refusal.field.isEmpty, message.hasPrefix(refusal.field) else { return message }
        return String(message.dropFirst(refusal.field.count)).trimmingBlanks
    }

    /// The argument that a field of the request comes of.
    private func argument(_ field: String) -> String {
        if let open = field.firstRange(of: "fields["), let close = field[open.upperBound...].firstIndex(of: "]"),
            let index = Int(field[open.upperBound..<close]), plan.fields.indices.contains(index)
        {
            return "--field '\(plan.fields[index].text)'"
        }
        let arguments = [
            ("record_selector", "--rows"), ("include_paths", "--include"), ("exclude_paths", "--exclude"),
            ("start_urls", plan.url), ("delay", "--delay"), ("pages", "--limit"), ("depth", "--depth"),
            ("columns", "--columns"), ("display_name", "--name"),
        ]
        for (part, argument) in arguments where field.contains(part) { return argument }
        return field.isEmpty ? "the request is refused" : field
    }

    // MARK: Ends that are no errors of a call

    /// - Throws: `CollectFailure` (`nothing`) where the site gave no record.
    func check(_ progress: JobProgress, _ report: CollectReport) throws(CollectFailure) {
        if progress.state == "CANCELLED" {
            throw CollectFailure(.failed, "somebody else cancelled the job \(report.job)")
        }
        guard progress.records == 0 else { return }
        let first = report.pagesLeftOut.first
        if progress.fetched == 0, let first {
            throw CollectFailure(.nothing, nothing(first.kind, first), advice: advice(first.kind))
        }
        if progress.quarantined > 0, let first = report.recordsSetAside.first {
            throw CollectFailure(
                .nothing,
                "no record is whole: all \(Amount.text(progress.quarantined)) were set aside "
                    + "(\(CollectReport.issue(first.kind)))",
                advice: "Look at one of the pages: \(first.example)")
        }
        let fields = plan.fields.map(\.name).joined(separator: ", ")
        throw CollectFailure(
            .nothing, "none of \(Amount.of(progress.fetched, "page")) has anything of \(fields)",
            advice: "Try the selectors in a browser's developer tools.")
    }

    private func nothing(_ kind: String, _ count: CollectReport.Count) -> String {
        switch kind {
        case "ROBOTS_DISALLOWED": "robots.txt of \(host) forbids \(plan.url); nothing was fetched"
        case "ROBOTS_UNREACHABLE":
            "robots.txt of \(host) could not be had, which forbids everything (RFC 9309): \(count.example)"
        case "ADDRESS_NOT_ALLOWED": "\(host) leads to an address that the operator of the suite has not allowed"
        default: "no page could be had: \(Problems.meaning(kind)), as \(count.example)"
        }
    }

    private func advice(_ kind: String) -> String {
        switch kind {
        case "ROBOTS_DISALLOWED": "Ask the site's owner, or collect what the site allows."
        case "ROBOTS_UNREACHABLE": "Look at the URL, or try again later."
        case "ADDRESS_NOT_ALLOWED": "If it is yours, add --allow-address ADDRESS/32 on the machine of the suite."
        case "NAME_UNRESOLVED", "URL_INVALID", "CLIENT_ERROR": "Look at the URL."
        default: ""
        }
    }

    /// - Throws: `CollectFailure` where a run did not succeed.
    func check(run: JSONValue) throws(CollectFailure) {
        let state = Problems.bare(run["state"].text, "RUN_STATE_")
        guard state != "SUCCEEDED" else { return }
        let failure = run["failure"]
        throw CollectFailure(
            .failed,
            state == "CANCELLED"
                ? "somebody else cancelled the run \(run["name"].text)"
                : "the pipeline failed: \(failure["message"].text) (\(failure["reason"].text))")
    }
}
