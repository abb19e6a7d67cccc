internal import CPostgres

/// A statement's values in the form libpq takes: text, and for blobs binary.
struct PostgresParameters {
    let types: [Oid]
    private let values: [[CChar]?]
    private let lengths: [Int32]
    private let formats: [Int32]

    init(_ values: [SQLValue]) {
        types = values.map(Self.type)
        self.values = values.map(Self.bytes)
        lengths = values.map { if case .blob(let bytes) = $0 { Int32(clamping: bytes.count) } else { 0 } }
        formats = values.map { if case .blob = $0 { 1 } else { 0 } }
    }

    /// Zero leaves the type to the server: text goes into columns of any type that has a text form.
    private static func type(_ value: SQLValue) -> Oid {
        switch value {
        case .null, .text: 0
        case .integer: PostgresType.int8
        case .real: PostgresType.float8
        case .blob: PostgresType.bytea
        case .boolean: PostgresType.bool
        }
    }

    private static func bytes(_ value: SQLValue) -> [CChar]? {
        switch value {
        case .null: nil
        case .integer(let number): Array("\(number)".utf8CString)
        case .real(let number): Array("\(number)".utf8CString)
        case .text(let text): Array(text.utf8CString)
        // One byte more, as an empty array may have no address, which would mean null.
        case .blob(let bytes): bytes.map { CChar(bitPattern: $0) } + [0]
        case .boolean(let flag): Array((flag ? "t" : "f").utf8CString)
        }
    }

    /// Hands on the arrays that libpq's functions take.
    func withArrays<Result>(
        _ body: (
            Int32, UnsafePointer<Oid>?, UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?,
            UnsafePointer<Int32>?
        ) -> Result
    ) -> Result {
        unsafe CStrings(bytes: values).withPointers { pointers in
            unsafe types.withUnsafeBufferPointer { types in
                unsafe lengths.withUnsafeBufferPointer { lengths in
                    unsafe formats.withUnsafeBufferPointer { formats in
                        unsafe body(
                            Int32(values.count), types.baseAddress, pointers, lengths.baseAddress,
                            formats.baseAddress)
                    }
                }
            }
        }
    }
}

/// Strings laid out in one block, for C functions that take an array of pointers.
struct CStrings {
    private var block: [CChar] = []
    private var offsets: [Int?] = []

    init(_ strings: [String]) { self.init(bytes: strings.map { Array($0.utf8CString) }) }

    init(bytes: [[CChar]?]) {
        for string in bytes {
            offsets.append(string == nil ? nil : block.count)
            if let string { block += string }
        }
    }

    /// The pointers hold until the body returns; after the last comes nil.
    func withPointers<Result>(_ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> Result) -> Result {
        unsafe block.withUnsafeBufferPointer { block in
            let pointers = unsafe offsets.map { offset in
                unsafe offset.flatMap { unsafe block.baseAddress?.advanced(by: $0) }
            }
            return unsafe (pointers + [nil]).withUnsafeBufferPointer { unsafe body($0.baseAddress) }
        }
    }
}
