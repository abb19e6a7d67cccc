import Testing

@testable import Wire

@Suite struct ByteQueueTests {
    @Test(arguments: 0..<8)
    func agreesWithAnArray(_ round: Int) {
        var queue = ByteQueue()
        var model: [UInt8] = []
        for _ in 0..<500 {
            switch Int.random(in: 0..<10) {
            case 0..<4:
                let bytes = (0..<Int.random(in: 0...(round * 40))).map { _ in UInt8.random(in: 0...255) }
                queue.append(bytes)
                model += bytes
            case 4..<8:
                let count = Int.random(in: 0...min(model.count, 1 + round * 50))
                queue.consume(count)
                model.removeFirst(count)
            case 8:
                let room = unsafe queue.reserve(100)
                let used = Int.random(in: 0...100)
                for index in 0..<used { unsafe room[index] = UInt8(index) }
                queue.commit(used)
                model += (0..<used).map { UInt8($0) }
            default:
                if Int.random(in: 0..<20) == 0 {
                    queue.clear(keeping: Int.random(in: 0...4096))
                    model = []
                }
            }
            guard queue.count == model.count, queue.isEmpty == model.isEmpty, unsafe Array(queue.readable) == model
            else {
                Issue.record("the contents differ")
                return
            }
        }
    }

    @Test func takesNothingIntoAnEmptyQueue() {
        var queue = ByteQueue()
        queue.append([])
        unsafe withBytes([1, 2, 3]) { unsafe queue.append(UnsafeRawBufferPointer(rebasing: $0[..<0])) }
        _ = unsafe queue.reserve(0)
        queue.consume(0)
        queue.append([9])
        let content = unsafe Array(queue.readable)
        #expect(content == [9])
    }
}

@Suite struct HeaderBlockTests {
    @Test func keepsFieldsInOrder() {
        let block = makeBlock([("a", "1"), ("", ""), ("b", ""), ("a", "22")])
        var seen: [String] = []
        unsafe block.forEach { name, value in
            unsafe seen.append(String(decoding: name, as: UTF8.self) + "=" + String(decoding: value, as: UTF8.self))
        }
        #expect(seen == ["a=1", "=", "b=", "a=22"])
        let (count, size) = (block.fieldCount, block.listSize)
        #expect(count == 4)
        #expect(size == 4 * 32 + 1 + 1 + 1 + 1 + 2)
        let values = [block.first("a"), block.first("b"), block.first("c")]
        #expect(values == ["1", "", nil])
    }

    @Test func forgetsAll() {
        var block = makeBlock([("name", String(repeating: "v", count: 5000))])
        block.clear()
        let (count, size, value) = (block.fieldCount, block.listSize, block.first("name"))
        #expect(count == 0 && size == 0 && value == nil)
    }

    @Test(arguments: [("100", true), ("103", true), ("200", false), ("1000", false), ("", false)])
    func knowsInterimReplies(_ status: String, _ isInterim: Bool) {
        let result = makeBlock([(":status", status)]).isInformational
        #expect(result == isInterim)
    }

    @Test(arguments: [
        ("gzip", true), ("identity,gzip", true), ("identity, gzip", true), ("identity,deflate", false), ("", false),
        ("xgzip", false), ("gzip , identity", true),
    ])
    func findsTokens(_ list: String, _ isThere: Bool) {
        unsafe #expect(withBytes(list) { unsafe $0.containsToken("gzip") } == isThere)
    }
}

@Suite struct MethodTableTests {
    private func method(_ service: String, _ name: String) -> RegisteredMethod {
        RegisteredMethod(
            descriptor: MethodDescriptor(service: service, name: name, kind: .unary),
            invoke: { _ in },
            interceptors: [],
            metrics: nil
        )
    }

    @Test func findsEveryMethodAndNoOther() {
        let table = MethodTable((0..<500).map { method("service.S\($0 % 7)", "Method\($0)") })
        for index in 0..<500 {
            let path = "/service.S\(index % 7)/Method\(index)"
            unsafe #expect(withBytes(path) { unsafe table.find($0)?.descriptor.path } == path)
        }
        for path in [
            "", "/", "/service.S0/Method1", "service.S0/Method0", "/service.S0/Method0 ", "/service.s0/Method0",
        ] {
            unsafe #expect(withBytes(path) { unsafe table.find($0) == nil })
        }
    }

    @Test func isEmptyWithoutMethods() {
        let table = MethodTable([])
        unsafe #expect(withBytes("/a/b") { unsafe table.find($0) == nil })
    }
}
