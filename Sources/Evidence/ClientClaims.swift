package import Sessions

/// What a VPN client may say of itself that rules ask for, by the names that OpenVPN gives it. Claims and no proof:
/// whoever owns the device can make it say anything, so a rule that asks for one keeps honest people right.
package enum ClientClaim: String, Sendable, Hashable, CaseIterable {
    case platform = "IV_PLAT"
    case version = "IV_VER"
    /// `setenv UV_SPLIT_TUNNEL 0` in the client's file: no client says this by itself.
    case splitTunnel = "UV_SPLIT_TUNNEL"
}

extension NamedTexts {
    /// Nil for a claim that is not made, and for one that says nothing.
    package subscript(claim claim: ClientClaim) -> String? {
        self[claim.rawValue].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Whether the client sends some packets past the tunnel; nil when it does not say 0 or 1.
    package var splitsTunnel: Bool? {
        switch self[claim: .splitTunnel] {
        case "0": false
        case "1": true
        default: nil
        }
    }
}

/// What clients run on, as OpenVPN names it.
package enum ClientPlatform: String, Sendable, Hashable, CaseIterable {
    case android, freebsd, ios, linux, mac, netbsd, openbsd, solaris, win
}

/// A version of numbers with dots between. Compared number by number, from the left; what one has fewer is 0, so that
/// 2.6 is 2.6.0, and 2.10 is later than 2.9.
///
/// `2.6_rc1`, `2.5_git` and `3.git::d3f8b18b` are no such versions: whether they are earlier or later than another is
/// not known.
package struct ClientVersion: Sendable, Comparable, Hashable, CustomStringConvertible {
    /// Without zeros at the end.
    private let numbers: [UInt32]
    /// As it was written.
    package let description: String

    /// Returns nil for more than eight numbers, for one of more than nine digits, and for anything else than digits and
    /// single dots between them.
    package init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        let isNumber = { (part: Substring.UTF8View.SubSequence) in
            (1...9).contains(part.count) && part.allSatisfy { (48...57).contains($0) }
        }
        guard parts.count <= 8, parts.allSatisfy(isNumber) else { return nil }
        var numbers = parts.map { $0.reduce(UInt32(0)) { $0 * 10 + UInt32($1 - 48) } }
        while numbers.last == 0 { numbers.removeLast() }
        self.numbers = numbers
        description = text
    }

    package static func == (lhs: Self, rhs: Self) -> Bool { lhs.numbers == rhs.numbers }

    package static func < (lhs: Self, rhs: Self) -> Bool {
        lhs.numbers.lexicographicallyPrecedes(rhs.numbers)
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(numbers) }
}
