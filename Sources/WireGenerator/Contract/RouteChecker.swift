import GoogleAPIContract
import SwiftProtobuf
import SwiftProtobufPluginLibrary

/// Checks the routes of all methods, each for itself and each against the others.
struct RouteChecker {
    private struct Route {
        let method: MethodDescriptor
        let verb: String
        let path: String
        let template: PathTemplate
    }

    private var routes: [Route] = []

    mutating func check(_ method: MethodDescriptor, _ problems: inout ContractProblems) {
        guard let rule = method.route else { return }
        for binding in [rule] + rule.additionalBindings { check(binding, of: method, &problems) }
        if rule.additionalBindings.contains(where: { !$0.additionalBindings.isEmpty }) {
            problems.add(.route(method), "an additional binding of '\(method.fullName)' has bindings of its own.")
        }
    }

    private mutating func check(
        _ rule: Google_Api_HttpRule,
        of method: MethodDescriptor,
        _ problems: inout ContractProblems
    ) {
        let place = SourcePlace.route(method)
        guard let (verb, path) = rule.verbAndPath else {
            return problems.add(place, "a route of '\(method.fullName)' has no verb.")
        }
        let template: PathTemplate
        do {
            template = try PathTemplate(path)
        } catch {
            return problems.add(place, "the path '\(path)' of '\(method.fullName)' \(error.reason).")
        }
        for variable in template.variables {
            if let reason = Self.problem(withVariable: variable, of: method) {
                problems.add(place, "the variable '\(variable)' in the path '\(path)' is no field: \(reason).")
            }
        }
        checkBody(rule, verb, template, of: method, &problems)
        checkEffect(verb, path, of: method, &problems)
        let route = Route(method: method, verb: verb, path: path, template: template)
        checkCollisions(route, &problems)
        routes.append(route)
    }

    private static func problem(withVariable variable: String, of method: MethodDescriptor) -> String? {
        do {
            let path = try FieldPath(variable, in: method.inputType)
            if path.endsInMessage { return "'\(path.last?.fullName ?? variable)' is a message" }
            return nil
        } catch {
            return error.reason
        }
    }

    private func checkBody(
        _ rule: Google_Api_HttpRule,
        _ verb: String,
        _ template: PathTemplate,
        of method: MethodDescriptor,
        _ problems: inout ContractProblems
    ) {
        let place = SourcePlace.route(method)
        if !rule.body.isEmpty, ["GET", "DELETE"].contains(verb) {
            problems.add(place, "a \(verb) route of '\(method.fullName)' has a body, which clients may not send.")
        }
        if !["", "*"].contains(rule.body), !method.inputType.fields.contains(where: { $0.name == rule.body }) {
            problems.add(place, "the body '\(rule.body)' is no field of '\(method.inputType.fullName)'.")
        }
        let response = rule.responseBody
        if !response.isEmpty, !method.outputType.fields.contains(where: { $0.name == response }) {
            problems.add(place, "the response body '\(response)' is no field of '\(method.outputType.fullName)'.")
        }
        guard rule.body != "*", !method.clientStreaming else { return }
        let taken = Set(template.variables.map { String($0.prefix { $0 != "." }) } + [rule.body])
        for field in method.inputType.fields where !taken.contains(field.name) {
            guard field.isMap || field.isRepeated && field.type == .message else { continue }
            problems.add(
                place,
                "'\(field.fullName)' would be a query parameter of '\(method.fullName)', and cannot be written as one; "
                    + "put it into the body."
            )
        }
    }

    private func checkEffect(
        _ verb: String,
        _ path: String,
        of method: MethodDescriptor,
        _ problems: inout ContractProblems
    ) {
        guard verb == "GET", method.options.idempotencyLevel != .noSideEffects else { return }
        // Caches, crawlers and browsers repeat GETs as they like (RFC 9110, 9.2.1).
        problems.add(
            .route(method),
            "'GET \(path)' leads to '\(method.fullName)', which does not say idempotency_level = NO_SIDE_EFFECTS."
        )
    }

    private func checkCollisions(_ route: Route, _ problems: inout ContractProblems) {
        for other in routes where other.verb == route.verb || other.verb == "*" || route.verb == "*" {
            let what = "the route '\(route.verb) \(route.path)' of '\(route.method.fullName)'"
            let otherPlace = SourcePlace.route(other.method)
            let where_ = "'\(other.path)' of '\(other.method.fullName)' (\(otherPlace.file):\(otherPlace.line))"
            switch route.template.overlap(with: other.template) {
            case .none, .nested: break
            case .same: problems.add(.route(route.method), "\(what) collides with \(where_).")
            case .ambiguous:
                problems.add(.route(route.method), "\(what) and \(where_) match the same paths, neither more closely.")
            }
        }
    }
}

extension Google_Api_HttpRule {
    var verbAndPath: (verb: String, path: String)? {
        switch pattern {
        case .get(let path): ("GET", path)
        case .put(let path): ("PUT", path)
        case .post(let path): ("POST", path)
        case .delete(let path): ("DELETE", path)
        case .patch(let path): ("PATCH", path)
        case .custom(let custom): custom.kind.isEmpty ? nil : (custom.kind, custom.path)
        case nil: nil
        }
    }
}
