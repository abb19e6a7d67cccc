import Crypto
public import Policy

extension PrincipalKeys {
    /// Starts with the keys that an operator's settings name, which stay whatever Identity lists.
    ///
    /// - Throws: `SuiteFailure` naming the file that holds none.
    public convenience init(_ settings: Settings) throws {
        var fixed: [String: Key] = [:]
        for file in settings[SuiteSettings.principalKeys] {
            do {
                let (key, id) = try PrincipalKeyPair.loadPublic(file: file)
                // The contract lets only gateways' certificates show principals.
                fixed[id] = Key(publicKey: key, certificateFingerprint: nil)
            } catch {
                throw SuiteFailure("\(SuiteSettings.principalKeys.name) names a file that is no public key: \(error)")
            }
        }
        self.init(fixed: fixed)
    }
}
