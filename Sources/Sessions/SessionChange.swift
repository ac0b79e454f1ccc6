/// What follows from an event, for the one who keeps the kernel in step.
package enum SessionChange: Sendable {
    /// Decide and answer. `rival` is the open session that the server throws out if this one is let in.
    case asked(Login, rival: Session?)
    /// A renewal whose certificate or names are not those of the session: refuse it, and cut the session.
    case impostor(Login, Session, String)
    /// The session may send: put its elements, as its decision says.
    case opened(Session)
    /// Only the outer address changed: place may matter to the decision.
    case roamed(Session)
    /// Its elements must go, before the newcomer is answered: the address passes to the newcomer.
    case withdrawn(Session, by: SessionID)
    /// It is over: its elements must go.
    case closed(Session, SessionEnd)
    /// The server has a client that nobody admitted, or contradicts itself about one: throw it out.
    case stranger(SessionID, String)
}

/// How a session ended.
package enum SessionEnd: Sendable, Hashable, CustomStringConvertible {
    /// The server said farewell.
    case ended(Usage?)
    /// The server no longer lists it.
    case vanished
    /// A newer login with its common name was let in before it was established.
    case superseded
    /// What the server says of it cannot be true.
    case contradiction(String)

    package var description: String {
        switch self {
        case .ended: "ended"
        case .vanished: "no longer listed by the VPN server"
        case .superseded: "overtaken by a newer login of the same name"
        case .contradiction(let words): words
        }
    }
}
