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
        let expected = "a network such as 10.10.0.0/16 or fd10:10::/32"
        let text = TextForm(expected) { $0.isEmpty ? nil : $0 }
        return read(node, text).flatMap { prefix($0, expected) }
    }

    /// An address, a network, or a first and a last address with a dash between.
    func readAddresses(_ node: DocumentNode) -> Located<AddressRange>? {
        let expected = "an address, a network such as 10.10.0.0/24, or a range such as 10.10.0.1-10.10.0.9"
        guard let text = read(node, TextForm(expected, { $0 })) else { return nil }
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
