import Wire

/// What pages of other origins may do (CORS).
enum CrossOrigin {
    /// The fields of any answer to a request that names an origin.
    static func fields(_ origin: String, _ policy: CrossOriginPolicy) -> [(name: String, value: String)] {
        guard !policy.origins.isEmpty else { return [] }
        guard policy.allows(origin) else { return [("vary", "origin")] }
        var fields: [(name: String, value: String)] = [("access-control-allow-origin", origin), ("vary", "origin")]
        if !policy.exposedHeaders.isEmpty {
            fields.append(("access-control-expose-headers", policy.exposedHeaders.joined(separator: ", ")))
        }
        return fields
    }

    /// The fields of an answer to a browser's question whether it may ask.
    static func preflight(
        _ origin: String, allowed: [String], _ policy: CrossOriginPolicy
    ) -> [(name: String, value: String)] {
        guard policy.allows(origin) else { return [] }
        return [
            ("access-control-allow-methods", allowed.joined(separator: ", ")),
            ("access-control-allow-headers", policy.headers.joined(separator: ", ")),
            ("access-control-max-age", "\(policy.maxAge.components.seconds)"),
        ]
    }
}

extension EdgeCore {
    /// Answers OPTIONS: which methods a path has, and to browsers whether they may use them.
    func answerOptions(_ exchange: any Exchange) async throws(RPCError) {
        var response = EdgeResponse(status: 204)
        var allowed = ["GET", "HEAD", "OPTIONS"]
        if exchange.path == "*" {
            allowed = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
        } else if pages[exchange.path] == nil {
            // No route has this method, so what is found is all that there are.
            guard case .otherMethods(let methods) = routes.find("OPTIONS", try path(exchange)) else {
                throw .routeUnknown
            }
            allowed = methods
        }
        response.fields.append(("allow", allowed.joined(separator: ", ")))
        if let origin = exchange.known.origin, exchange.header("access-control-request-method") != nil {
            response.fields += CrossOrigin.preflight(origin, allowed: allowed, configuration.crossOrigin)
        }
        await answer(exchange, response)
    }
}
