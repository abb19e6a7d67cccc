internal import CTabular

extension PipelineDefinition {
    /// A checksum of what a run does: the steps and the input's columns, written in a form of their own so that it stays
    /// the same from release to release.
    func fingerprint(_ input: Schema) -> UInt32 {
        var parts = input.fields.flatMap { [$0.name, $0.type.rawValue] }
        for step in steps {
            parts.append(step.name)
            switch step {
            case .select(let fields), .dedupe(let fields): parts += fields
            case .rename(let renamings): parts += renamings.flatMap { [$0.from, $0.to] }
            case .cast(let cast): parts += [cast.field, cast.type.rawValue, cast.onError.rawValue]
            case .filter(let expression): parts.append(expression)
            case .derive(let name, let expression): parts += [name, expression]
            case .rule(let rule):
                parts += [
                    rule.name, rule.expression, rule.severity.rawValue, rule.threshold.map { String($0) } ?? "",
                ]
            }
            parts.append("")
        }
        // Lengths in front, so that no two lists of parts run together to one text.
        let text = parts.map { "\($0.utf8.count):\($0)" }.joined()
        return Checksum.crc32c(Array(text.utf8))
    }
}

/// CRC-32C, as a seal against damage.
enum Checksum {
    static func crc32c(_ bytes: [UInt8]) -> UInt32 { crc32c(bytes[...]) }

    static func crc32c(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        unsafe bytes.withUnsafeBufferPointer { unsafe datavault_crc32c(0, $0.baseAddress, $0.count) }
    }
}
