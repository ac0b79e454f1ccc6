/// One paragraph of the written policy, as the pack lists it.
package struct Clause: Sendable, Hashable {
    /// What becomes of it here.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        /// The gateway keeps it: packets pass or fall by it.
        case enforced
        /// The gateway keeps the evidence for it.
        case recorded
        /// Nothing that passes a gateway tells of it. Said so that nobody takes it for kept.
        case outOfReach = "out-of-reach"
    }

    /// What rules cite.
    package let id: String
    package let title: String
    package let document: String?
    package let kind: Kind
    /// Why it is as `kind` says; there whenever it is out of reach.
    package let because: String?
    /// Controls of ISO/IEC 27001:2022 Annex A that it belongs to, in the file's order, each once.
    package let controls: [String]
    package let location: SourceLocation

    package init(
        id: String, title: String, document: String? = nil, kind: Kind = .enforced, because: String? = nil,
        controls: [String] = [], location: SourceLocation
    ) {
        self.id = id
        self.title = title
        self.document = document
        self.kind = kind
        self.because = because
        self.controls = controls
        self.location = location
    }
}

extension TextForm where Value == String {
    /// How many controls each theme of ISO/IEC 27001:2022 Annex A has.
    private static var controlCounts: [Int: Int] { [5: 37, 6: 8, 7: 14, 8: 34] }

    /// By its number, as the standard writes it.
    static var control: Self {
        Self(
            "a control of ISO 27001:2022: A.5.1-37, A.6.1-8, A.7.1-14 or A.8.1-34",
            .pattern(TextSchema.control)
        ) { text in
            let parts = text.split(separator: ".", omittingEmptySubsequences: false)
            guard parts.count == 3, parts[0] == "A", let theme = Int(parts[1]), let number = Int(parts[2]),
                // No sign, no leading zero: one name for each.
                text == "A.\(theme).\(number)", number >= 1, number <= controlCounts[theme] ?? 0
            else { return nil }
            return text
        }
    }
}
