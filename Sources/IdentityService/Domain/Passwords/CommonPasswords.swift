/// Passwords that those who guess try first, as far as they are long enough to come into question: some whole ones, and
/// words to which people add digits and signs until a rule is met.
enum CommonPasswords {
    private static let whole: Set<String> = [
        "123456123456", "123123123123", "121212121212", "112233445566", "abc123abc123", "asdf1234asdf", "a1b2c3d4e5f6",
        "aaaabbbbcccc", "correcthorsebatterystaple", "correct horse battery staple", "defaultpassword",
        "iloveyouforever",
        "letmeinletmein", "letmeinplease", "mypassword123", "nopassword123", "passw0rdpassw0rd", "passwordpassword",
        "password1password", "passwordispassword", "qazwsxedcrfv", "qwer1234qwer", "qwerty123qwerty", "qwertyqwerty",
        "secretsecret", "superpassword", "temporarypassword", "thisismypassword", "thisisapassword", "trustno1trustno1",
        "unknownpassword", "welcomewelcome", "whatever1234", "yourpassword", "zxcvbnm12345", "zxcvbnmasdfghjkl",
        "asdfghjkl123", "1qaz2wsx3edc", "1qaz2wsx1qaz", "q1w2e3r4t5y6", "1q2w3e4r5t6y", "monkeymonkey", "dragondragon",
    ]

    private static let words: Set<String> = [
        "admin", "administrator", "apple", "asdfgh", "asdfghjkl", "baseball", "batman", "changeit", "changeme",
        "changemenow", "charlie", "computer", "default", "dragon", "facebook", "football", "freedom", "google", "guest",
        "hello", "helloworld", "iloveyou", "internet", "jesus", "killer", "letmein", "liverpool", "login", "manager",
        "master", "michael", "monkey", "mustang", "mypassword", "newpassword", "nothing", "office", "passphrase",
        "password", "passwort", "pokemon", "princess", "qazwsx", "qwerty", "qwertyuiop", "qwertz", "root", "samsung",
        "secret", "secure", "server", "shadow", "starwars", "sunshine", "superman", "summer", "spring", "autumn",
        "winter", "support", "sysadmin", "temp", "temporary", "test", "testing", "trustno", "user", "welcome",
        "whatever", "zxcvbn", "zxcvbnm", "january", "february", "march", "april", "june", "july", "august",
        "september", "october", "november", "december", "monday", "sunday", "friday",
    ]

    /// - Parameter folded: The password in lower case.
    static func contains(_ folded: String) -> Bool {
        if whole.contains(folded) { return true }
        let letters = plain(folded)
        return whole.contains(letters) || words.contains(letters) || isRepeatedWord(letters)
    }

    /// Without the digits and signs around, and with letters for the signs that look like them.
    private static func plain(_ text: String) -> String {
        let isLetter: (Character) -> Bool = { $0.isLetter || "@$€".contains($0) }
        guard let first = text.firstIndex(where: isLetter), let last = text.lastIndex(where: \.isLetter) else {
            return ""
        }
        guard first <= last else { return "" }
        return String(text[first...last].map { alike[$0] ?? $0 })
    }

    private static let alike: [Character: Character] = [
        "0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "€": "e", "!": "i",
    ]

    private static func isRepeatedWord(_ text: String) -> Bool {
        words.contains { word in
            text.count > word.count && text.count % word.count == 0
                && text == String(repeating: word, count: text.count / word.count)
        }
    }
}
