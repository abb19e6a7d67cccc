import Patterns
import PolicyContract
import SwiftProtobuf
import SwiftProtobufPluginLibrary

/// Checks the policies of methods.
struct CallPolicyChecker {
    static let maxCost = 10_000
    /// How permissions and audit actions are named.
    private static let actionForm = Pattern(checked: "[a-z][a-z0-9_]*(\\.[a-z][a-z0-9_]*)+")
    private static let dayForm = Pattern(checked: "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")

    /// Permissions with the names of the files that declare them.
    private var permissions: [String: String] = [:]

    // MARK: Permissions

    mutating func takePermissions(of file: FileDescriptor, _ problems: inout ContractProblems) {
        for (index, permission) in file.options.Datavault_Policy_V1_permissions.enumerated() {
            let place = SourcePlace(file: file, index: index)
            if !Self.actionForm.matches(permission.name) {
                problems.add(place, "the permission '\(permission.name)' is not named like 'pipelines.write'.")
            }
            if permission.meaning.isEmpty {
                problems.add(place, "the permission '\(permission.name)' has no meaning.")
            }
            if let other = permissions.updateValue(file.name, forKey: permission.name) {
                let also = other == file.name ? "twice" : "in \(other) too"
                problems.add(place, "the permission '\(permission.name)' is declared \(also).")
            }
        }
    }

    // MARK: Policies

    func check(_ method: MethodDescriptor, _ problems: inout ContractProblems) {
        guard let policy = method.policy else {
            guard method.file.isContract else { return }
            let text = "'\(method.fullName)' has no policy; give it the option (datavault.policy.v1.call)."
            return problems.add(SourcePlace(of: method), text)
        }
        for text in accessProblems(policy, method) + auditProblems(policy, method) + otherProblems(policy, method) {
            problems.add(.method(method), text)
        }
    }

    private func accessProblems(_ policy: Datavault_Policy_V1_CallPolicy, _ method: MethodDescriptor) -> [String] {
        var found: [String] = []
        switch policy.access {
        case nil:
            found.append(
                "the policy of '\(method.fullName)' names no permission, and says neither authenticated, public nor "
                    + "internal."
            )
        case .permission(let name): found += permissionProblems(name, method)
        case .authenticated(let flag), .public(let flag), .internal(let flag):
            if !flag { found.append("the policy of '\(method.fullName)' denies its access instead of naming one.") }
        }
        if Set(policy.roles).count < policy.roles.count {
            found.append("the policy of '\(method.fullName)' names a role twice.")
        }
        if !policy.roles.allSatisfy(Datavault_Policy_V1_Role.allCases.dropFirst().contains) {
            found.append("the policy of '\(method.fullName)' names a role that is none.")
        }
        if case .internal = policy.access, policy.roles.isEmpty {
            found.append("the policy of '\(method.fullName)' is internal and names no role that may call it.")
        }
        if method.route != nil, !policy.allowsGateway {
            found.append("'\(method.fullName)' has a route, and its policy does not let the gateway call it.")
        }
        return found
    }

    private func permissionProblems(_ name: String, _ method: MethodDescriptor) -> [String] {
        guard let declarer = permissions[name] else {
            return ["'\(method.fullName)' asks for the permission '\(name)', which no file declares."]
        }
        guard method.file.withImports.contains(where: { $0.name == declarer }) else {
            return [
                "'\(method.fullName)' asks for the permission '\(name)', which is declared in \(declarer); import it."
            ]
        }
        return []
    }

    private func auditProblems(_ policy: Datavault_Policy_V1_CallPolicy, _ method: MethodDescriptor) -> [String] {
        let paths = [(policy.auditResource, method.inputType), (policy.auditCreated, method.outputType)]
        guard !policy.audit.isEmpty else {
            guard paths.contains(where: { !$0.0.isEmpty }) else { return [] }
            return ["the policy of '\(method.fullName)' names a resource for the audit log, and no action."]
        }
        var found: [String] = []
        if !Self.actionForm.matches(policy.audit) {
            found.append(
                "the audit action '\(policy.audit)' of '\(method.fullName)' is not named like 'pipeline.create'.")
        }
        if paths.allSatisfy({ !$0.0.isEmpty }) {
            found.append("the policy of '\(method.fullName)' names the resource twice, in request and response.")
        }
        if !policy.auditCreated.isEmpty, method.serverStreaming {
            found.append("'\(method.fullName)' answers with a stream, of which no message names the resource.")
        }
        for case (let path, let message?) in paths where !path.isEmpty {
            if let reason = resourceProblem(path, in: message) {
                found.append("the audit resource '\(path)' of '\(method.fullName)' cannot be used: \(reason).")
            }
        }
        return found
    }

    private func resourceProblem(_ path: String, in message: Descriptor) -> String? {
        do {
            guard let field = try FieldPath(path, in: message).last else { return "it is empty" }
            if field.rule.sensitivity == .secret { return "'\(field.fullName)' is secret" }
            switch FieldType(field) {
            case .text, .integer: return nil
            default: return "'\(field.fullName)' is neither a string nor an integer"
            }
        } catch {
            return error.reason
        }
    }

    private func otherProblems(_ policy: Datavault_Policy_V1_CallPolicy, _ method: MethodDescriptor) -> [String] {
        var found: [String] = []
        if policy.hasCost, policy.cost > Self.maxCost {
            found.append("the cost of '\(method.fullName)' is over \(Self.maxCost).")
        }
        found += deprecationProblems(policy, method)
        let streams = method.clientStreaming || method.serverStreaming
        switch policy.stream {
        case .unspecified:
            if streams, method.route != nil {
                found.append("'\(method.fullName)' is a stream with a route, and does not say how it is presented.")
            }
        case .UNRECOGNIZED: found.append("'\(method.fullName)' is presented in no way that is known.")
        case .websocket where streams: break
        case _ where !streams: found.append("'\(method.fullName)' says how its stream is presented, and is no stream.")
        default:
            if method.clientStreaming, method.serverStreaming {
                found.append("'\(method.fullName)' streams in both directions, which only a WebSocket shows.")
            }
        }
        return found
    }

    private func deprecationProblems(
        _ policy: Datavault_Policy_V1_CallPolicy,
        _ method: MethodDescriptor
    ) -> [String] {
        guard policy.hasDeprecation else { return [] }
        let (since, sunset) = (policy.deprecation.since, policy.deprecation.sunset)
        guard Self.dayForm.matches(since), Self.dayForm.matches(sunset) else {
            return ["the deprecation of '\(method.fullName)' needs since and sunset, both days like 2026-03-31."]
        }
        var found: [String] = []
        // Days of this form are in the order of their letters.
        if since > sunset { found.append("the sunset of '\(method.fullName)' lies before its deprecation.") }
        if !method.options.deprecated {
            found.append("'\(method.fullName)' has a deprecation, and not the option deprecated = true.")
        }
        return found
    }
}

extension Datavault_Policy_V1_CallPolicy {
    var allowsGateway: Bool {
        if case .internal = access { return false }
        return roles.isEmpty || roles.contains(.gateway)
    }
}
