import Evidence
import PolicyLanguage
import Sessions

/// What the client says of itself. What it does not say, or not so that it can be compared, is not known.
extension ConditionJudge {
    func client(_ need: ClientNeed) -> Judgement {
        switch need {
        case .platform(let platforms): platform(platforms)
        case .version(let least): version(atLeast: least)
        case .noSplitTunnel: noSplitTunnel()
        }
    }

    private func platform(_ platforms: Set<ClientPlatform>) -> Judgement {
        guard let claim = evidence.claims[claim: .platform] else {
            return answer(.unknown, saw: "the client does not say what it runs on")
        }
        let isOne = ClientPlatform(rawValue: claim).map(platforms.contains) ?? false
        return answer(isOne ? .holds : .fails, saw: "a client on '\(PlainText.shown(claim))'")
    }

    private func version(atLeast least: ClientVersion) -> Judgement {
        guard let claim = evidence.claims[claim: .version] else {
            return answer(.unknown, saw: "the client does not say its version")
        }
        guard let version = ClientVersion(claim) else {
            return answer(
                .unknown, saw: "client version '\(PlainText.shown(claim))', which cannot be compared")
        }
        return answer(version < least ? .fails : .holds, saw: "client version \(PlainText.shown(claim))")
    }

    private func noSplitTunnel() -> Judgement {
        switch evidence.claims.splitsTunnel {
        case false: answer(.holds, saw: "the client says that it sends everything through the tunnel")
        case true: answer(.fails, saw: "the client says that it splits the tunnel")
        case nil: answer(.unknown, saw: "the client does not say whether it splits the tunnel")
        }
    }
}
