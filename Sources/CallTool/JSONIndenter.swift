/// Sets JSON that stands on one line over several, for people.
package enum JSONIndenter {
    /// The same document with two spaces a level. What is in strings stays; the input is JSON.
    package static func indent(_ json: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(json.count * 2)
        var depth = 0
        var isInString = false
        var index = 0
        func startLine() {
            result.append(UInt8(ascii: "\n"))
            result.append(contentsOf: repeatElement(0x20, count: max(0, depth) * 2))
        }
        while index < json.count {
            let byte = json[index]
            index += 1
            if isInString {
                result.append(byte)
                if byte == UInt8(ascii: "\\"), index < json.count {
                    result.append(json[index])
                    index += 1
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                result.append(byte)
                // Empty ones stay together.
                if index < json.count, json[index] == byte + 2 {
                    result.append(json[index])
                    index += 1
                } else {
                    depth += 1
                    startLine()
                }
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                startLine()
                result.append(byte)
            case UInt8(ascii: ","):
                result.append(byte)
                startLine()
            case UInt8(ascii: ":"):
                result.append(byte)
                result.append(0x20)
            case 0x20, 0x09, 0x0A, 0x0D: break
            default:
                result.append(byte)
                isInString = byte == UInt8(ascii: "\"")
            }
        }
        return result
    }
}
