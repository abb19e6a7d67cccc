import PolicyContract
import SwiftProtobuf

/// What callers of a method lose.
struct MethodDiff {
    let name: String
    let old: ContractSnapshot.Method
    let new: ContractSnapshot.Method

    var sentences: [String] { shape + routes + access + roles + rest }

    private var shape: [String] {
        var found: [String] = []
        if old.proto.inputType != new.proto.inputType {
            found.append("\(name) took \(plain(old.proto.inputType)) and takes \(plain(new.proto.inputType)).")
        }
        if old.proto.outputType != new.proto.outputType {
            found.append("\(name) gave \(plain(old.proto.outputType)) and gives \(plain(new.proto.outputType)).")
        }
        if old.proto.clientStreaming != new.proto.clientStreaming {
            found.append("\(name) \(new.proto.clientStreaming ? "now takes" : "no longer takes") a stream of requests.")
        }
        if old.proto.serverStreaming != new.proto.serverStreaming {
            found.append(
                "\(name) \(new.proto.serverStreaming ? "now gives" : "no longer gives") a stream of responses.")
        }
        return found
    }

    private func plain(_ type: String) -> Substring { type.drop { $0 == "." } }

    // MARK: Routes

    private var routes: [String] {
        let added = new.routes.filter { route in !old.routes.contains { $0.name == route.name } }
        return old.routes.flatMap { route -> [String] in
            guard let same = new.routes.first(where: { $0.name == route.name }) else {
                guard let other = added.first else { return ["\(route.name) (\(name)) is gone."] }
                return ["\(name) has moved from \(route.name) to \(other.name)."]
            }
            return bodySentences(route, same) + querySentences(route, same)
        }
    }

    private func bodySentences(_ old: Route, _ new: Route) -> [String] {
        var found: [String] = []
        if old.body != new.body {
            found.append("The body of \(old.name) was \(body(old.body)) and is \(body(new.body)).")
        }
        if old.responseBody != new.responseBody {
            found.append(
                "The response of \(old.name) was \(body(old.responseBody, "the response")) and is "
                    + "\(body(new.responseBody, "the response")).")
        }
        return found
    }

    private func body(_ name: String, _ whole: String = "the request") -> String {
        switch name {
        case "": whole == "the request" ? "empty" : "all of \(whole)"
        case "*": "all of \(whole)"
        default: "the field '\(name)'"
        }
    }

    private func querySentences(_ old: Route, _ new: Route) -> [String] {
        guard new.body == old.body else { return [] }
        return old.queryNames.subtracting(new.queryNames).sorted().map { parameter in
            "The query parameter '\(parameter)' of \(old.name) is gone."
        }
    }

    // MARK: Policy

    private var access: [String] {
        let (before, after) = (old.policy.access, new.policy.access)
        let isStricter =
            switch (before, after) {
            case (nil, _), (_, nil), (_, .public): false
            case (.public, _): true
            case (.internal, .internal), (.authenticated, .authenticated), (.permission, .authenticated): false
            case (.permission(let one), .permission(let other)): one != other
            default: true
            }
        guard isStricter else { return [] }
        return ["\(name) \(text(before)), and \(text(after)) now: callers that were let in are refused."]
    }

    private func text(_ access: Datavault_Policy_V1_CallPolicy.OneOf_Access?) -> String {
        switch access {
        case .permission(let name): "asks for the permission '\(name)'"
        case .authenticated: "asks for any principal"
        case .public: "is open to all"
        case .internal: "is for the suite's roles alone"
        case nil: "has no policy"
        }
    }

    private var roles: [String] {
        let gateway: [Datavault_Policy_V1_Role] = [.gateway]
        let before = old.policy.roles.isEmpty ? gateway : old.policy.roles
        let after = new.policy.roles.isEmpty ? gateway : new.policy.roles
        return before.filter { !after.contains($0) }.map { "The role \($0) may no longer call \(name)." }
    }

    private var rest: [String] {
        var found: [String] = []
        let (before, after) = (cost(old.policy), cost(new.policy))
        if after > before { found.append("A call of \(name) cost \(before) and costs \(after).") }
        if old.policy.audit != new.policy.audit, !old.policy.audit.isEmpty {
            let now = new.policy.audit.isEmpty ? "leaves none now" : "leaves one called '\(new.policy.audit)' now"
            found.append("\(name) left the audit entry '\(old.policy.audit)', and \(now).")
        }
        if old.policy.stream != new.policy.stream, old.policy.stream != .unspecified {
            found.append("The stream of \(name) was shown as \(old.policy.stream) and is \(new.policy.stream) now.")
        }
        if old.proto.options.idempotencyLevel != .idempotencyUnknown, isLessRepeatable {
            found.append("\(name) could be repeated at will, and may have a further effect now each time.")
        }
        let (end, newEnd) = (old.policy.deprecation.sunset, new.policy.deprecation.sunset)
        if !end.isEmpty, !newEnd.isEmpty, newEnd < end {
            found.append("\(name) was to be served until \(end), and is now only until \(newEnd).")
        }
        return found
    }

    private func cost(_ policy: Datavault_Policy_V1_CallPolicy) -> UInt32 { policy.hasCost ? policy.cost : 1 }

    private var isLessRepeatable: Bool {
        switch (old.proto.options.idempotencyLevel, new.proto.options.idempotencyLevel) {
        case (.noSideEffects, .noSideEffects), (.idempotent, .idempotent), (.idempotent, .noSideEffects): false
        default: true
        }
    }
}
