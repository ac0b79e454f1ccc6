package import Classification
package import Evidence
package import NetworkTypes
package import RulesetCompiler
package import Sessions

/// One session with what was proved in it, what was decided about it, and what the kernel was told.
package struct EnforcedSession: Sendable {
    package internal(set) var session: Session
    /// What was proved at its login. It belongs to the session: a new login proves anew.
    package internal(set) var proofs: SessionProofs
    package internal(set) var decision: Decision
    /// What is in the kernel's maps for it now; nil when nothing is.
    package internal(set) var programmed: Programmed?
    /// Why it was cut. A cut session is never opened again: the client must log in anew.
    package internal(set) var cut: String?
    /// When it was opened here, or taken over from an earlier process; nil while it is connecting.
    package internal(set) var openedAt: Instant?
    /// Its last packet that passed, in either direction, as far as was seen; nil for none.
    package internal(set) var lastUsed: Instant?
    /// That it was seen scanning.
    package internal(set) var scan: ScanSighting?
    package var mfaVerifiedAt: Instant? { proofs.mfaVerifiedAt }

    /// The password slot of the login, to know a renewal that sends the same again. In memory only.
    var password: Secret?

    /// The elements of one session: all of them have the same scope and the same expiry.
    package struct Programmed: Sendable, Hashable {
        package var keys: SessionKeys
        package var scope: ScopeNumber
        /// When the kernel forgets by itself.
        package var expires: Instant

        package var element: Ruleset.Element { Ruleset.Element(scope: scope, expires: expires) }
    }
}

/// The keys of one session's elements: its addresses on one interface. Shares memory with the session's own.
package struct SessionKeys: Sendable, Hashable {
    package var interfaceIndex: UInt32
    package var addresses: [IPAddress]

    package var all: [SessionKey] {
        addresses.map { SessionKey(interfaceIndex: interfaceIndex, address: $0) }
    }

    func contains(_ key: SessionKey) -> Bool {
        key.interfaceIndex == interfaceIndex && addresses.contains(key.address)
    }
}
