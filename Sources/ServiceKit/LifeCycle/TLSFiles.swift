import PolicyModel
import Wire

/// The files of a role's certificate.
struct TLSFiles {
    let certificate: String
    let key: String
    let authority: String

    /// What a client shows, and whom it accepts.
    func client(expecting uri: String) -> TLSConfiguration {
        var configuration = configuration
        configuration.expectedPeerURIs = [uri]
        return configuration
    }

    /// What a server shows and asks for.
    var configuration: TLSConfiguration {
        TLSConfiguration(
            identities: [TLSConfiguration.Identity(certificateChainFile: certificate, privateKeyFile: key)],
            trust: .files([authority]), clientVerification: .required)
    }
}

extension RoleSettings {
    /// The files that settings name, or those in the data folder.
    func tlsFiles(_ settings: Settings, role: Role) -> TLSFiles {
        let folder = KeyFolder("\(settings[SuiteSettings.dataFolder])/keys")
        let usual = folder.identity(of: role)
        func file(_ key: SettingKey<String>, _ otherwise: String) -> String {
            settings[key].isEmpty ? otherwise : settings[key]
        }
        return TLSFiles(
            certificate: file(certificateFile, usual.certificateChainFile), key: file(keyFile, usual.privateKeyFile),
            authority: file(authorityFile, folder.authorityCertificate))
    }
}
