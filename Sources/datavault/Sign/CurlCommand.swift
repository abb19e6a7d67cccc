/// A command that sends a signed request.
struct CurlCommand {
    let method: String
    let url: String
    let fields: [(name: String, value: String)]
    let body: String?

    var text: String {
        // As it is written: curl would take brackets for patterns, and remove dots from paths.
        var parts = ["curl", "--globoff", "--path-as-is", "--request", method.uppercased(), Self.quoted(url)]
        for field in fields { parts += ["--header", Self.quoted("\(field.name): \(field.value)")] }
        if let body { parts += ["--data-binary", Self.quoted("@\(body)")] }
        return parts.joined(separator: " ")
    }

    /// One word of a shell, whatever it holds.
    static func quoted(_ text: String) -> String { "'" + text.replacing("'", with: "'\\''") + "'" }
}
