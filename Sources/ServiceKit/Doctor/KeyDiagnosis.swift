import Foundation
import PolicyModel
import Wire

/// A role's certificate.
struct KeyDiagnosis {
    private let role: RoleDefinition
    private let settings: Settings
    private let now: Date

    init(_ role: RoleDefinition, settings: Settings, now: Date) {
        (self.role, self.settings, self.now) = (role, settings, now)
    }

    func diagnosis() -> Diagnosis {
        let subject = "\(role.name) certificate"
        let files = role.settings.tlsFiles(settings, role: role.role)
        let issue = "`datavault keys issue \(role.role.rawValue)` makes one"
        for file in [files.certificate, files.key, files.authority]
        where !FileManager.default.fileExists(atPath: file) {
            return Diagnosis(
                subject, .failure, "\(file) is not there", "\(issue); `datavault up` makes all keys of one machine")
        }
        let certificate: RoleCertificate
        do { certificate = try RoleCertificate(file: files.certificate) } catch {
            return Diagnosis(subject, .failure, "\(error)", issue)
        }
        guard certificate.role == role.role, certificate.trustDomain.name == settings[SuiteSettings.trustDomain] else {
            return Diagnosis(
                subject, .failure,
                "\(files.certificate) is for \(certificate.trustDomain.uri(certificate.role)), not for "
                    + "spiffe://\(settings[SuiteSettings.trustDomain])/\(role.role.rawValue)",
                "\(issue); trust.domain says which domain")
        }
        if now < certificate.start {
            return Diagnosis(
                subject, .failure, "\(files.certificate) begins at \(certificate.start.formatted(.iso8601))",
                "set the clock, or wait")
        }
        if now > certificate.end {
            return Diagnosis(
                subject, .failure, "\(files.certificate) ended at \(certificate.end.formatted(.iso8601))",
                "\(issue), which running roles take without a restart; if it should not have ended, set the clock")
        }
        do { _ = try TLSContext(configuration: files.configuration, role: .server) } catch {
            return Diagnosis(subject, .failure, "\(error)", issue)
        }
        let days = Int(certificate.end.timeIntervalSince(now) / 86_400)
        if certificate.isDue(at: now) {
            return Diagnosis(subject, .warning, "\(files.certificate) ends in \(days) days", issue)
        }
        return Diagnosis(subject, .ok, "\(files.certificate) is good for \(days) days")
    }
}
