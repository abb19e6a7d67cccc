import CDescriptorSet

/// The suite's contract: a serialized `google.protobuf.FileDescriptorSet` of all its protos and what they import, with
/// their comments. It is part of the program, and is read where it lies.
public enum DescriptorSet {
    /// The bytes, for as long as the program runs.
    public static var bytes: RawSpan {
        @_lifetime(immortal)
        get {
            // A constant of the C target that is never freed, and of the size beside it.
            let span = unsafe RawSpan(_unsafeStart: start, byteCount: datavault_descriptor_set_size)
            return unsafe _overrideLifetime(span, borrowing: ())
        }
    }

    /// A copy, for those who take arrays, as Wire's `ReflectionService` does.
    public static var array: [UInt8] {
        unsafe Array(UnsafeRawBufferPointer(start: start, count: datavault_descriptor_set_size))
    }

    private static var start: UnsafeRawPointer { unsafe datavault_descriptor_set_start() }
}
