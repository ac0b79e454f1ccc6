import NetworkTypes

/// What a diagnostic says, before it has a place. Made by the functions below only, so that all wording is here.
package struct DiagnosticMessage: Sendable, Hashable {
    package let id: DiagnosticID
    package let text: String

    private init(_ id: DiagnosticID, _ text: String) {
        self.id = id
        self.text = text
    }
}

/// Sorted by id. Names from files are quoted by `quoted`, which keeps them short and harmless.
extension DiagnosticMessage {
    static func accessWithoutCertificate(_ name: String) -> Self {
        Self(.accessWithoutCertificate, "class \(quoted(name)) gives access without asking for a certificate")
    }

    static let anchorsRefused = Self(
        .anchorsRefused, "anchors and aliases are not allowed: write the value out where it is meant")

    static func andMore(_ count: Int) -> Self {
        Self(.andMore, "from here on, \(count) more are not shown: put right what is above first")
    }

    static func badCharacter(_ scalar: Unicode.Scalar) -> Self {
        let hex = String(scalar.value, radix: 16, uppercase: true)
        let padded = String(repeating: "0", count: max(0, 4 - hex.count)) + hex
        return Self(.badCharacter, "the invisible character U+\(padded) is not allowed in rule files")
    }

    static func badCSV(_ problem: String) -> Self { Self(.badCSV, problem) }

    static func badYAML(_ problem: String) -> Self { Self(.badYAML, "not valid YAML: \(printable(problem))") }

    static func behaviourGains(_ name: String) -> Self {
        Self(
            .behaviourGains,
            "class \(quoted(name)) may give a session more for what was seen of it: put it right before a class that "
                + "asks for the same without the behaviour, or for less, and gives as much")
    }

    static func behaviourNeeded(_ system: String) -> Self {
        Self(
            .behaviourGains,
            "system \(quoted(system)) needs a behaviour: what was seen of a session can only take access away"
        )
    }

    static func conflictingSystems(_ name: String, _ other: String, witness: String) -> Self {
        Self(
            .conflictingSystems,
            "systems \(quoted(name)) and \(quoted(other)) both take \(witness), but do not ask the same of it"
        )
    }

    static let contractDates = Self(.contractDates, "the contract ends before it begins")

    static func contractEnded(_ vendor: String) -> Self {
        Self(.contractEnded, "the contract of \(quoted(vendor)) has ended: this vendor reaches nothing")
    }

    static func contractEndsSoon(_ vendor: String, days: Int64) -> Self {
        let when = days == 1 ? "within a day" : "within \(days) days"
        return Self(.contractEndsSoon, "the contract of \(quoted(vendor)) ends \(when)")
    }

    static func duplicateKey(_ key: String) -> Self {
        Self(.duplicateKey, "\(quoted(key)) is written twice here")
    }

    static func duplicateName(_ kind: String, _ name: String) -> Self {
        Self(.duplicateName, "\(kind) \(quoted(name)) is defined twice")
    }

    static let emptyFile = Self(.emptyFile, "the file says nothing")

    static func emptyList(_ key: String, instead: String) -> Self {
        Self(.emptyList, "\(quoted(key)) is an empty list: \(instead)")
    }

    static func emptyMapping(_ key: String, instead: String) -> Self {
        Self(.emptyList, "\(quoted(key)) is empty: \(instead)")
    }

    static func fileTooLarge(limit: Int) -> Self {
        Self(.fileTooLarge, "the file is larger than \(limit >> 20) MiB")
    }

    static func hostBits(_ text: String) -> Self {
        Self(.hostBits, "\(quoted(text)) is no network: bits are set behind its length")
    }

    static func insideTooWide(_ prefix: IPPrefix, limit: Int) -> Self {
        Self(.insideTooWide, "\(prefix) is too wide to be one organisation's own: /\(limit) at most")
    }

    static func lineTooLong(limit: Int) -> Self {
        Self(.lineTooLong, "the line is longer than \(limit) bytes")
    }

    static func matchesEveryone(_ name: String) -> Self {
        Self(.matchesEveryone, "class \(quoted(name)) gives access to everyone: it has no conditions")
    }

    static func missingFile(_ path: String) -> Self {
        Self(.missingFile, "the pack has no \(quoted(path))")
    }

