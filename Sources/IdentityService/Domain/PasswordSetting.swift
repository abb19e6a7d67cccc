/// Makes what is kept of a password.
protocol PasswordSetting: Sendable {
    /// Checks a new password against the policy and hashes it, on a bounded pool of threads.
    ///
    /// - Returns: The text for `users.password_hash`.
    /// - Throws: `IdentityError.passwordWeak`; `IdentityError.loginBusy` if the pool has as much work as it takes.
    func hash(_ password: String) async throws -> String
}
