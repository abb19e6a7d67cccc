import NIOCore
import Wire

/// What a request's body has to hash to, because its caller has signed that or because `Content-Digest` says so.
struct ExpectedDigest: Sendable {
    let digest: ContentDigest
    let isSigned: Bool

    /// What a request is held to; nil: nothing.
    ///
    /// - Throws: HEADER_INVALID if the field is none of RFC 9530. Algorithms that are not known are passed over.
    init?(_ exchange: any Exchange, _ admission: any Admission) throws(RPCError) {
        if let digest = admission.digest {
            (self.digest, isSigned) = (digest, true)
            return
        }
        guard let field = exchange.known.contentDigest else { return nil }
        let claimed: ContentDigest?
        do throws(SignatureFault) { claimed = try ContentDigest.strongest(of: field) } catch {
            guard case .malformed(_, let text) = error else { return nil }
            throw .headerInvalid("content-digest", text)
        }
        guard let claimed else { return nil }
        (digest, isSigned) = (claimed, false)
    }

    /// What the caller of another body is told.
    var mismatch: RPCError { isSigned ? .digestMismatch : .contentDigestMismatch }
}

/// A body as it comes, held to a digest at its end: whoever reads it learns of that end only if it fits.
final class DigestedPieces: PieceSource {
    private let pieces: any PieceSource
    private let expected: ExpectedDigest
    private let offload: OffloadPool
    private var hash: BodyHash

    init(_ pieces: any PieceSource, _ expected: ExpectedDigest, _ offload: OffloadPool) {
        (self.pieces, self.expected, self.offload) = (pieces, expected, offload)
        hash = BodyHash(expected.digest.algorithm)
    }

    func next() async throws(RPCError) -> ByteBuffer? {
        guard let piece = try await pieces.next() else {
            guard hash.finish() == expected.digest.value else { throw expected.mismatch }
            return nil
        }
        let before = hash
        // Hashing is work, and not the loop's.
        hash = try await offload.run { () throws(RPCError) in
            var hash = before
            hash.update(piece)
            return hash
        }
        return piece
    }
}
