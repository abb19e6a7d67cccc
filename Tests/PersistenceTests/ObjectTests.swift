import Foundation
import Persistence
import StoreTesting
import Testing

@Suite struct FolderObjectTests {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("objects-\(UUID().uuidString)").path

    private func store(_ change: (inout ObjectLimits) -> Void = { _ in }) throws -> FolderObjectStore {
        var limits = ObjectLimits()
        change(&limits)
        return try FolderObjectStore(folder, limits: limits)
    }

    @Test func whatIsWrittenIsRead() async throws {
        let (store, key) = (try store(), ObjectKey("org", "pages", "a.gz"))
        try await store.put(key, Array("hello world".utf8))
        let (whole, part) = (try await store.get(key), try await store.get(key, range: 6..<11))
        #expect(String(decoding: whole, as: UTF8.self) == "hello world")
        #expect(String(decoding: part, as: UTF8.self) == "world")
        let (size, nothing) = (try await store.size(of: key), try await store.size(of: ObjectKey("org", "pages")))
        #expect(size == 11)
        #expect(nothing != 11)
        // The same again, and from another process's point of view.
        try await store.put(key, Array("hello world".utf8))
        let other = try await FolderObjectStore(folder).get(key)
        #expect(other == whole)
        try await store.delete(key)
        try await store.delete(key)
        let gone = try await store.size(of: key)
        #expect(gone == nil)
        await #expect(throws: ObjectError.self) { _ = try await store.get(key) }
    }

    @Test func rangesBeyondTheEndAreNotFound() async throws {
        let (store, key) = (try store(), ObjectKey("a"))
        try await store.put(key, [1, 2, 3])
        for range in [0..<4, 3..<5, 5..<5] {
            await #expect { _ = try await store.get(key, range: range) } throws: {
                ($0 as? ObjectError)?.reason == .notFound
            }
        }
        let empty = try await store.get(key, range: 3..<3)
        #expect(empty.isEmpty)
    }

    @Test func listsInTheOrderOfBytesPageByPage() async throws {
        let store = try store()
        let names = ["a-b/x", "a/b", "a/b-c", "a/b/c".replacing("b/", with: "d/"), "a.z", "b/1", "b/10", "b/2"]
        for name in names { try await store.put(try #require(ObjectKey(parsing: name)), [0]) }
        let sorted = names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        for size in 1...names.count {
            var (seen, after): ([String], ObjectKey?) = ([], nil)
            while true {
                let page = try await store.list(prefix: "", after: after, limit: size)
                guard let last = page.last else { break }
                seen += page.map(\.description)
                after = last
            }
            #expect(seen == sorted)
        }
        let some = try await store.list(prefix: "b/1", after: nil, limit: 10).map(\.description)
        #expect(some == ["b/1", "b/10"])
    }

    @Test(arguments: [
        "", "/", "a//b", "../a", "a/../b", "a/.b", ".pending/x", "a b", "å", "a\\b", "a\u{0}",
        String(repeating: "x", count: 513), Array(repeating: "a", count: 17).joined(separator: "/"),
    ]) func refusesWhatIsNoName(_ text: String) { #expect(ObjectKey(parsing: text) == nil) }

    @Test func boundsAreKept() async throws {
        let store = try store { ($0.objectBytes, $0.maximumWaiting) = (10, 1_000) }
        await #expect { try await store.put(ObjectKey("a"), [UInt8](repeating: 0, count: 11)) } throws: {
            ($0 as? ObjectError)?.reason == .tooLarge
        }
        let narrow = try self.store { $0.maximumWaiting = 0 }
        await #expect { try await narrow.put(ObjectKey("a"), []) } throws: {
            ($0 as? ObjectError)?.reason == .unavailable
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/.pending").isEmpty)
    }

    @Test func aStartRemovesWhatACrashLeftLongAgo() async throws {
        _ = try store()
        let (old, young) = (folder + "/.pending/old", folder + "/.pending/young")
        for path in [old, young] { #expect(FileManager.default.createFile(atPath: path, contents: Data([1]))) }
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -7_200)], ofItemAtPath: old)
        _ = try store()
        #expect(!FileManager.default.fileExists(atPath: old))
        #expect(FileManager.default.fileExists(atPath: young))
    }

    @Test func writersDoNotDisturbEachOther() async throws {
        let store = try store()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<200 {
                group.addTask {
                    let key = ObjectKey("o", "\(number % 20)")
                    let bytes = [UInt8](repeating: UInt8(number % 20), count: 10_000)
                    try await store.put(key, bytes)
                    let read = try await store.get(key)
                    #expect(read == bytes)
                }
            }
            try await group.waitForAll()
        }
        let names = try await store.list(prefix: "o/", after: nil, limit: 100)
        #expect(names.count == 20)
    }
}
