import Foundation
import Persistence

/// The place after a list's last row: opaque to callers, good for the same list only.
struct PageToken: Sendable {
    private struct Content: Codable {
        var list: String
        var values: [String]
    }

    let list: String
    let values: [SQLValue]

    init(_ list: String, _ values: [SQLValue]) {
        self.list = list
        self.values = values
    }

    /// - Throws: `JobError.invalid`.
    init(_ text: String, _ list: String, count: Int) throws(JobError) {
        let wrong = JobError(.invalid, field: "pageToken", "is not one of this list")
        guard let data = Data(base64Encoded: text) else { throw wrong }
        guard let content = try? JSONDecoder().decode(Content.self, from: data), content.list == list,
            content.values.count == count
        else { throw wrong }
        var values: [SQLValue] = []
        for value in content.values {
            switch value.first {
            case "n":
                guard let number = Int64(value.dropFirst()) else { throw wrong }
                values.append(.integer(number))
            case "t": values.append(.text(String(value.dropFirst())))
            default: throw wrong
            }
        }
        self.init(list, values)
    }

    var text: String {
        let values = values.map { value in
            switch value {
            case .integer(let number): "n\(number)"
            case .text(let text): "t\(text)"
            default: "t"
            }
        }
        // Strings always encode.
        let data = (try? JSONEncoder().encode(Content(list: list, values: values))) ?? Data()
        return data.base64EncodedString()
    }
}
