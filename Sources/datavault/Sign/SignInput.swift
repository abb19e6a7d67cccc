import Foundation
import Gateway
import ServiceKit

/// Where `datavault sign` takes things from.
struct SignInput {
    /// What is wrong with an argument or a file.
    struct Fault: Error {
        let text: String
        init(_ text: String) { self.text = text }
    }

    static let secretVariable = "DATAVAULT_SIGNING_SECRET"
    static let keyVariable = "DATAVAULT_KEY_ID"
    private static let maximumSecretFile = 4_096

    let environment: [String: String]

    func keyID(_ given: String?) throws(Fault) -> String {
        guard let id = given ?? environment[Self.keyVariable], !id.isEmpty else {
            throw Fault("the key's identifier is missing: give --key-id, or set \(Self.keyVariable)")
        }
        let prefix = "api-keys/"
        return id.hasPrefix(prefix) ? String(id.dropFirst(prefix.count)) : id
    }

    func secret(_ path: String?) throws(Fault) -> [UInt8] {
        let text: String
        if let path {
            do throws(KeyError) {
                text = String(
                    decoding: try DurableFile.read(path, limit: Self.maximumSecretFile, secret: true), as: UTF8.self)
            } catch {
                throw Fault("\(error)")
            }
        } else if let given = environment[Self.secretVariable] {
            text = given
        } else {
            throw Fault("the signing secret is missing: give --secret-file, or set \(Self.secretVariable)")
        }
        guard let secret = RequestSigner.secret(text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw Fault("the signing secret is not 32 bytes in base64url, as making an API key shows it")
        }
        return secret
    }

    /// The body's bytes; nil if there is none.
    func body(_ path: String?) throws(Fault) -> [UInt8]? {
        guard let path else { return nil }
        do {
            if path == "-" { return [UInt8](try FileHandle.standardInput.readToEnd() ?? Data()) }
            return [UInt8](try Data(contentsOf: URL(filePath: path)))
        } catch {
            throw Fault("cannot read \(path): \(error.localizedDescription)")
        }
    }

    /// Fields that will be sent; a body without a type is JSON.
    func fields(_ texts: [String], hasBody: Bool) throws(Fault) -> [(name: String, value: String)] {
        var fields: [(name: String, value: String)] = []
        for text in texts {
            guard let colon = text.firstIndex(of: ":"), colon != text.startIndex else {
                throw Fault("\(text) is no field; write 'Name: value'")
            }
            let value = text[text.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            fields.append((String(text[..<colon]), value))
        }
        if hasBody, !fields.contains(where: { $0.name.lowercased() == "content-type" }) {
            fields.append(("Content-Type", "application/json"))
        }
        return fields
    }
}
