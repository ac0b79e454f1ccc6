/// A distinguished name (RFC 5280 section 4.1.2.4), and how two of them are compared.
struct DirectoryName: Sendable {
    struct Attribute: Sendable {
        let type: ObjectIdentifier
        /// Nil when the value is no text, or broken text.
        let text: String?
        /// What is compared: see ``DirectoryName/comparable(_:)``.
        fileprivate let comparable: String
    }

    /// Relative names in the certificate's order, attributes of one in theirs.
    let relativeNames: [[Attribute]]
    /// One text for each relative name: equal names have equal texts.
    let comparable: [String]
    /// All of `comparable` as one text, for tables.
    let key: String
    let der: ArraySlice<UInt8>

    init(_ element: DERElement, _ what: String) throws(DERError) {
        guard element.tag == DERTag.sequence else {
            throw element.failure("\(what) is no distinguished name")
        }
        var relativeNames: [[Attribute]] = []
        var reader = element.reader
        while !reader.isAtEnd {
            let set = try reader.next("a relative name of \(what)", tag: DERTag.set)
            var attributes: [Attribute] = []
            var members = set.reader
            repeat {
                let pair = try members.next("an attribute of \(what)", tag: DERTag.sequence)
                var parts = pair.reader
                let type = try parts.next("an attribute's type", tag: DERTag.objectIdentifier)
                let value = try parts.next("an attribute's value")
                try parts.expectEnd("an attribute")
                attributes.append(
                    Attribute(
                        type: try type.objectIdentifier("an attribute's type"), text: value.text,
                        comparable: Self.comparable(value)))
            } while !members.isAtEnd
            relativeNames.append(attributes)
        }
        self.relativeNames = relativeNames
        comparable = relativeNames.map { attributes in
            attributes.map { "\($0.type)=\($0.comparable)" }.sorted().joined(separator: "\u{1}")
        }
        key = comparable.joined(separator: "\u{2}")
        der = element.bytes
    }

    var isEmpty: Bool { relativeNames.isEmpty }

    var attributes: some Sequence<Attribute> { relativeNames.joined() }

    /// True for this name and every name below it (RFC 5280 section 4.2.1.10, directoryName).
    func isWithin(_ ancestor: DirectoryName) -> Bool { comparable.starts(with: ancestor.comparable) }

    static func == (lhs: DirectoryName, rhs: DirectoryName) -> Bool { lhs.key == rhs.key }

    /// RFC 5280 section 7.1 (after RFC 4518): whatever the string type, without case, runs of spaces being one, none at
    /// the ends. What is no text is compared byte by byte. The separators used above are control characters, which
    /// become escapes here, so that no value can pretend to be two.
    private static func comparable(_ value: DERElement) -> String {
        guard let text = value.text else { return "#" + ShownText.hexadecimal(value.bytes) }
        let folded = text.lowercased().split { $0.isWhitespace }.joined(separator: " ")
        guard folded.unicodeScalars.contains(where: { $0.value < 0x20 }) || folded.hasPrefix("#") else {
            return folded
        }
        return "#" + ShownText.hexadecimal(folded.utf8)
    }

    /// `CN=laptop-0042,O=Example`, most specific first, escaped and bounded; for people only.
    var shown: String {
        let pieces = relativeNames.reversed().map { attributes in
            attributes.map { "\(Self.shortName($0.type))=\($0.text ?? "?")" }.joined(separator: "+")
        }
        return ShownText.shown(pieces.joined(separator: ","))
    }

    /// The names that rules use; others are dotted.
    static func shortName(_ type: ObjectIdentifier) -> String {
        switch type {
        case ObjectIdentifier(2, 5, 4, 3): "CN"
        case ObjectIdentifier(2, 5, 4, 5): "serialNumber"
        case ObjectIdentifier(2, 5, 4, 6): "C"
        case ObjectIdentifier(2, 5, 4, 7): "L"
        case ObjectIdentifier(2, 5, 4, 8): "ST"
        case ObjectIdentifier(2, 5, 4, 10): "O"
        case ObjectIdentifier(2, 5, 4, 11): "OU"
        case ObjectIdentifier(0, 9, 2342, 19_200_300, 100, 1, 1): "UID"
        case ObjectIdentifier(0, 9, 2342, 19_200_300, 100, 1, 25): "DC"
        case .emailAddress: "emailAddress"
        default: type.description
        }
    }
}
