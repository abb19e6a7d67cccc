import SwiftProtobuf
import Synchronization
import TestContractProtos

/// The books, in memory.
final class Shelves: Sendable {
    private struct State {
        var books: [String: Datavault_Test_V1_Book] = [:]
        var created = 0
    }

    private let state = Mutex(State())

    func add(_ book: Datavault_Test_V1_Book, to library: String) -> Datavault_Test_V1_Book {
        state.withLock { state in
            state.created += 1
            var book = book
            book.name = "libraries/\(library)/books/\(state.created)"
            state.books[book.name] = book
            return book
        }
    }

    func book(_ name: String) -> Datavault_Test_V1_Book? { state.withLock { $0.books[name] } }

    func put(_ book: Datavault_Test_V1_Book) { state.withLock { $0.books[book.name] = book } }

    func remove(_ name: String) -> Bool { state.withLock { $0.books.removeValue(forKey: name) != nil } }

    func all(in library: String) -> [Datavault_Test_V1_Book] {
        let books = state.withLock { Array($0.books.values) }
        return books.filter { $0.name.hasPrefix("libraries/\(library)/") }.sorted { $0.name < $1.name }
    }

    func titled(_ title: String) -> Datavault_Test_V1_Book? {
        state.withLock { $0.books.values.first { $0.title == title } }
    }
}
