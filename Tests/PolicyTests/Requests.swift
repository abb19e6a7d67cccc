import Crypto
import TestContractProtos
import Wire

@testable import Policy
@testable import PolicyModel

/// A book that keeps all rules.
func goodBook() -> Datavault_Test_V1_Book {
    var book = Datavault_Test_V1_Book()
    book.title = "A title"
    book.kind = .paperback
    book.isbn = "9780131103627"
    var author = Datavault_Test_V1_Author()
    author.fullName = "Ada"
    author.email = "ada@example.com"
    book.authors = [author]
    return book
}

/// A request that keeps all rules.
func goodRequest() -> Datavault_Test_V1_CreateBookRequest {
    var request = Datavault_Test_V1_CreateBookRequest()
    request.library = "north"
    request.book = goodBook()
    return request
}

func violations(_ message: some ContractMessage) -> [String: Violation.Kind] {
    var found = Violations()
    message.check(&found)
    return Dictionary(found.list.map { ($0.field, $0.kind) }) { first, _ in first }
}

let startOfTests: Int64 = 1_780_000_000_000
let createBook = Datavault_Test_V1_LibraryService.Methods.createBook

func principal(
    permissions: Set<String> = ["books.read", "books.write"],
    audience: Role = .pipeline,
    method: String = createBook.path,
    issuedAt: Int64 = startOfTests,
    lifetime: Int64 = 60_000
) -> VerifiedPrincipal {
    VerifiedPrincipal(
        organization: "acme", subject: "users/ada", kind: .user, permissions: permissions,
        sourceAddress: "192.0.2.7", strength: .signed, audience: audience, method: method, issuedAt: issuedAt,
        expiresAt: issuedAt &+ lifetime, keyID: "one")
}
