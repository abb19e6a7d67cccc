// A filter that transcodes, for the tests in Tests/Transcode: see test_differential.py for the protocol.
import Foundation
import TestContractProtos
import Transcoding

guard let set = Data(base64Encoded: TestDescriptors.base64, options: .ignoreUnknownCharacters) else {
    fatalError("the descriptor set is no base64")
}
let filter = Filter(pool: try DescriptorPool(serializedDescriptorSet: Array(set)))
try filter.run(input: .standardInput, output: .standardOutput)
