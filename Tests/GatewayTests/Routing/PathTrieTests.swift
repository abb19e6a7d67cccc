import Testing

@testable import Gateway

@Suite struct PathTrieTests {
    private static func find(_ templates: [String], _ path: String) throws -> String? {
        let parsed = try templates.map { try PathTemplate($0) }
        let trie = try PathTrie(parsed.map { ("GET", $0) })
        var others: [String] = []
        let request = try RequestPath(path)
        return trie.find("GET", request, others: &others).map { templates[$0] }
    }

    @Test(arguments: [
        ("/v1/users/7", "/v1/{name=users/*}"), ("/v1/users/me", "/v1/users/me"),
        ("/v1/users/7:rotate", "/v1/{name=users/*}:rotate"), ("/v1/users/7:other", "/v1/{name=users/*}"),
        ("/v1/files/a/b/c", "/v1/files/**"), ("/v1/files", "/v1/files/**"), ("/v1/files:list", "/v1/files:list"),
        ("/v1/files/a/b:cut", "/v1/files/**:cut"), ("/%761/users/7", "/v1/{name=users/*}"),
    ])
    func prefersTheNarrowest(_ path: String, _ wanted: String) throws {
        let templates = [
            "/v1/{name=users/*}", "/v1/users/me", "/v1/{name=users/*}:rotate", "/v1/files/**", "/v1/files:list",
            "/v1/files/**:cut",
        ]
        #expect(try Self.find(templates, path) == wanted)
    }

    @Test(arguments: ["/v1", "/v1/users", "/v1/users/", "/v1/users/7/8", "/v1//7", "/"])
    func knowsNoOther(_ path: String) throws {
        #expect(try Self.find(["/v1/{name=users/*}", "/v1/{name=users/*}:rotate"], path) == nil)
    }

    @Test func tellsTheMethodsOfAPath() throws {
        let trie = try PathTrie([
            ("GET", try PathTemplate("/a/*")), ("DELETE", try PathTemplate("/a/b")), ("POST", try PathTemplate("/c")),
        ])
        var others: [String] = []
        let path = try RequestPath("/a/b")
        #expect(trie.find("PUT", path, others: &others) == nil)
        #expect(others.sorted() == ["DELETE", "GET"])
    }

    @Test func refusesTwoRoutesForOnePath() {
        #expect(throws: RouteError.self) {
            _ = try PathTrie([("GET", try PathTemplate("/a/{x}")), ("GET", try PathTemplate("/a/{y}"))])
        }
    }

    // MARK: Against a matcher that looks at one template after another

    /// How narrowly a template fits, as numbers to be compared from the left; nil if it does not.
    private static func narrowness(_ template: PathTemplate, _ path: RequestPath, _ depth: Int = 0) -> [Int]? {
        let rest = Array(template.segments.dropFirst(depth))
        if depth == path.decoded.count {
            guard template.verb == nil else { return nil }
            return rest.isEmpty ? [0] : rest == [.rest] ? [1] : nil
        }
        guard let first = rest.first else { return nil }
        let verb = depth == path.decoded.count - 1 ? path.verb : nil
        func withVerb(_ key: Int) -> [Int]? {
            guard let verb, template.verb == String(verb.name) else { return nil }
            let after = Array(rest.dropFirst())
            return after.isEmpty ? [key, 0] : after == [.rest] ? [key, 1] : nil
        }
        var fits: [[Int]] = []
        switch first {
        case .literal(let text):
            if path.decoded[depth] == text, let more = narrowness(template, path, depth + 1) { fits.append([0] + more) }
            if let verb, verb.head == text, let key = withVerb(1) { fits.append(key) }
        case .any:
            if let verb, !verb.head.isEmpty, let key = withVerb(2) { fits.append(key) }
            if !path.decoded[depth].isEmpty, let more = narrowness(template, path, depth + 1) {
                fits.append([3] + more)
            }
        case .rest:
            if let verb = path.verb, template.verb == String(verb.name) { fits.append([4]) }
            if template.verb == nil { fits.append([5]) }
        }
        return fits.min { $0.lexicographicallyPrecedes($1) }
    }

    @Test func findsWhatALookAtEachTemplateFinds() throws {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<400 {
            var templates: [PathTemplate] = []
            for _ in 0..<Int.random(in: 1...12, using: &random) {
                var text = ""
                for _ in 0..<Int.random(in: 1...3, using: &random) {
                    text += "/" + (["a", "b", "*"].randomElement(using: &random) ?? "a")
                }
                if Int.random(in: 0..<4, using: &random) == 0 { text += "/**" }
                text += ["", "", ":v", ":w"].randomElement(using: &random) ?? ""
                let template = try PathTemplate(text)
                if !templates.contains(template) { templates.append(template) }
            }
            let trie = try PathTrie(templates.map { ("GET", $0) })
            for _ in 0..<40 {
                var text = ""
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    text += "/" + (["a", "b", "c", "", "a:v", "b:w", ":v", "c:v"].randomElement(using: &random) ?? "")
                }
                let path = try RequestPath(text)
                var others: [String] = []
                let found = trie.find("GET", path, others: &others).map { templates[$0].text }
                let fitting = templates.compactMap { template in
                    Self.narrowness(template, path).map { (template.text, $0) }
                }
                let wanted = fitting.min { $0.1.lexicographicallyPrecedes($1.1) }?.0
                #expect(found == wanted, "\(text) among \(templates.map(\.text))")
            }
        }
    }
}
