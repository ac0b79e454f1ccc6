package import Evidence
package import NetworkTypes
package import Sessions

/// A value together with where it was written.
package struct Located<Value> {
    package let value: Value
    package let range: SourceRange

    package init(_ value: Value, at range: SourceRange) {
        self.value = value
        self.range = range
    }
}

extension Located: Sendable where Value: Sendable {}

/// How a text is read as a value, and how to say what was expected.
package struct TextForm<Value> {
    /// Continues the sentence "expected": `a duration such as 12h`.
    package let expected: String
    /// What of it a schema can check.
    package let schema: TextSchema
    package let parse: (String) -> Value?

    package init(
        _ expected: String, _ schema: TextSchema = .anything, _ parse: @escaping (String) -> Value?
    ) {
        self.expected = expected
        self.schema = schema
        self.parse = parse
    }
}

extension TextForm where Value == String {
    /// Any text of one line or more, without control characters.
    package static var text: Self {
        Self("a text", .text) { text in
            let isPlain = text.unicodeScalars.allSatisfy { $0 == "\n" || !PlainText.isControl($0) }
            return text.isEmpty || !isPlain ? nil : text
        }
    }

    /// A name of something that the organisation did not name itself: a vendor, a user, a group. One line, no space
    /// at either end, and not so long that it is a mistake.
    package static var freeName: Self {
        Self("a name", .freeName) { PlainText.isName($0) ? $0 : nil }
    }

    /// A name for something in the pack: letters, digits, dot, dash and underscore. It ends up in kernel object names,
    /// logs and command lines.
    package static var name: Self {
        Self("a name of letters, digits, '.', '-' and '_', beginning with a letter or digit", .name) { text in
            let bytes = text.utf8
            let isWord = { (byte: UInt8) in
                Character(Unicode.Scalar(byte)).isLetter || (48...57).contains(byte)
            }
            let fits = bytes.allSatisfy { $0 < 128 && (isWord($0) || [45, 46, 95].contains($0)) }
            return fits && bytes.count <= 64 && (bytes.first.map(isWord) ?? false) ? text : nil
        }
    }
}

extension TextForm {
    package static func duration() -> TextForm<Duration> {
        TextForm<Duration>("a duration such as 12h, 30d or 1h30m", .duration, TimeText.duration)
    }

    /// How long no packet may pass before a session is ended.
    ///
    /// Shorter than ten seconds would end people who read a page: nothing passes between two clicks. Longer than a day
    /// ends nobody who comes to work every day, and looks like a rule that protects something.
    package static func idleTime() -> TextForm<Duration> {
        TextForm<Duration>("a duration from 10s to 1d, such as 30m", .duration, idleTime)
    }

    /// As ``idleTime()``, or the word that switches it off: nil.
    package static func idleTimeOrNone() -> TextForm<Duration?> {
        TextForm<Duration?>("a duration from 10s to 1d, such as 30m, or none", .duration(or: "none")) {
            text in
            text == "none" ? .some(nil) : idleTime(text).map(Optional.some)
        }
    }

    private static func idleTime(_ text: String) -> Duration? {
        TimeText.duration(text).flatMap { (.seconds(10)...Duration.seconds(86_400)).contains($0) ? $0 : nil }
    }

    package static func timestamp() -> TextForm<Instant> {
        TextForm<Instant>("a time with its offset, such as 2026-11-21T10:00:00Z", .time, TimeText.timestamp)
    }

    package static func date() -> TextForm<CivilDate> {
        TextForm<CivilDate>("a date such as 2026-04-01", .date, TimeText.date)
    }

    package static func timeOfDay() -> TextForm<Int> {
        TextForm<Int>("a time of day such as \"08:00\"", .timeOfDay, TimeText.minuteOfDay)
    }

    package static func weekdays() -> TextForm<Set<Weekday>> {
        TextForm<Set<Weekday>>("days such as mon or mon-fri", .weekdays, TimeText.weekdays)
    }

    package static func service() -> TextForm<Service> {
        TextForm<Service>("a service such as tcp/443, udp/5000-5010, ping or esp", .service) { Service($0) }
    }

    package static func digest() -> TextForm<CertificateDigest> {
        TextForm<CertificateDigest>("a SHA-256 digest of 64 hexadecimal digits", .digest) {
            CertificateDigest($0)
        }
    }

    package static func behaviour() -> TextForm<Behaviour> { .choice("what was seen") }

    package static func choice<Choice>(_ what: String) -> TextForm<Choice>
    where Choice: RawRepresentable<String> & CaseIterable {
        let words = Choice.allCases.map(\.rawValue)
        return TextForm<Choice>("\(what): \(words.joined(separator: ", "))", .words(words)) {
            Choice(rawValue: $0)
        }
    }
}
