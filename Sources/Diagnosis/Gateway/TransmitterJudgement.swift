/// Whether those who push or are polled for security events can be heard.
package enum TransmitterJudgement {
    package static func findings(_ transmitters: Known<[GatewayFacts.Transmitter]>) -> [Finding] {
        switch transmitters {
        case .unknown(let reason): return [.unknown(.transmitter, reason)]
        case .known(let all) where all.isEmpty:
            return [.ok(.transmitter, "none is configured: nobody tells of sessions that are over")]
        case .known(let all): return all.map(finding)
        }
    }

    /// The worst of what is the matter: without keys nothing that comes is believed.
    static func finding(_ transmitter: GatewayFacts.Transmitter) -> Finding {
        let name = transmitter.name
        let unheard = "who it says is out, stays in until something else ends the session"
        let reach = "see that the gateway reaches the address under 'keys', and believes its certificate"
        if !transmitter.hasKeys {
            let fault = transmitter.keysFault.map { ": \($0)" } ?? ", and have not been fetched yet"
            return Finding(
                .transmitter, name, .problem, "none of its keys are known\(fault)",
                why: "no token of it can be taken: \(unheard)",
                remedy: reach)
        }
        if let fault = transmitter.pollFault {
            return Finding(
                .transmitter, name, transmitter.pollFailures >= manyFailures ? .problem : .warning,
                "it could not be asked for tokens \(transmitter.pollFailures) times in a row: \(fault)",
                why: unheard,
                remedy: "see that the gateway reaches it, and that the token under 'poll' is still good")
        }
        if let fault = transmitter.keysFault {
            return Finding(
                .transmitter, name, .warning,
                "its keys cannot be fetched anew, and those of before count: \(fault)",
                why: "tokens that are signed with a newer key wait until they can",
                remedy: reach)
        }
        return .ok(.transmitter, name, "its keys are known")
    }

    /// Some ten minutes of tries.
    private static let manyFailures = 15
}

extension GatewayFacts {
    /// Somebody who tells of security events, as the daemon sees it.
    package struct Transmitter: Sendable, Hashable {
        package var name: String
        package var hasKeys: Bool
        /// Why its keys could not be fetched when that was last tried.
        package var keysFault: String?
        /// Why it could not be asked when that was last tried.
        package var pollFault: String?
        /// In a row.
        package var pollFailures: Int

        package init(
            name: String, hasKeys: Bool = true, keysFault: String? = nil, pollFault: String? = nil,
            pollFailures: Int = 0
        ) {
            self.name = name
            self.hasKeys = hasKeys
            self.keysFault = keysFault
            self.pollFault = pollFault
            self.pollFailures = pollFailures
        }
    }
}
