import SwiftASN1
import Wire
import X509

/// A certificate chain and its key in two files, replaced together.
///
/// Both are written beside the old ones first, and on the disk before either takes its place. Who reads between the two
/// renames finds a key that does not fit, which Wire notices: it stays with what it has and reads again. Who is killed
/// there leaves the second file beside its place, and `recover` finishes for him.
struct KeyPairFiles {
    let chain: String
    let key: String

    var identity: TLSConfiguration.Identity {
        TLSConfiguration.Identity(certificateChainFile: chain, privateKeyFile: key)
    }

    var exist: Bool { DurableFile.exists(chain) || DurableFile.exists(key) }

    func replace(chain certificates: [Certificate], key privateKey: Certificate.PrivateKey) throws {
        let text = try Self.text(certificates)
        let keyText = try privateKey.serializeAsPEM().pemString + "\n"
        try DurableFile.writePending(Array(text.utf8), for: chain, secret: false)
        try DurableFile.writePending(Array(keyText.utf8), for: key, secret: true)
        try DurableFile.commit(key)
        try DurableFile.commit(chain)
        try DurableFile.syncFolder(of: chain)
    }

    /// Finishes, or takes back, what a process began that was killed. Under the folder's lock only.
    func recover(_ limits: KeyLimits) throws {
        let (newChain, newKey) = (chain + DurableFile.pendingSuffix, key + DurableFile.pendingSuffix)
        // The key goes first, so a new chain that fits the key in place is one whose turn had come.
        if DurableFile.exists(newChain), !DurableFile.exists(newKey),
            let chain = try? Self.certificates(newChain, limits), let key = try? Self.key(key, limits),
            chain.first?.publicKey == key.publicKey
        {
            try DurableFile.commit(self.chain)
            return try DurableFile.syncFolder(of: self.chain)
        }
        try DurableFile.remove(newChain)
        try DurableFile.remove(newKey)
    }

    /// Reads both.
    func read(_ limits: KeyLimits) throws(KeyError) -> (chain: [Certificate], key: Certificate.PrivateKey) {
        let chain = try Self.certificates(chain, limits)
        let key = try Self.key(key, limits)
        guard chain.first?.publicKey == key.publicKey else {
            throw KeyError(nil, "\(self.key) is not the key of \(self.chain)")
        }
        return (chain, key)
    }

    static func text(_ certificates: [Certificate]) throws -> String {
        try certificates.map { try $0.serializeAsPEM().pemString + "\n" }.joined()
    }

    static func certificates(_ path: String, _ limits: KeyLimits) throws(KeyError) -> [Certificate] {
        let text = String(decoding: try DurableFile.read(path, limit: limits.maxFileSize), as: UTF8.self)
        let documents: [PEMDocument]
        do {
            documents = try PEMDocument.parseMultiple(pemString: text)
        } catch {
            throw KeyError(nil, "\(path) holds no PEM")
        }
        guard (1...limits.maxCertificates).contains(documents.count) else {
            throw KeyError(nil, "\(path) has \(documents.count) certificates; 1 to \(limits.maxCertificates) are read")
        }
        do {
            return try documents.map { try Certificate(pemDocument: $0) }
        } catch {
            throw KeyError(nil, "\(path) holds no certificate that can be read: \(error)")
        }
    }

    static func key(_ path: String, _ limits: KeyLimits) throws(KeyError) -> Certificate.PrivateKey {
        let text = String(decoding: try DurableFile.read(path, limit: limits.maxFileSize, secret: true), as: UTF8.self)
        do {
            return try Certificate.PrivateKey(pemEncoded: text)
        } catch {
            throw KeyError(nil, "\(path) holds no private key that can be read (PEM, not encrypted)")
        }
    }
}
