import Foundation
import Testing

/// Runs every input of the corpora once: what a fuzzer has found stays found.
@Suite struct ReplayTests {
    @Test(arguments: FuzzTarget.allCases)
    func replay(_ target: FuzzTarget) throws {
        let corpora = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Corpus")
        let folder = corpora.appendingPathComponent(target.rawValue)
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        #expect(!files.isEmpty, "there is no corpus")
        // No suspension from here on: a body stays on one thread.
        let body = target.makeBody()
        body([])
        for file in files.sorted(by: { $0.path < $1.path }) { body(Array(try Data(contentsOf: file))) }
    }
}
