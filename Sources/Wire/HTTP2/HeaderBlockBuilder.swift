import CNghttp2
import NIOCore

/// Builds the array of fields that nghttp2 takes, in memory that is used again for every block of its loop.
///
/// Constant names and values are passed by pointer (nghttp2 then copies nothing); others are gathered in an arena and
/// copied by nghttp2 when the block is submitted.
//
// @safe: the pointers refer to static memory or to the arena, and leave only within `submit`.
@safe
final class HeaderBlockBuilder {
    @exclusivity(unchecked) private var fields: [nghttp2_nv] = unsafe []
    @safe @exclusivity(unchecked) private var arena: [UInt8] = []
    /// For fields with parts in the arena: index of the field, and the offsets of its name and value (-1: static).
    @safe @exclusivity(unchecked) private var fixups: [(field: Int, name: Int, value: Int)] = []

    private static let noCopyName = UInt8(NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue)
    private static let noCopyValue = UInt8(NGHTTP2_NV_FLAG_NO_COPY_VALUE.rawValue)
    private static let noIndex = UInt8(NGHTTP2_NV_FLAG_NO_INDEX.rawValue)

    /// Forgets the last block.
    func reset() {
        unsafe fields.removeAll(keepingCapacity: true)
        arena.removeAll(keepingCapacity: true)
        fixups.removeAll(keepingCapacity: true)
    }

    /// Size of the block as RFC 9113, section 6.5.2 counts it: name, value and 32 a field.
    var listSize: Int { unsafe fields.reduce(0) { unsafe $0 + $1.namelen + $1.valuelen + 32 } }

    /// Number of fields so far, for `removeFields`.
    var fieldCount: Int { unsafe fields.count }

    /// Forgets all fields but the first `count`.
    func removeFields(after count: Int) {
        unsafe fields.removeLast(fields.count - count)
        fixups.removeAll { $0.field >= count }
    }

    // Named apart from the others, as a literal would be taken for a String.

    /// Adds a field that never changes.
    func constant(_ name: StaticString, _ value: StaticString) {
        unsafe fields.append(
            nghttp2_nv(
                name: UnsafeMutablePointer(mutating: name.utf8Start),
                value: UnsafeMutablePointer(mutating: value.utf8Start),
                namelen: name.utf8CodeUnitCount,
                valuelen: value.utf8CodeUnitCount,
                flags: Self.noCopyName | Self.noCopyValue
            )
        )
    }

    /// Adds a field whose value the caller holds until the block has been sent.
    func add(constant name: StaticString, _ value: StableText) {
        unsafe fields.append(
            nghttp2_nv(
                name: UnsafeMutablePointer(mutating: name.utf8Start),
                value: value.start,
                namelen: name.utf8CodeUnitCount,
                valuelen: value.count,
                flags: Self.noCopyName | Self.noCopyValue
            )
        )
    }

    /// Adds a field whose name and value the caller holds until the block has been sent.
    func add(_ name: StableText, _ value: StableText) {
        unsafe fields.append(
            nghttp2_nv(
                name: name.start,
                value: value.start,
                namelen: name.count,
                valuelen: value.count,
                flags: Self.noCopyName | Self.noCopyValue
            )
        )
    }

    /// Adds `grpc-timeout`. It differs from call to call, so it is kept out of the compression's table.
    func addTimeout(_ amount: TimeAmount) {
        let name: StaticString = "grpc-timeout"
        let start = arena.count
        fixups.append((unsafe fields.count, -1, start))
        Timeout.append(amount, to: &arena)
        unsafe fields.append(
            nghttp2_nv(
                name: UnsafeMutablePointer(mutating: name.utf8Start),
                value: nil,
                namelen: name.utf8CodeUnitCount,
                valuelen: arena.count - start,
                flags: Self.noCopyName | Self.noIndex
            )
        )
    }

    func add(constant name: StaticString, _ value: String) {
        fixups.append((unsafe fields.count, -1, arena.count))
        let start = arena.count
        arena.append(contentsOf: value.utf8)
        unsafe fields.append(
            nghttp2_nv(
                name: UnsafeMutablePointer(mutating: name.utf8Start),
                value: nil,
                namelen: name.utf8CodeUnitCount,
                valuelen: arena.count - start,
                flags: Self.noCopyName
            )
        )
    }

    /// Adds a field.
    ///
    /// - Parameter isIndexed: Whether the value may come again, and is worth a place in the compression's table.
    func add(_ name: String, _ value: String, isIndexed: Bool = true) {
        let nameStart = arena.count
        arena.append(contentsOf: name.utf8)
        let valueStart = arena.count
        arena.append(contentsOf: value.utf8)
        fixups.append((unsafe fields.count, nameStart, valueStart))
        unsafe fields.append(
            nghttp2_nv(
                name: nil,
                value: nil,
                namelen: valueStart - nameStart,
                valuelen: arena.count - valueStart,
                flags: isIndexed ? 0 : Self.noIndex
            )
        )
    }

    /// Hands the block to `body`; the pointers are valid within it only.
    func submit<Result>(_ body: (UnsafePointer<nghttp2_nv>?, Int) -> Result) -> Result {
        unsafe arena.withUnsafeMutableBufferPointer { arena in
            for fixup in fixups {
                if fixup.name >= 0 {
                    unsafe fields[fixup.field].name = arena.baseAddress.map { unsafe $0 + fixup.name }
                }
                unsafe fields[fixup.field].value = arena.baseAddress.map { unsafe $0 + fixup.value }
            }
            return unsafe fields.withUnsafeBufferPointer { unsafe body($0.baseAddress, $0.count) }
        }
    }
}
