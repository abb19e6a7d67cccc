import Jobs

/// What is counted.
struct WordCountPayload: Codable, Sendable {
    let note: String
}

extension JobKind where Payload == WordCountPayload {
    /// Counts the words of a note.
    static let countWords = JobKind("example.count-words")
}

/// Counts the words of notes, after they were added.
enum WordCount {
    static let handler = JobHandler(.countWords) { payload, context in
        try await context.complete { tx in
            guard let text = try NoteStore.text(of: payload.note, in: tx) else { return }
            try NoteStore.set(wordCount: words(of: text), of: payload.note, in: tx)
        }
    }

    static func words(of text: String) -> Int32 {
        Int32(clamping: text.split(whereSeparator: \.isWhitespace).count)
    }
}
