// A filter that evaluates expressions, a request a line, for the tests in Tests/Expressions: see ExpressionFilter.
import Foundation
import PipelineService

while let line = readLine() {
    try FileHandle.standardOutput.write(contentsOf: Data((ExpressionFilter.answer(line) + "\n").utf8))
}
