// A filter that parses, selects and extracts, for the tests in Tests/Extraction: each line of input is a request in JSON,
// each line of output its answer. See conftest.py.
import Foundation

while let line = readLine(strippingNewline: true) {
    let answer = try ExtractionFilter.answer(to: Data(line.utf8))
    try FileHandle.standardOutput.write(contentsOf: answer + Data([0x0A]))
}
