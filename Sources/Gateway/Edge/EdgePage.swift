/// A page of the edge itself: `/livez`, `/readyz`, `/openapi.json`, the documentation.
public struct EdgePage: Sendable {
    /// What is answered.
    public struct Content: Sendable {
        /// The HTTP status.
        public var status: Int
        /// The media type; nil where there is no body.
        public var contentType: String?
        /// The body.
        public var body: [UInt8]
        /// Fields beside those that every answer has; names in lower case.
        public var fields: [(name: String, value: String)] = []
        /// Whether the fields say themselves how long the answer may be kept and what a browser may do with it
        /// (`cache-control`, `content-security-policy`).
        public var hasOwnTerms = false

        /// Puts an answer together.
        public init(status: Int = 200, contentType: String?, body: [UInt8]) {
            (self.status, self.contentType, self.body) = (status, contentType, body)
        }
    }

    /// What a page may know of the request for it.
    public struct Request: Sendable {
        /// As it was sent.
        public let path: String
        /// `http` or `https`, as the client sees it.
        public let scheme: String
        /// Host and port by which the client calls: letters, digits, `.`, `-`, `_`, `:`, brackets.
        public let authority: String
        /// All values of `If-None-Match`.
        public let ifNoneMatch: [String]

        init(_ exchange: any Exchange) {
            (path, scheme, authority) = (exchange.path, exchange.scheme, exchange.authority)
            ifNoneMatch = exchange.headers.filter { $0.name == "if-none-match" }.map(\.value)
        }
    }

    let content: @Sendable (Request) -> Content
    /// What metrics call it; nil: its path.
    let label: String?

    /// A page that is asked for its content each time; it must not block.
    public init(_ content: @escaping @Sendable () -> Content) { self.init(label: nil) { _ in content() } }

    /// A page whose content depends on the request; it must not block.
    ///
    /// - Parameter label: What metrics call it, where it is one of many.
    public init(label: String?, _ content: @escaping @Sendable (Request) -> Content) {
        (self.label, self.content) = (label, content)
    }
}
