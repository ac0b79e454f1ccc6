package import NetworkTypes

/// A question of the VPN server: may this client come in, or stay?
package struct Login: Sendable {
    package enum Kind: Sendable, Hashable {
        /// A new client, before it has an address.
        case initial
        /// A client that is in renews its keys; it has an address and traffic.
        case renewal
    }

    package var kind: Kind
    /// The session as known so far: no addresses at an initial login.
    package var session: Session
    /// Which question this answers (OpenVPN's KID).
    package var key: UInt64
    /// What was typed in the password slot.
    package var password: Secret
    /// The server itself vouches for the password by a token that it issued earlier (`auth-gen-token`).
    package var isTokenRenewal: Bool

    package init(kind: Kind, session: Session, key: UInt64, password: Secret, isTokenRenewal: Bool = false) {
        self.kind = kind
        self.session = session
        self.key = key
        self.password = password
        self.isTokenRenewal = isTokenRenewal
    }
}

/// One row of a VPN server's list of clients, read when we attach and at every poll.
///
/// It carries no certificate: a row alone proves nothing, and is held against what we know already.
package struct SessionReport: Sendable, Hashable {
    package var id: SessionID
    package var commonName: String
    package var userName: String
    package var outer: Endpoint?
    /// Empty while a login is pending.
    package var addresses: [IPAddress]
    package var startedAt: Instant

    package init(
        id: SessionID, commonName: String, userName: String, outer: Endpoint?, addresses: [IPAddress],
        startedAt: Instant
    ) {
        self.id = id
        self.commonName = commonName
        self.userName = userName
        self.outer = outer
        self.addresses = addresses
        self.startedAt = startedAt
    }
}

/// What a source tells. The order is the server's own.
package enum SessionEvent: Sendable {
    /// Must be answered, by `SessionGate.answer`; until then the client waits outside.
    case login(Login)
    /// The client is in and may send from now on; the addresses are final. Fields that the login had are repeated.
    case established(Session)
    /// The client is gone. May come late, when another client has the address already.
    case ended(SessionID, Usage?)
    /// Every client that the server has, complete. Sent after attaching and at every poll.
    case snapshot(source: String, serverProcess: Int32, [SessionReport])
    /// The server cannot be reached: no login is answered and no end is heard until the next snapshot.
    case detached(source: String, reason: String)
    /// The server said something that cannot be understood, or that contradicts itself. No session came of it.
    case problem(source: String, SourceProblem)
}

/// Octets and seconds of a session, from the server's accounts.
package struct Usage: Sendable, Hashable {
    package var octetsFromClient: UInt64
    package var octetsToClient: UInt64
    package var duration: Duration

    package init(octetsFromClient: UInt64, octetsToClient: UInt64, duration: Duration) {
        self.octetsFromClient = octetsFromClient
        self.octetsToClient = octetsToClient
        self.duration = duration
    }
}

/// Something a source could not use, with its place.
package struct SourceProblem: Error, Sendable, Hashable, CustomStringConvertible {
    /// The number of the line since the connection was made, counted from 1.
    package var line: Int
    /// What was expected and what was found, without secrets.
    package var message: String
    /// The client that the trouble is about, when it is known: it is refused or disconnected.
    package var client: SessionID?

    package init(line: Int, message: String, client: SessionID? = nil) {
        self.line = line
        self.message = message
        self.client = client
    }

    package var description: String { "line \(line): \(message)" }
}

/// What the VPN server is told of a login.
package enum LoginAnswer: Sendable, Hashable {
    /// Let the client in; `push` are settings for it in the server's own words.
    case admit(push: [String])
    /// Keep the client out. `log` is for the server's log, `tell` is shown to the person.
    case refuse(log: String, tell: String)
}

/// How a client is thrown out.
package enum DisconnectMode: Sendable, Hashable {
    /// The client may come back at once, and will be asked again.
    case restart
    /// The client program ends.
    case halt
}

/// The way back to a VPN server: answers and disconnections. Calls queue and return; a lost connection loses them,
/// which closes: an unanswered login fails, and the kernel has forgotten a cut session already.
package protocol SessionGate: Sendable {
    func answer(_ login: Login, _ answer: LoginAnswer) async
    func disconnect(_ session: SessionID, _ mode: DisconnectMode) async
}
