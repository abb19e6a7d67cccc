import ArgumentParser
import Foundation
import Gateway

/// Signs a request for the gateway.
struct Sign: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Sign a request for the gateway (RFC 9421): print the header fields, or a curl command.",
        discussion: """
            The URL is signed as it is written and has to be sent so. The signing secret is what making or rotating an \
            API key showed: in a file that only you may read, or in DATAVAULT_SIGNING_SECRET. A signature is good once, \
            and for as long as --lifetime says.

              datavault sign GET https://api.example.com/api/v1/users?page_size=5 \\
                  --key-id 3f0c6a52-8a51-4d8e-9d0b-0a4f4c1b7d11 --secret-file signing.secret
              datavault sign POST https://api.example.com/api/v1/api-keys -H 'Content-Type: application/json' \\
                  --body key.json --key-id … --secret-file … --curl | sh

            Ends with 0, or with 2 if an argument or a file is wrong. docs/signing.md tells what is signed.
            """
    )

    @Argument(help: "The HTTP method, as POST.")
    var method: String

    @Argument(help: "The absolute URL, exactly as it will be sent.")
    var url: String

    @Option(help: "The API key's identifier: its name without api-keys/. DATAVAULT_KEY_ID if left out.")
    var keyID: String?

    @Option(help: "A file of mode 0600 with the signing secret.", completion: .file())
    var secretFile: String?

    @Option(
        name: [.customShort("H"), .long], parsing: .singleValue,
        help: "A field that will be sent, as 'Name: value'. May be repeated.")
    var header: [String] = []

    @Option(help: "A file with the body, or - for standard input.", completion: .file())
    var body: String?

    @Option(help: "Seconds that the signature is good for.")
    var lifetime = RequestSigner.defaultLifetime

    @Flag(help: "Print a curl command instead of the fields.")
    var curl = false

    func run() throws {
        let input = SignInput(environment: ProcessInfo.processInfo.environment)
        do throws(SignInput.Fault) {
            let bytes = try input.body(body)
            let fields = try input.fields(header, hasBody: bytes != nil)
            let signer = RequestSigner(keyID: try input.keyID(keyID), secret: try input.secret(secretFile))
            let request = RequestSigner.Request(method: method, url: url, headers: fields, body: bytes)
            let added: [(name: String, value: String)]
            do throws(RequestSigner.Fault) {
                added = try signer.sign(
                    request, created: Int64(Date().timeIntervalSince1970), lifetime: lifetime)
            } catch {
                throw SignInput.Fault(error.description)
            }
            if curl {
                print(CurlCommand(method: method, url: url, fields: fields + added, body: body).text)
            } else {
                // What was given on the command line is not repeated; what was added to it is.
                for field in fields.dropFirst(header.count) + added { print("\(field.name): \(field.value)") }
            }
        } catch {
            throw CommandFailure.exit(error.text)
        }
    }

    func validate() throws {
        guard lifetime > 0, lifetime <= 86_400 else { throw ValidationError("--lifetime is 1 to 86400 seconds") }
    }
}
