import Crypto
import Synchronization

/// Hashes and checks passwords, each at the price of one hash.
final class PasswordHasher: Sendable {
    /// What came of a check.
    enum Verdict: Sendable, Equatable {
        case wrong
        case right
        /// Right, and the hash was made with other parameters than today's: make a new one.
        case rightButOutdated
    }

    let parameters: Argon2Parameters
    let pool: HashingPool
    /// What a password is checked against where there is none to check it against.
    private let dummy: PasswordHash
    private let count = Atomic<Int>(0)

    init(parameters: Argon2Parameters = .standard, pool: HashingPool) {
        (self.parameters, self.pool) = (parameters, pool)
        dummy = PasswordHash(
            parameters: parameters, salt: Self.salt(), hash: [UInt8](repeating: 0, count: Argon2.hashSize))
    }

    /// How many hashes were computed.
    var hashes: Int { count.load(ordering: .relaxed) }

    /// Hashes a password that is to be kept.
    ///
    /// - Throws: `HashingPool.Busy`, `CancellationError`.
    func hash(_ password: NormalizedPassword, source: String = "") async throws -> PasswordHash {
        let (parameters, salt) = (parameters, Self.salt())
        let hash = try await compute(password, salt, parameters, source)
        return PasswordHash(parameters: parameters, salt: salt, hash: hash)
    }

    /// Checks a password.
    ///
    /// - Parameter stored: What it has to match; nil: nothing does, and it costs what a wrong one costs.
    /// - Throws: `HashingPool.Busy`, `CancellationError`.
    func check(
        _ password: NormalizedPassword, against stored: PasswordHash?, source: String = ""
    ) async throws -> Verdict {
        let expected = stored ?? dummy
        let hash = try await compute(password, expected.salt, expected.parameters, source)
        guard expected.matches(hash), stored != nil else { return .wrong }
        return expected.parameters == parameters ? .right : .rightButOutdated
    }

    private func compute(
        _ password: NormalizedPassword, _ salt: [UInt8], _ parameters: Argon2Parameters, _ source: String
    ) async throws -> [UInt8] {
        try await pool.run(source: source) { [self] memory in
            count.add(1, ordering: .relaxed)
            return try Argon2.hash(password.bytes, salt: salt, parameters, in: memory)
        }
    }

    private static func salt() -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<Argon2.saltSize).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }
}
