/// The packed message at the front of a stream, from its arrival to the moment at which it is taken.
///
/// Small ones are unpacked where they are; large ones by a pool, while the stream waits. On the loop.
struct FrontMessage {
    enum State {
        case none
        /// The pool has it.
        case unpacking(CompressionJob)
        case unpacked(Result<[UInt8], Failure>)
    }

    enum Failure: Error {
        case gzip(Gzip.Failure)
        /// Too many messages wait to be unpacked.
        case queueFull
    }

    private(set) var state = State.none

    var isUnpacking: Bool {
        if case .unpacking = state { return true }
        return false
    }

    /// The content, and forgets it; nil if it is not unpacked yet.
    mutating func take() -> Result<[UInt8], Failure>? {
        guard case .unpacked(let result) = state else { return nil }
        state = .none
        return result
    }

    /// Nobody wants the message any more.
    mutating func drop() {
        if case .unpacking(let job) = state { job.cancel() }
        state = .none
    }

    /// Begins to unpack `content`, or has done so; `completion` follows on the loop if that takes longer than this call.
    mutating func unpack(
        _ content: UnsafeRawBufferPointer,
        limit: Int,
        pool: CompressionPool,
        on context: LoopContext,
        _ completion: @escaping @Sendable (CompressionJob, Result<[UInt8], Failure>) -> Void
    ) {
        guard case .none = state else { return }
        let inline = min(limit, pool.inlineSize)
        let claimed = unsafe Gzip.claimedSize(content)
        if content.count <= pool.inlineSize, claimed <= inline || limit <= inline {
            do throws(Gzip.Failure) {
                state = .unpacked(.success(try unsafe Gzip.decompress(content, limit: inline)))
                return
            } catch {
                // The claim was a lie, unless the limit itself was met.
                if error != .tooLarge || limit <= inline {
                    state = .unpacked(.failure(.gzip(error)))
                    return
                }
            }
        }
        let job = CompressionJob()
        let isQueued = unsafe pool.unpack(Array(content), limit: limit, job: job) { result in
            context.run { completion(job, result.mapError { .gzip($0) }) }
        }
        state = isQueued ? .unpacking(job) : .unpacked(.failure(.queueFull))
    }

    /// Takes the pool's outcome; false if the message was dropped meanwhile.
    mutating func finish(_ job: CompressionJob, _ result: Result<[UInt8], Failure>) -> Bool {
        guard case .unpacking(let current) = state, current === job else { return false }
        state = .unpacked(result)
        return true
    }
}
