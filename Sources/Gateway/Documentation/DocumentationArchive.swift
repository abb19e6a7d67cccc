/// Where the files of the documentation lie in its archive.
///
/// The archive begins with a line for each file — path, media type, entity tag and length with tabs between — and an
/// empty line; then the files follow each other. scripts/documentation/site_model.py writes it.
struct DocumentationArchive: Sendable {
    struct File: Sendable {
        let path: String
        let mediaType: String
        /// As `"3f0c…"`, with its quotation marks.
        let entityTag: String
        let range: Range<Int>
    }

    /// What is wrong with an archive: it was not made by this version's generator.
    struct Malformed: Error {}

    /// In the order of their paths.
    let files: [File]
    private let bytes: @Sendable (Range<Int>) -> [UInt8]

    /// Reads an archive's beginning.
    ///
    /// - Parameters:
    ///   - count: Its bytes in all.
    ///   - bytes: Gives a part of it.
    init(count: Int, bytes: @escaping @Sendable (Range<Int>) -> [UInt8]) throws(Malformed) {
        self.bytes = bytes
        var (files, start): ([File], Int) = ([], 0)
        let head = Self.head(count: count, bytes)
        guard let head else { throw Malformed() }
        start = head.utf8.count + 1
        for line in head.split(separator: "\n") {
            let parts = line.split(separator: "\t", omittingEmptySubsequences: false)
            guard parts.count == 4, let length = Int(parts[3]), length >= 0, start + length <= count else {
                throw Malformed()
            }
            files.append(
                File(
                    path: String(parts[0]), mediaType: String(parts[1]), entityTag: "\"\(parts[2])\"",
                    range: start..<start + length))
            start += length
        }
        guard start == count else { throw Malformed() }
        self.files = files
    }

    /// The documentation that is part of the program.
    static func embedded() throws(Malformed) -> DocumentationArchive {
        try DocumentationArchive(count: EmbeddedDocumentation.count, bytes: EmbeddedDocumentation.bytes)
    }

    func body(_ file: File) -> [UInt8] { bytes(file.range) }

    /// The lines, up to and with the newline before the empty one.
    private static func head(count: Int, _ bytes: (Range<Int>) -> [UInt8]) -> String? {
        let (piece, newline) = (16 << 10, UInt8(ascii: "\n"))
        var head: [UInt8] = []
        while head.count < count {
            let seen = max(head.count - 1, 0)
            head += bytes(head.count..<min(head.count + piece, count))
            for index in max(seen, 1)..<head.count where head[index] == newline && head[index - 1] == newline {
                return String(validating: head[..<index], as: UTF8.self)
            }
        }
        return nil
    }
}
