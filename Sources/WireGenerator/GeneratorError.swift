/// Why nothing was generated, as a sentence that protoc shows to whoever ran it.
struct GeneratorError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
