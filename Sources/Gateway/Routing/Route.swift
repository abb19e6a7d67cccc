public import Transcoding

/// A way to call a method by HTTP: one binding of its `google.api.http`.
///
/// One object a route, so that a request carries it about for the price of a reference.
public final class Route: Sendable {
    /// What of a message an HTTP body is.
    public enum Body: Sendable, Hashable {
        /// Nothing: there is no body.
        case none
        /// All of it.
        case whole
        /// One field.
        case field(FieldPath)
    }

    /// A body of plain bytes in a message: a field of type `bytes`, or a `google.api.HttpBody`.
    public struct RawBody: Sendable, Hashable {
        /// Field numbers from the message to the bytes or to the HttpBody; empty where the message is one.
        public let path: [Int]
        /// Whether it is an HttpBody, which says its media type.
        public let isHTTPBody: Bool
    }

    /// The HTTP method, as `POST`.
    public let method: String
    /// Which paths it takes.
    public let template: PathTemplate
    /// What is called.
    public let call: GatewayMethod
    /// What of the request the body is.
    public let body: Body
    /// What of the response is answered with; nil: all.
    public let responseBody: FieldPath?
    /// Where the request's body goes as it is; nil: it is JSON.
    public let upload: RawBody?
    /// Where the response's body comes from as it is; nil: it is JSON.
    public let download: RawBody?
    /// The variables of the path, resolved.
    let variables: [(variable: PathTemplate.Variable, path: FieldPath)]
    /// Fields of the answer that announce the method's end.
    let deprecationFields: [(name: String, value: String)]
    /// What logs, metrics and traces call it.
    let label: String
    /// Among the routes of its table.
    let place: Int

    init(
        place: Int, method: String, template: PathTemplate, call: GatewayMethod, body: Body, responseBody: FieldPath?,
        upload: RawBody?, download: RawBody?, variables: [(variable: PathTemplate.Variable, path: FieldPath)]
    ) {
        (self.method, self.template, self.call, self.body) = (method, template, call, body)
        (self.responseBody, self.upload, self.download) = (responseBody, upload, download)
        self.variables = variables
        deprecationFields = DeprecationFields.fields(call.deprecation)
        label = "\(method) \(template.text)"
        self.place = place
    }
}

/// What became of looking a route up.
enum RouteLookup {
    case found(Route)
    /// The path has routes, with these methods.
    case otherMethods([String])
    case unknown
}
