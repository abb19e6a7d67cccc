/// All settings that a program knows, in sections: what they may be given from, and what the reference lists.
public struct SettingsSchema: Sendable {
    /// Settings that belong together.
    public struct Section: Sendable {
        /// What the reference calls it.
        public let title: String
        /// What it is about, in a sentence or two.
        public let summary: String
        /// Its settings, in the reference's order.
        public let settings: [SettingDeclaration]

        /// Puts settings together.
        public init(_ title: String, _ summary: String, _ settings: [SettingDeclaration]) {
            (self.title, self.summary, self.settings) = (title, summary, settings)
        }
    }

    /// The sections, in the reference's order.
    public let sections: [Section]
    private let byName: [String: SettingDeclaration]
    private let byEnvironmentName: [String: String]

    /// What follows the name of a secret setting in the name of the one that gives its file.
    static let fileSuffix = "-file"

    /// Makes a schema. Two settings of one name, also in the environment, are a mistake in the program: it stops.
    public init(_ sections: [Section]) {
        var byName: [String: SettingDeclaration] = [:]
        var byEnvironmentName: [String: String] = [:]
        for setting in sections.flatMap(\.settings) {
            for name in setting.isSecret ? [setting.name, setting.name + Self.fileSuffix] : [setting.name] {
                precondition(byName.updateValue(setting, forKey: name) == nil, "\(name) is declared twice")
                let variable = SettingDeclaration.environmentName(name)
                precondition(byEnvironmentName.updateValue(name, forKey: variable) == nil, "\(variable) is ambiguous")
            }
        }
        (self.sections, self.byName, self.byEnvironmentName) = (sections, byName, byEnvironmentName)
    }

    /// All settings.
    public var settings: [SettingDeclaration] { sections.flatMap(\.settings) }

    /// The setting that a name belongs to; with `-file` behind it the secret that lies in the file.
    func declaration(_ name: String) -> SettingDeclaration? { byName[name] }

    /// The name that a variable stands for.
    func name(ofVariable variable: String) -> String? { byEnvironmentName[variable] }

    /// The known name that is most like a wrong one, if any is near.
    func nearest(to name: String) -> String? {
        let candidates = byName.keys.map { ($0, distance(Array($0), Array(name))) }
        guard let best = candidates.min(by: { ($0.1, $0.0) < ($1.1, $1.0) }), best.1 <= max(2, name.count / 4) else {
            return nil
        }
        return best.0
    }

    /// Levenshtein's distance.
    private func distance(_ a: [Character], _ b: [Character]) -> Int {
        guard !a.isEmpty, a.count < 200, b.count < 200 else { return max(a.count, b.count) }
        var row = Array(0...b.count)
        for i in 1...a.count {
            var diagonal = row[0]
            row[0] = i
            for j in b.indices {
                let above = row[j + 1]
                row[j + 1] = min(above + 1, row[j] + 1, diagonal + (a[i - 1] == b[j] ? 0 : 1))
                diagonal = above
            }
        }
        return row[b.count]
    }
}
