// Parses, or parses and extracts, the pages that a file lists, on one thread, for extraction_bench.py.
//
// extraction-bench LIST SECONDS parse|extract|gumbo: LIST has a path a line. Prints one JSON object.
import Foundation
import ScrapeService

let arguments = CommandLine.arguments
guard arguments.count == 4, let seconds = Double(arguments[2]), let work = BenchWork(rawValue: arguments[3]) else {
    fatalError("extraction-bench LIST SECONDS parse|extract|gumbo")
}
let paths = try String(contentsOfFile: arguments[1], encoding: .utf8).split(separator: "\n").map(String.init)
let pages = try paths.map { path in
    PageInput(bytes: Array(try Data(contentsOf: URL(filePath: path))), url: "http://localhost\(path)", contentType: nil)
}
let bench = try ExtractionBench(pages: pages, seconds: seconds, work: work)
try FileHandle.standardOutput.write(contentsOf: bench.run())
