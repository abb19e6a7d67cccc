import CArgon2
import Glibc

/// What an Argon2id hash costs (RFC 9106).
struct Argon2Parameters: Sendable, Hashable {
    /// OWASP's first choice for a machine that also serves: 19 MiB, two passes, one lane.
    static let standard = Argon2Parameters(memoryKiB: 19_456, iterations: 2, lanes: 1)

    /// Memory, in KiB.
    var memoryKiB: UInt32
    /// Passes over the memory.
    var iterations: UInt32
    /// Lanes; computed one after the other, as the pool's threads are what is parallel.
    var lanes: UInt32

    /// What a stored hash may ask for: beyond that it is not ours.
    var isSane: Bool {
        (1...16).contains(lanes) && (8 * lanes...1 << 20).contains(memoryKiB) && (1...64).contains(iterations)
    }
}

/// The memory that a thread hashes in. It is kept between hashes, as to ask the system for 19 MiB page by page takes a
/// tenth of a hash's time.
///
/// The library clears it after each hash.
@safe
final class Argon2Memory {
    // Owned: freed by `release`, and touched by its one thread only.
    private var bytes = unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)

    deinit { release() }

    /// Gives the memory back; the next hash asks for it anew.
    func release() {
        unsafe bytes.deallocate()
        unsafe bytes = unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)
    }

    fileprivate func reserve(_ count: Int) -> UnsafeMutablePointer<UInt8>? {
        if unsafe bytes.count < count {
            release()
            // Blocks are read as 64-bit words, and by vector instructions.
            unsafe bytes = .allocate(byteCount: count, alignment: 64)
        }
        return unsafe bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
    }
}

/// Argon2id, version 1.3, by libargon2.
enum Argon2 {
    /// Bytes of a hash.
    static let hashSize = 32
    /// Bytes of a salt.
    static let saltSize = 16

    /// The library could not hash: memory is out, or the parameters are none.
    struct Failure: Error, CustomStringConvertible {
        let code: Int32
        var description: String { "Argon2id failed with code \(code)" }
    }

    /// Hashes a password on the current thread.
    ///
    /// - Parameter memory: This thread's; nil: memory of this hash alone.
    static func hash(
        _ password: [UInt8], salt: [UInt8], _ parameters: Argon2Parameters, in memory: Argon2Memory?
    ) throws(Failure) -> [UInt8] {
        var (password, salt) = (password, salt)
        var hash = [UInt8](repeating: 0, count: hashSize)
        // The library's allocation callbacks take no argument: the thread says whose memory it is.
        let key = memoryKey
        if let memory { unsafe pthread_setspecific(key, Unmanaged.passUnretained(memory).toOpaque()) }
        defer { _ = pthread_setspecific(key, nil) }
        let code = unsafe hash.withUnsafeMutableBufferPointer { hash in
            unsafe password.withUnsafeMutableBufferPointer { password in
                unsafe salt.withUnsafeMutableBufferPointer { salt in
                    var context = unsafe argon2_context()
                    unsafe context.out = hash.baseAddress
                    unsafe context.outlen = UInt32(hash.count)
                    unsafe context.pwd = password.baseAddress
                    unsafe context.pwdlen = UInt32(password.count)
                    unsafe context.salt = salt.baseAddress
                    unsafe context.saltlen = UInt32(salt.count)
                    unsafe context.t_cost = parameters.iterations
                    unsafe context.m_cost = parameters.memoryKiB
                    unsafe context.lanes = parameters.lanes
                    unsafe context.threads = 1
                    unsafe context.version = UInt32(ARGON2_VERSION_13.rawValue)
                    // The copy of the password that this function holds is wiped by the library.
                    unsafe context.flags = 1 << 0
                    if memory != nil {
                        unsafe context.allocate_cbk = allocate
                        unsafe context.free_cbk = release
                    }
                    return unsafe argon2id_ctx(&context)
                }
            }
        }
        guard code == ARGON2_OK.rawValue else { throw Failure(code: code) }
        return hash
    }

    private static let memoryKey: pthread_key_t = {
        var key = pthread_key_t()
        let code = unsafe pthread_key_create(&key, nil)
        precondition(code == 0, "no key for a thread's memory is left")
        return key
    }()

    private static let allocate: allocate_fptr = { result, count in
        guard let result = unsafe result, let pointer = unsafe pthread_getspecific(Argon2.memoryKey) else { return 1 }
        unsafe result.pointee = Unmanaged<Argon2Memory>.fromOpaque(pointer).takeUnretainedValue().reserve(count)
        return 0
    }

    /// The memory stays the thread's.
    private static let release: deallocate_fptr = { _, _ in }
}
