package import Sessions

/// The variables of one `>CLIENT` block: what the server says of a client.
///
/// The password is kept apart as a `Secret` from the moment it is read, and printing shows names only.
///
/// What a client can put in here is bounded by OpenVPN, not by us: at the default `env-filter 0` its own words come
/// under `IV_` and `UV_` names only (`output_peer_info_env`). At any higher filter level OpenVPN 2.6 copies the
/// client's lines under whatever name they carry (`man_output_peer_info_env`), a forged `tls_digest_sha256_2`
/// included. So no `env-filter` command exists here.
package struct ClientVariables: Sendable, CustomStringConvertible, CustomReflectable {
    /// At most this many variables in a block; OpenVPN sends about 70.
    package static let maximumCount = 1_000
    /// At most this many bytes of names and values in a block; OpenVPN sends about 4 KiB.
    package static let maximumBytes = 262_144

    /// What was typed in the password slot; nil when the block has none.
    package private(set) var password: Secret?
    private var values: [String: String] = [:]
    private var byteCount = 0

    package init() {}

    package subscript(name: String) -> String? { values[name] }

    package var isEmpty: Bool { values.isEmpty && password == nil }

    /// All but the password, in no order.
    package var all: [String: String] { values }

    /// Takes `name=value`. Returns what is wrong with it, without quoting a value, or nil when all is well.
    ///
    /// A name that comes twice is wrong even with the same value: which of two a reader believes must not decide who
    /// gets in.
    mutating func add(_ text: Substring) -> String? {
        let parts = text.fields("=", limit: 2)
        guard parts.count == 2, !parts[0].isEmpty else { return "a variable without a name and '='" }
        let name = String(parts[0])
        byteCount += text.utf8.count
        guard byteCount <= Self.maximumBytes else {
            return "more than \(Self.maximumBytes) bytes of variables"
        }
        guard values.count < Self.maximumCount else { return "more than \(Self.maximumCount) variables" }
        if name == "password" {
            guard password == nil else { return "variable 'password' comes twice" }
            password = Secret(parts[1].utf8)
            return nil
        }
        guard values.updateValue(String(parts[1]), forKey: name) == nil else {
            return "variable '\(name.excerpt())' comes twice"
        }
        return nil
    }

    package var description: String { "<\(values.count) variables>" }
    package var customMirror: Mirror { Mirror(self, children: ["names": values.keys.sorted()]) }
}
