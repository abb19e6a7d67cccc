// Measures JSON → protobuf and back in one thread, Transcoding beside swift-protobuf: see scripts/bench-transcode.sh.
//
// `transcode-bench` prints a line for each measurement: shape, direction, library, nanoseconds, allocations.
// `transcode-bench --write FOLDER` writes the messages that are measured.
// ONLY=row.json-to-protobuf.transcoding measures one; ITERATIONS=10000 then runs it as often, for tools that count.
import CAllocationCounter
import Foundation
import SwiftProtobuf
import TestContractProtos
import Transcoding

let arguments = CommandLine.arguments.dropFirst()
if arguments.first == "--write", let folder = arguments.dropFirst().first {
    try BenchmarkMessages.write(to: URL(fileURLWithPath: folder))
    exit(0)
}
guard let set = Data(base64Encoded: TestDescriptors.base64, options: .ignoreUnknownCharacters) else {
    fatalError("the descriptor set is no base64")
}
let transcoder = Transcoder(pool: try DescriptorPool(serializedDescriptorSet: Array(set)))
let only = ProcessInfo.processInfo.environment["ONLY"]
let iterations = ProcessInfo.processInfo.environment["ITERATIONS"].flatMap { Int($0) }

try measure("row", BenchmarkMessages.row, "datavault.test.v1.Row")
try measure("list", BenchmarkMessages.list, "datavault.test.v1.RowList")

func measure<Message: SwiftProtobuf.Message & Equatable>(_ shape: String, _ message: Message, _ name: String) throws {
    guard let type = transcoder.messageType(named: name) else { fatalError("\(name) is not in the set") }
    let bytes: [UInt8] = try message.serializedBytes()
    let json: [UInt8] = try message.jsonUTF8Bytes()
    // Both must do the same work before it is worth a measurement.
    let ours = try transcoder.protobuf(fromJSON: json, as: type)
    let fromBytes = try Message(serializedBytes: ours)
    let fromJSON = try Message(jsonUTF8Bytes: try transcoder.json(fromProtobuf: bytes, as: type))
    precondition(fromBytes == message && fromJSON == message, "\(name) changes on its way")

    report(
        shape, "json-to-protobuf",
        [
            ("transcoding", { _ = try transcoder.protobuf(fromJSON: json, as: type) }),
            (
                "swift-protobuf",
                {
                    let read = try Message(jsonUTF8Bytes: json)
                    let _: [UInt8] = try read.serializedBytes()
                }
            ),
        ])
    report(
        shape, "protobuf-to-json",
        [
            ("transcoding", { _ = try transcoder.json(fromProtobuf: bytes, as: type) }),
            (
                "swift-protobuf",
                {
                    let read = try Message(serializedBytes: bytes)
                    let _: [UInt8] = try read.jsonUTF8Bytes()
                }
            ),
        ])
    if only == nil { print("\(shape) size json \(json.count)\n\(shape) size protobuf \(bytes.count)") }
}

/// Prints the best of sixty rounds of ten milliseconds, in nanoseconds a message, and how often it asks for memory.
///
/// The libraries take turns, and what counts is the thread's own time: other work on the machine meets both alike, and
/// the best round little of it.
func report(_ shape: String, _ direction: String, _ libraries: [(name: String, body: () throws -> Void)]) {
    let measured = libraries.filter { only == nil || only == "\(shape).\(direction).\($0.name)" }
    do {
        if let iterations {
            for library in measured { for _ in 0..<iterations { try library.body() } }
            return
        }
        var best = measured.map { _ in Double.infinity }
        let times = try measured.map { library in
            try library.body()
            let start = threadNanoseconds()
            try library.body()
            return max(1, Int(10_000_000 / max(1, threadNanoseconds() - start)))
        }
        for _ in 0..<60 {
            for (index, library) in measured.enumerated() {
                let start = threadNanoseconds()
                for _ in 0..<times[index] { try library.body() }
                best[index] = min(best[index], (threadNanoseconds() - start) / Double(times[index]))
            }
        }
        for (index, library) in measured.enumerated() {
            let before = wire_allocation_count()
            wire_count_allocations(true)
            try library.body()
            wire_count_allocations(false)
            print("\(shape) \(direction) \(library.name) \(best[index]) \(wire_allocation_count() - before)")
        }
    } catch {
        fatalError("\(direction): \(error)")
    }
}

/// What this thread has taken of a processor, in nanoseconds.
func threadNanoseconds() -> Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
}
