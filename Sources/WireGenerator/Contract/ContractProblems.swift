import SwiftProtobufPluginLibrary

/// What is wrong with a contract, with the places in the protos.
struct ContractProblems {
    private var found: [(file: String, line: Int32, column: Int32, text: String)] = []

    /// Adds a problem at a place.
    mutating func add(_ place: SourcePlace, _ text: String) {
        found.append((place.file, place.line, place.column, text))
    }

    /// All problems as protoc shows its own, in the order of the files; nil if there are none.
    var error: GeneratorError? {
        guard !found.isEmpty else { return nil }
        let sorted = found.sorted { ($0.file, $0.line, $0.column, $0.text) < ($1.file, $1.line, $1.column, $1.text) }
        return GeneratorError(
            sorted.map { problem in
                let place = problem.line > 0 ? ":\(problem.line):\(problem.column)" : ""
                return "\(problem.file)\(place): \(problem.text)"
            }
            .joined(separator: "\n")
        )
    }
}
