import Foundation

@testable import ScrapeService

/// What Python asks for, and what it is told.
enum ExtractionFilter {
    private struct Request: Decodable {
        var operation: String
        /// The page in base 64.
        var page: Data
        var url: String?
        var contentType: String?
        var selectors: [String]?
        var records: String?
        var fields: [Field]?
    }

    private struct Field: Decodable {
        var name: String
        var selector: String?
        var take: String?
        var attribute: String?
        var type: String?
        var list: Bool?
    }

    static func answer(to line: Data) throws -> Data {
        let request = try JSONDecoder().decode(Request.self, from: line)
        let answer: [String: Any] =
            switch request.operation {
            case "tree": ["tree": tree(request)]
            case "select": select(request)
            default: extract(request)
            }
        return try JSONSerialization.data(withJSONObject: answer)
    }

    private static func document(_ request: Request) -> Document {
        let limits = ExtractionLimits()
        let text = PageText(
            PageInput(bytes: Array(request.page), url: "", contentType: request.contentType), limit: limits.pageBytes)
        return HTMLParser().parse(text.takeText(), limits: limits)
    }

    /// Each node on its own line behind its depth, attributes by name.
    private static func tree(_ request: Request) -> [String] {
        let document = document(request)
        var lines: [String] = []
        var depths = [0]
        for node in 1..<NodeID(max(document.count, 1)) {
            let depth = depths[Int(document.parents[node])] + 1
            depths.append(depth)
            if document.isElement(node) {
                var name = document.names.text(document.nodeNames[node])
                switch document.namespace(node) {
                case .html: break
                case .svg: name = "svg " + name
                case .mathML: name = "math " + name
                }
                let attributes = document.attributes(node).map {
                    document.names.text(document.attributeNames[$0]) + "="
                        + document.text.string(document.attributeValues[$0])
                }
                lines.append("\(depth) <\(name)> " + attributes.sorted().joined(separator: " "))
            } else {
                let mark = document.isComment(node) ? "!" : "\""
                lines.append("\(depth) \(mark)" + document.text.string(document.contents[node]))
            }
        }
        return lines
    }

    /// The matches of each selector, as positions among the document's elements, or what is wrong with it.
    private static func select(_ request: Request) -> [String: Any] {
        var results: [Any] = []
        for selector in request.selectors ?? [] {
            do throws(SelectorError) {
                let list = try SelectorParser.parse(selector)
                var compiler = SelectorCompiler()
                let id = compiler.add(list)
                let document = document(request)
                var positions: [NodeID: Int] = [:]
                for node in 0..<NodeID(document.count) where document.isElement(node) {
                    positions[node] = positions.count
                }
                var matcher = SelectorMatcher(document, SelectorProgram(compiler), steps: 50_000_000)
                var found: [Int] = []
                var node = matcher.first(id, below: documentNode)
                while node != noNode {
                    found.append(positions[node] ?? -1)
                    node = matcher.next(id, after: node, below: documentNode)
                }
                results.append(found)
            } catch {
                results.append("\(error.message) at \(error.position)")
            }
        }
        return ["matches": results]
    }

    private static func extract(_ request: Request) -> [String: Any] {
        let fields = (request.fields ?? []).map { field in
            let take: FieldSource =
                switch field.take ?? "text" {
                case "own": .ownText
                case "attribute": .attribute(field.attribute ?? "")
                case "inner": .innerHTML
                case "outer": .outerHTML
                default: .text
                }
            return FieldDefinition(
                name: field.name, selector: field.selector, take: take,
                type: FieldType(rawValue: field.type ?? "text") ?? .text, isList: field.list ?? false)
        }
        do throws(ExtractionPlanError) {
            let plan = try ExtractionPlan(ExtractionDefinition(recordSelector: request.records, fields: fields))
            let page = plan.extract(
                PageInput(bytes: Array(request.page), url: request.url ?? "", contentType: request.contentType))
            return [
                "records": page.records.map { record in record.values.map { values in values.map(\.text) } },
                "sources": page.records.map { record in
                    record.values.map { values in values.map { [$0.source.offset, $0.source.length] } }
                },
                "issues": page.records.flatMap { $0.issues.map { [$0.field, $0.reason.rawValue] as [Any] } },
                "links": page.links.map(\.url),
                "title": page.metadata.title ?? "",
                "canonical": page.metadata.canonicalURL ?? "",
                "charset": page.metadata.charset,
                "replacements": page.metadata.replacements,
                "truncations": page.truncations.names,
            ]
        } catch {
            return ["error": "\(error.reason.rawValue): \(error)"]
        }
    }
}
