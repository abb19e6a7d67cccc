import PolicyContract
import SwiftProtobuf

/// What OpenAPI is told of a route.
struct OpenAPIRoute: Hashable {
    /// `GET`, in upper case.
    let verb: String
    /// As of `google.api.http`.
    let template: String
    /// The field that the body is, `*` for the whole request, empty for none.
    let body: String
    /// The field that the answer is; empty for the whole response.
    let responseBody: String
    /// `/package.Service/Method`.
    let method: String
}

/// The running route table as an OpenAPI 3.1 document.
struct OpenAPIDocument {
    private let index: DescriptorIndex
    private let routes: [OpenAPIRoute]
    private let version: String

    /// - Parameter descriptorSets: Serialized `google.protobuf.FileDescriptorSet`s with all that the routes name.
    init(routes: [OpenAPIRoute], descriptorSets: [[UInt8]], version: String) throws {
        (self.routes, self.version) = (routes, version)
        index = try DescriptorIndex(descriptorSets)
    }

    /// The document, as JSON.
    func bytes() -> [UInt8] {
        var schemas = OpenAPISchemas(index)
        var paths: [(String, [(String, JSONTree)])] = []
        var named: Set<String> = []
        for route in routes {
            guard let method = index.methods[route.method] else { continue }
            var operation = OpenAPIOperation(route, method, index)
            // Additional bindings of a method have names of their own.
            if !named.insert(operation.name).inserted { operation.name += "_\(named.count)" }
            let entry = (route.verb.lowercased(), operation.tree(&schemas))
            if let place = paths.firstIndex(where: { $0.0 == operation.path.text }) {
                paths[place].1.append(entry)
            } else {
                paths.append((operation.path.text, [entry]))
            }
        }
        paths.sort { $0.0 < $1.0 }
        let status = schemas.reference("google.rpc.Status")
        let tags = Set(routes.compactMap { index.methods[$0.method]?.service }).sorted().compactMap {
            index.services[$0]
        }
        return JSONTree.object(
            ("openapi", .text("3.1.0")),
            (
                "info",
                .object(
                    ("title", .text("DataVault")), ("version", .text(version)),
                    ("description", .text(Self.description)),
                    ("license", .object(("name", .text("Proprietary")), ("identifier", .text("LicenseRef-DataVault")))))
            ),
            ("servers", .list([.object(("url", .text("/")))])),
            ("tags", .list(tags.map { .object(("name", .text($0.name)), ("description", .text($0.comment))) })),
            ("paths", .object(paths.map { ($0.0, .object($0.1)) })),
            (
                "components",
                .object(
                    ("schemas", schemas.components()), ("responses", Self.responses(status)),
                    ("securitySchemes", Self.securitySchemes))
            )
        ).bytes
    }

    private static let description = """
        JSON over HTTP for every call of the suite. Messages are protobuf's canonical JSON: members in lowerCamelCase, \
        64-bit integers as strings, and fields at their default left out. Errors are `google.rpc.Status`, or \
        `application/problem+json` where `Accept` asks for it, with the same reasons.
        """

    private static func responses(_ status: JSONTree) -> JSONTree {
        let problem = JSONTree.object(
            ("type", .text("object")), ("description", .text("A problem (RFC 9457).")),
            (
                "properties",
                .object(
                    ("type", .object(("type", .text("string")))), ("title", .object(("type", .text("string")))),
                    ("status", .object(("type", .text("integer")))), ("detail", .object(("type", .text("string")))),
                    ("reason", .object(("type", .text("string")))), ("domain", .object(("type", .text("string")))))
            ))
        return .object(
            (
                "Error",
                .object(
                    ("description", .text("The call was refused or failed; the reason says why.")),
                    (
                        "content",
                        .object(
                            ("application/json", .object(("schema", status))),
                            ("application/problem+json", .object(("schema", problem))))
                    ))
            ))
    }

    private static let securitySchemes = JSONTree.object(
        (
            "accessToken",
            .object(
                ("type", .text("http")), ("scheme", .text("bearer")),
                ("description", .text("An access token from logging in, or an API key's secret.")))
        ),
        (
            "apiKey",
            .object(
                ("type", .text("apiKey")), ("in", .text("header")), ("name", .text("X-API-Key")),
                ("description", .text("An API key's secret.")))
        ),
        (
            "signature",
            .object(
                ("type", .text("apiKey")), ("in", .text("header")), ("name", .text("Signature")),
                (
                    "description",
                    .text("A signature of the request with an API key's signing secret (RFC 9421, `hmac-sha256`).")
                ))
        ))
}
