/// How an output's name follows from its proto's path; the choices are protoc-gen-swift's, so that both kinds of
/// output can lie side by side.
enum FileNaming: String, CaseIterable {
    case fullPath = "FullPath"
    case pathToUnderscores = "PathToUnderscores"
    case dropPath = "DropPath"

    /// Takes either spelling that protoc-gen-swift takes, as `FullPath` or `full_path`.
    init?(option: String) {
        let plain = option.lowercased().replacing("_", with: "")
        guard let match = Self.allCases.first(where: { $0.rawValue.lowercased() == plain }) else { return nil }
        self = match
    }

    /// The name of the stub.
    func outputName(forProto path: String) -> String { base(ofProto: path) + ".wire.swift" }

    /// The name of the file of rules.
    func rulesName(forProto path: String) -> String { base(ofProto: path) + ".rules.swift" }

    private func base(ofProto path: String) -> String {
        let stem = path.hasSuffix(".proto") ? String(path.dropLast(".proto".count)) : path
        return switch self {
        case .fullPath: stem
        case .pathToUnderscores: stem.replacing("/", with: "_")
        case .dropPath: stem.split(separator: "/").last.map(String.init) ?? stem
        }
    }
}
