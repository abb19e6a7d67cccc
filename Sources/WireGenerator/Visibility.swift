/// Who sees the generated declarations.
enum Visibility: String, CaseIterable {
    case `public` = "Public"
    case package = "Package"
    case `internal` = "Internal"

    init?(option: String) {
        guard let match = Self.allCases.first(where: { $0.rawValue.lowercased() == option.lowercased() }) else {
            return nil
        }
        self = match
    }

    /// What stands before a declaration or an import. Internal is Swift's default, so nothing says it.
    var modifier: String {
        switch self {
        case .public: "public "
        case .package: "package "
        case .internal: ""
        }
    }

    /// Only public stubs are called from code that the optimizer sees apart from them.
    var isInlinable: Bool { self == .public }
}