    static func missingKey(_ key: String, in what: String) -> Self {
        Self(.missingKey, "\(what) needs \(quoted(key))")
    }

    static func nestingTooDeep(limit: Int) -> Self {
        Self(.nestingTooDeep, "nested more than \(limit) deep")
    }

    static let notUTF8 = Self(.notUTF8, "the text is not UTF-8 from here on")

    static func opensInternet(_ system: String) -> Self {
        Self(
            .opensInternet,
            "system \(quoted(system)) lies outside the organisation's networks; the internet is reached through a "
                + "proxy only")
    }

    static func overlappingSystems(_ name: String, _ other: String, witness: String) -> Self {
        Self(.overlappingSystems, "systems \(quoted(name)) and \(quoted(other)) both take \(witness)")
    }

    static func patternWithoutClass(_ pattern: String) -> Self {
        Self(.undefinedClass, "no class matches \(quoted(pattern))")
    }

    static func reservedName(_ kind: String, _ name: String) -> Self {
        let article = "aeiou".contains(kind.prefix(1)) ? "an" : "a"
        return Self(
            .reservedName, "\(quoted(name)) cannot name \(article) \(kind): the word has a meaning of its own"
        )
    }

    static func reviewOverdue(_ date: String) -> Self {
        Self(.reviewOverdue, "the policy was due for review by \(date)")
    }

    static let severalDocuments = Self(.severalDocuments, "a second YAML document begins here: one a file")

    static func shadowedClass(_ name: String, by earlier: String) -> Self {
        Self(
            .shadowedClass,
            "class \(quoted(name)) is never reached: whoever meets its conditions is in \(quoted(earlier)) before"
        )
    }

    static func specialAddress(_ written: String, _ kind: String) -> Self {
        Self(.specialAddress, "\(quoted(written)) covers \(kind) addresses")
    }

    static let tagsRefused = Self(.tagsRefused, "tags are not allowed: every value is read as it is written")

    static func tooMany(_ what: String, limit: Int) -> Self {
        Self(.tooMany, "there are more than \(limit) \(what)")
    }

    static let tooManyLines = Self(
        .tooMany, "the lines of the table, each with all that they have in common, are too many to be read")

    static let tooManyOverlaps = Self(
        .tooMany, "too many systems share addresses with others to be held against each other")

    static func undefined(_ id: DiagnosticID, _ kind: String, _ name: String) -> Self {
        Self(id, "\(kind) \(quoted(name)) is not defined")
    }

    static func undefinedGroup(_ name: String) -> Self {
        Self(.undefinedGroup, "no user is in group \(quoted(name))")
    }

    static func ungrantable(_ system: String, label: String) -> Self {
        Self(
            .ungrantable,
            "system \(quoted(system)) is never reached: its label \(quoted(label)) is not for remote sessions"
        )
    }

    static func unknownFile(_ path: String) -> Self {
        Self(.unknownFile, "\(quoted(path)) is no file of a pack")
    }

    static func unknownKey(_ key: String, in what: String) -> Self {
        Self(.unknownKey, "\(what) has no \(quoted(key))")
    }

    static func unknownName(_ kind: String, _ name: String, in what: String) -> Self {
        Self(.unknownName, "\(what) names \(kind) \(quoted(name)), which is not known here")
    }

    static func unknownSetting(_ name: String) -> Self {
        Self(.unknownSetting, "there is no setting \(quoted(name))")
    }

    static func unknownUser(_ name: String) -> Self {
        Self(.unknownUser, "user \(quoted(name)) is not registered")
    }

    static func unknownZone(_ name: String) -> Self {
        Self(.unknownZone, "\(quoted(name)) is no time zone of the IANA database")
    }

    static func unregisteredWithAccess(_ kind: String, _ name: String) -> Self {
        Self(
            .unregisteredWithAccess,
            "\(kind) \(quoted(name)) gives access to unregistered devices: only a class with access none may ask for "
                + "them")
    }

    package static func wrongType(expected: String, found: String) -> Self {
        Self(.wrongType, "expected \(expected), found \(found)")
    }

    /// For checks on values that a form alone cannot make. `found` is shown as it is: quote what a file says.
    package static func wrongValue(expected: String, found: String) -> Self {
        Self(.wrongValue, "expected \(expected), found \(found)")
    }
}
