import Foundation
import Yams

/// A configuration file: YAML, or JSON, which is YAML too. Nested keys are joined with dots.
public struct SettingsFile: Sendable {
    struct Value: Sendable {
        let text: String
        let line: Int
    }

    /// The file's path.
    public let path: String
    let values: [String: Value]

    /// Bytes of a file.
    static let maximumSize = 1 << 20
    /// Keys of a file.
    static let maximumKeys = 10_000
    /// Keys within keys.
    static let maximumDepth = 16

    /// Reads a file.
    ///
    /// - Throws: `SettingsProblems` with what is wrong and the line.
    public init(path: String) throws(SettingsProblems) {
        let data: Data
        do {
            let handle = try FileHandle(forReadingFrom: URL(filePath: path))
            defer { try? handle.close() }
            data = try handle.read(upToCount: Self.maximumSize + 1) ?? Data()
        } catch {
            throw SettingsProblems(["\(path) cannot be read: \(error.localizedDescription)"])
        }
        guard data.count <= Self.maximumSize else {
            throw SettingsProblems(["\(path) is larger than \(ByteCount(Self.maximumSize).settingText)"])
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw SettingsProblems(["\(path) is not UTF-8"])
        }
        try self.init(path: path, text: text)
    }

    /// Reads a file's text.
    init(path: String, text: String) throws(SettingsProblems) {
        self.path = path
        let root: Node?
        do { root = try Yams.compose(yaml: text) } catch {
            throw SettingsProblems(["\(path) is no YAML: \(error)"])
        }
        var reader = Reader(path: path)
        if let root {
            if root.mapping != nil {
                reader.read(root, prefix: "", depth: 0)
            } else if root.null == nil {
                reader.problems.append("\(path) must hold keys with values")
            }
        }
        guard reader.problems.isEmpty else { throw SettingsProblems(reader.problems) }
        values = reader.values
    }

    private struct Reader {
        let path: String
        var values: [String: Value] = [:]
        var problems: [String] = []

        mutating func read(_ node: Node, prefix: String, depth: Int) {
            let line = node.mark?.line ?? 0
            guard depth <= SettingsFile.maximumDepth, values.count < SettingsFile.maximumKeys else {
                if problems.isEmpty { problems.append("\(path):\(line): too many keys, or too deep") }
                return
            }
            switch node {
            case .mapping(let mapping):
                for (key, value) in mapping {
                    guard let name = key.scalar?.string, !name.isEmpty else {
                        problems.append("\(path):\(key.mark?.line ?? line): a key must be text")
                        continue
                    }
                    read(value, prefix: prefix.isEmpty ? name : "\(prefix).\(name)", depth: depth + 1)
                }
            case .sequence(let sequence):
                let texts = sequence.map { $0.scalar?.string }
                let known = texts.compactMap { $0 }
                guard known.count == texts.count, !known.contains(where: { $0.contains(",") }) else {
                    problems.append("\(path):\(line): \(prefix) must be a list of texts without commas")
                    return
                }
                set(prefix, known.joined(separator: ","), line)
            case .scalar(let scalar):
                // `key:` with nothing behind it is the empty text, which stands for "none" where that is possible.
                set(prefix, node.null != nil ? "" : scalar.string, line)
            case .alias:
                problems.append("\(path):\(line): aliases are not read")
            }
        }

        private mutating func set(_ name: String, _ text: String, _ line: Int) {
            if let former = values.updateValue(Value(text: text, line: line), forKey: name) {
                problems.append("\(path):\(line): \(name) is already set in line \(former.line)")
            }
        }
    }
}
