import ServiceKit
import SwiftProtobuf

/// An etag of a resource's version.
enum Etag {
    static func text(_ version: Int64) -> String { "v\(version)" }

    /// - Throws: `etagMismatch` if the caller sent the etag of another version.
    static func check(_ sent: String, _ version: Int64) throws(PipelineFault) {
        guard sent.isEmpty || sent == text(version) else { throw .etagMismatch }
    }
}

extension ResourceMask {
    /// Reads a mask, and tells what is wrong with it as this service does.
    static func read(
        _ paths: [String], _ sent: Resource, changeable: [String]
    ) throws(PipelineFault) -> ResourceMask<Resource> {
        do throws(MaskFault) {
            return try ResourceMask(paths, sent, changeable: changeable)
        } catch {
            switch error {
            case .immutable(let path): throw .fieldImmutable(path)
            case .unknown: throw .fieldInvalid(field: "update_mask", problem: error.problem)
            }
        }
    }
}

/// Rules of texts that the contract cannot state.
enum TextRules {
    /// A text that people are shown: without control characters, which PostgreSQL (NUL) and terminals do not take.
    static func check(shown text: String, field: String) throws(PipelineFault) {
        for scalar in text.unicodeScalars where scalar.properties.generalCategory == .control {
            throw .fieldInvalid(field: field, problem: "must have no control characters")
        }
    }
}
