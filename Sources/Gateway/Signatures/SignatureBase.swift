/// What is signed (RFC 9421, section 2.5): a line for each component, and one for the parameters.
enum SignatureBase {
    private static let derived: Set<String> = [
        "@method", "@authority", "@path", "@query", "@target-uri", "@scheme", "@request-target",
    ]

    /// Whether a component can be covered: derived from a request's target, or a field by its name in lower case.
    static func supports(_ component: String) -> Bool {
        guard component.utf8.first != UInt8(ascii: "@") else { return derived.contains(component) }
        return !component.isEmpty
            && component.utf8.allSatisfy {
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || "!#$%&'*+-.^_`|~".utf8.contains($0)
            }
    }

    /// The base of a signature over a request.
    ///
    /// - Parameter parameters: The value of `@signature-params`.
    /// - Throws: `SignatureFault.invalid` if a covered field is not there: it was taken away, or never came.
    static func make(
        _ components: [String], parameters: String, of request: RequestSummary
    ) throws(SignatureFault) -> String {
        var base = ""
        base.reserveCapacity(512)
        for component in components {
            guard let value = value(of: component, in: request) else { throw .invalid }
            base += "\"\(component)\": "
            base += value
            base += "\n"
        }
        base += "\"@signature-params\": "
        base += parameters
        return base
    }

    /// A component's value; nil for a field that is not there.
    private static func value(of component: String, in request: RequestSummary) -> String? {
        let path = request.path.isEmpty ? "/" : request.path
        let query = request.query.map { "?\($0)" }
        return switch component {
        case "@method": request.method
        case "@scheme": request.scheme
        case "@authority": authority(request)
        case "@path": path
        // Without a query the value is the question mark alone (RFC 9421, section 2.2.7).
        case "@query": query ?? "?"
        case "@request-target": path + (query ?? "")
        case "@target-uri": "\(request.scheme)://\(authority(request))\(path)\(query ?? "")"
        default: request.combinedField(component)
        }
    }

    /// Lower case, without the scheme's own port (RFC 9110, section 4.2.3).
    static func authority(_ request: RequestSummary) -> String {
        let port = request.scheme == "https" ? ":443" : ":80"
        let authority = request.authority.lowercased()
        return authority.hasSuffix(port) ? String(authority.dropLast(port.count)) : authority
    }
}

extension RequestSummary {
    /// A field's lines, joined as RFC 9421, section 2.1 has it; nil if there is none.
    func combinedField(_ name: String) -> String? {
        var combined: String?
        for header in headers where header.name == name {
            let value = header.value.trimmingWhiteSpace
            if let before = combined { combined = "\(before), \(value)" } else { combined = String(value) }
        }
        return combined
    }
}

extension String {
    fileprivate var trimmingWhiteSpace: Substring {
        var rest = self[...]
        while let first = rest.utf8.first, first == 0x20 || first == 0x09 { rest = rest.dropFirst() }
        while let last = rest.utf8.last, last == 0x20 || last == 0x09 { rest = rest.dropLast() }
        return rest
    }
}
