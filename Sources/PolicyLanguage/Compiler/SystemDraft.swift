import NetworkTypes

/// A system as it was read, with the places that its checks need.
struct SystemDraft {
    let system: System
    let name: Located<String>
    let addresses: [Located<AddressRange>]
    /// How sensitive its data is, in the organisation's words.
    let label: String?
    /// False when part of it could not be read: what it takes and asks for is not known then, and not judged.
    let isWhole: Bool

    /// What holding it against another costs, in parts of it.
    var size: Int { system.addresses.count + system.services.count }
}

/// Address forms whose mistakes deserve more than "expected an address".
extension DiagnosticLog {
    func readPrefix(_ node: DocumentNode) -> Located<IPPrefix>? {
        read(node, .networkText).flatMap { prefix($0, TextForm.networkText.expected) }
    }

    /// An address, a network, or a first and a last address with a dash between.
    func readAddresses(_ node: DocumentNode) -> Located<AddressRange>? {
        guard let text = read(node, .addressesText) else { return nil }
        let expected = TextForm.addressesText.expected
        let ends = text.value.split(separator: "-", omittingEmptySubsequences: false).map {
            IPAddress(String($0))
        }
        guard ends.count == 2 else {
            return prefix(text, expected).map { Located($0.value.range, at: $0.range) }
        }
        guard let first = ends[0], let last = ends[1], let range = AddressRange(first: first, last: last)
        else {
            add(.wrongValue(expected: expected, found: quoted(text.value)), at: text.range)
            return nil
        }
        return Located(range, at: text.range)
    }

    private func prefix(_ text: Located<String>, _ expected: String) -> Located<IPPrefix>? {
        do {
            return Located(try IPPrefix(parsing: text.value), at: text.range)
        } catch {
            switch error {
            case .notAnAddress, .badLength:
                add(.wrongValue(expected: expected, found: quoted(text.value)), at: text.range)
            case .hostBits(let meant):
                let note = Diagnostic.Note("did you mean '\(meant)'?")
                add(.hostBits(text.value), at: text.range, notes: [note], suggestion: meant.description)
            }
            return nil
        }
    }
}

extension TextForm where Value == String {
    /// What ``IPPrefix`` reads, which has more to say of what it cannot read.
    static var networkText: Self {
        Self(
            "a network such as 10.10.0.0/16 or fd10:10::/32",
            .pattern("^\(TextSchema.address)(/[0-9]{1,3})?$")
        ) { $0.isEmpty ? nil : $0 }
    }

    static var addressesText: Self {
        let address = TextSchema.address
        return Self(
            "an address, a network such as 10.10.0.0/24, or a range such as 10.10.0.1-10.10.0.9",
            .pattern("^\(address)(/[0-9]{1,3}|-\(address))?$")
        ) { $0 }
    }
}
