import Configuration
import Foundation

/// The settings that hold, each checked.
public struct Settings: Sendable {
    /// Where a value came from.
    public struct Origin: Sendable, Hashable {
        /// `argument`, `environment`, `file` or `default`.
        public let source: String
        /// The name of the argument or variable, or the file's line.
        public let place: String
    }

    /// What is known and where it can be given.
    public let schema: SettingsSchema
    private let values: [String: any Sendable]
    private let texts: [String: String]
    private let origins: [String: Origin]

    /// Bytes of a file that holds a secret.
    static let maximumSecretSize = 64 << 10

    /// Finds each setting's value.
    ///
    /// - Throws: `SettingsProblems` with all that is wrong: unknown names, wrong values, files that cannot be read.
    public init(_ schema: SettingsSchema, from sources: SettingSources) throws(SettingsProblems) {
        var problems = Self.unknown(schema, sources)
        var values: [String: any Sendable] = [:]
        var texts: [String: String] = [:]
        var origins: [String: Origin] = [:]
        let providers = sources.sources
        for setting in schema.settings {
            values[setting.name] = setting.defaultValue
            texts[setting.name] = setting.defaultText
            origins[setting.name] = Origin(source: "default", place: "")
            for source in providers {
                let given: Given?
                do { given = try Self.find(setting, in: source, sources) } catch {
                    problems.append(error.text)
                    break
                }
                guard let given else { continue }
                switch setting.parse(given.text) {
                case .success(let value):
                    values[setting.name] = value
                    texts[setting.name] = given.text
                    origins[setting.name] = given.origin
                case .failure(let fault):
                    let shown = setting.isSecret ? "" : ", and is \"\(given.text.prefix(100))\""
                    problems.append("\(given.origin.place): \(setting.name) \(fault.text)\(shown)")
                }
                break
            }
        }
        guard problems.isEmpty else { throw SettingsProblems(problems) }
        (self.schema, self.values, self.texts, self.origins) = (schema, values, texts, origins)
    }

    /// A setting's value. To ask for one that the schema lacks is a mistake in the program: it stops.
    public subscript<Value>(key: SettingKey<Value>) -> Value {
        guard let value = values[key.name] as? Value else { preconditionFailure("\(key.name) is not declared") }
        return value
    }

    /// A setting's value as text, for people: secrets are hidden.
    public func shown(_ setting: SettingDeclaration) -> String {
        let text = texts[setting.name] ?? ""
        return setting.isSecret && !text.isEmpty ? "(secret)" : text
    }

    /// Where a setting's value came from.
    public func origin(of setting: SettingDeclaration) -> Origin {
        origins[setting.name] ?? Origin(source: "default", place: "")
    }

    /// The values of secret settings: what must appear in no log.
    public var secrets: [String] {
        schema.settings.filter(\.isSecret).compactMap { texts[$0.name] }.filter { !$0.isEmpty }
    }

    private struct Given {
        let text: String
        let origin: Origin
    }

    private static func find(
        _ setting: SettingDeclaration, in source: SettingSources.Source, _ sources: SettingSources
    ) throws(SettingFault) -> Given? {
        let direct = look(setting.name, in: source.provider)
        let place = Self.place(setting.name, source.name, sources)
        guard setting.isSecret else { return direct.map { Given(text: $0, origin: place) } }
        let fileName = setting.name + SettingsSchema.fileSuffix
        guard let path = look(fileName, in: source.provider) else {
            return direct.map { Given(text: $0, origin: place) }
        }
        let filePlace = Self.place(fileName, source.name, sources)
        guard direct == nil else {
            throw SettingFault("\(place.place): \(setting.name) is given, and so is \(filePlace.place)")
        }
        return Given(text: try secret(path, filePlace), origin: filePlace)
    }

    private static func look(_ name: String, in provider: any ConfigProvider) -> String? {
        guard let value = try? provider.value(forKey: SettingSources.key(name), type: .string).value,
            case .string(let text) = value.content
        else { return nil }
        return text
    }

    private static func place(_ name: String, _ source: String, _ sources: SettingSources) -> Origin {
        switch source {
        case "environment": Origin(source: source, place: SettingDeclaration.environmentName(name))
        case "file":
            Origin(source: source, place: "\(sources.file?.path ?? ""):\(sources.file?.values[name]?.line ?? 0)")
        default: Origin(source: source, place: "--set \(name)")
        }
    }

    /// A secret that lies in a file, without the line's end that editors leave.
    private static func secret(_ path: String, _ origin: Origin) throws(SettingFault) -> String {
        let data: Data
        do {
            let handle = try FileHandle(forReadingFrom: URL(filePath: path))
            defer { try? handle.close() }
            data = try handle.read(upToCount: maximumSecretSize + 1) ?? Data()
        } catch {
            throw SettingFault("\(origin.place): \(path) cannot be read: \(error.localizedDescription)")
        }
        guard data.count <= maximumSecretSize, let text = String(validating: data, as: UTF8.self) else {
            throw SettingFault("\(origin.place): \(path) is no text of at most \(maximumSecretSize) bytes")
        }
        return text.hasSuffix("\n") ? String(text.dropLast()) : text
    }

    private static func unknown(_ schema: SettingsSchema, _ sources: SettingSources) -> [String] {
        var problems: [String] = []
        func complain(_ place: String, _ name: String, _ shown: (String) -> String) {
            let hint = schema.nearest(to: name).map { "; did you mean \(shown($0))?" } ?? ""
            problems.append("\(place): there is no such setting\(hint)")
        }
        for name in sources.arguments.keys.sorted() where schema.declaration(name) == nil {
            complain("--set \(name)", name) { $0 }
        }
        for variable in sources.environment.keys.sorted()
        where variable.hasPrefix(SettingDeclaration.environmentPrefix) && variable != SettingSources.fileVariable
            && !SettingSources.callersVariables.contains(variable) && schema.name(ofVariable: variable) == nil
        {
            let name = variable.dropFirst(SettingDeclaration.environmentPrefix.count).lowercased()
                .map { $0 == "_" ? "." : String($0) }.joined()
            complain(variable, name, SettingDeclaration.environmentName)
        }
        if let file = sources.file {
            for (name, value) in file.values.sorted(by: { $0.value.line < $1.value.line })
            where schema.declaration(name) == nil {
                complain("\(file.path):\(value.line): \(name)", name) { $0 }
            }
        }
        return problems
    }
}

/// All that is wrong with the settings that a program was given: sentences without secrets.
public struct SettingsProblems: Error, CustomStringConvertible {
    /// A sentence each, with the place.
    public let problems: [String]

    init(_ problems: [String]) { self.problems = problems }

    public var description: String { problems.joined(separator: "\n") }
}
