import CNghttp2
import NIOCore

@testable import Wire

/// The input is lines `name: value`, which become a header block; each value is also read as everything that gRPC's
/// fields hold.
func fuzzMetadata(_ input: [UInt8]) {
    var block = HeaderBlock()
    var count = 0
    for line in input.split(separator: UInt8(ascii: "\n")) {
        let name = Array(line.prefix { $0 != UInt8(ascii: "=") })
        let value = Array(line.dropFirst(name.count + 1))
        unsafe name.withUnsafeBytes { name in
            unsafe value.withUnsafeBytes { unsafe block.append(name: name, value: $0) }
        }
        count += 1
        readAsEverything(value)
    }
    readAsEverything(input)
    precondition(block.fieldCount == count, "fields were lost")
    var visited = 0
    unsafe block.forEach { _, _ in visited += 1 }
    precondition(visited == count, "the arena has lost its way")
    let metadata = Metadata(block)
    _ = block.isInformational
    _ = block.first("x")
    if let status = GRPCStatus(block) { _ = status.error(metadata: metadata).map { "\($0)" } }
    if metadata.firstInvalid == nil { checkRoundTrip(metadata) }
}

/// Metadata that may be sent arrives as it was.
private func checkRoundTrip(_ metadata: Metadata) {
    let builder = HeaderBlockBuilder()
    metadata.write(to: builder)
    var block = HeaderBlock()
    unsafe builder.submit { fields, count in
        guard let fields = unsafe fields else { return }
        for index in 0..<count {
            let field = unsafe fields[index]
            unsafe block.append(
                name: UnsafeRawBufferPointer(start: field.name, count: field.namelen),
                value: UnsafeRawBufferPointer(start: field.value, count: field.valuelen))
        }
    }
    let again = Metadata(block)
    precondition(again == metadata, "metadata is no round trip: \(Array(metadata)) became \(Array(again))")
}

private func readAsEverything(_ value: [UInt8]) {
    unsafe value.withUnsafeBytes { bytes in
        if let timeout = unsafe Timeout.parse(bytes) {
            precondition(timeout.nanoseconds >= 0, "a timeout is negative")
            let text = Array(Timeout.format(timeout).utf8)
            let again = unsafe text.withUnsafeBytes { unsafe Timeout.parse($0) }
            precondition(again.map { $0 <= timeout } == true, "a timeout became longer")
        }
        let decoded = unsafe PercentEncoding.decode(bytes)
        let encoded = Array(PercentEncoding.encode(decoded).utf8)
        precondition(encoded.allSatisfy { $0 >= 0x20 && $0 <= 0x7E }, "a message is not printable")
        let again = unsafe encoded.withUnsafeBytes { unsafe PercentEncoding.decode($0) }
        precondition(again == decoded, "percent-encoding is no round trip")
        _ = unsafe Compression(name: bytes)
        _ = unsafe bytes.containsToken("gzip")
    }
    precondition(Base64.decode(Array(Base64.encode(value).utf8)) == value, "base64 is no round trip")
    if let bytes = Base64.decode(value) { precondition(bytes.count <= value.count, "base64 made bytes") }
    _ = MethodDescriptor(path: String(decoding: value, as: UTF8.self)).path
}
