import PolicyLanguage

extension SessionSpace {
    /// Every piece of evidence that a session can lose, one at a time; losing several is losing one after the other.
    var losses: [Loss] {
        let whole: [Loss?] = [
            loss(
                "its certificate",
                of: [.authority, .organisation, .deviceRecord] + attributes + Self.ofDevice),
            loss("what its certificate says", of: attributes, [.authority: unseen]),
            loss("its device's line in the register", of: [.deviceRecord] + Self.ofDevice),
            loss("its user's name", of: [.userName] + ofName),
            loss("its user's line in the register", of: [.userRecord] + ofUser),
            loss("its address", of: [.outer, .country, .approval(.travel)]),
            loss("its country", of: [.country, .approval(.travel)]),
        ]
        let one = axes.enumerated().compactMap { number, axis -> Loss? in
            let isPartOfMore: [AxisKind] = [.deviceRecord, .userName, .userRecord, .outer, .country]
            guard !isPartOfMore.contains(axis.kind), axis.weaker.contains(where: { !$0.isEmpty }) else {
                return nil
            }
            switch axis.kind {
            // A line of the register without them is none.
            case .deviceStatus, .deviceKind: return nil
            // Another value, and not less: who is taken off the staff is perhaps a guest. All of them can be lost, above.
            case .group: return nil
            // All or none of them: above.
            case .attribute: return lostValue(number, axis)
            default: return Loss(name: axis.kind.loss, moves: [number: axis.weaker])
            }
        }
        return whole.compactMap(\.self) + one
    }

    /// All of these go to what is left without evidence. Nil where no rule asks for any of them.
    private func loss(_ name: String, of kinds: [AxisKind], _ others: [AxisKind: [[Int]]] = [:]) -> Loss? {
        var moves: [Int: [[Int]]] = [:]
        for kind in kinds {
            guard let number = number(of: kind) else { continue }
            moves[number] = axes[number].cells.map { _ in [0] }
        }
        guard !moves.isEmpty else { return nil }
        for (kind, cells) in others {
            if let number = number(of: kind) { moves[number] = cells }
        }
        return Loss(name: name, moves: moves)
    }

    /// A chain that must be looked at in full, and no longer is; others stay what they are.
    private var unseen: [[Int]] {
        guard let number = number(of: .authority) else { return [] }
        let cells = axes[number].cells
        return cells.indices.map { index in
            guard case .authority(let name, nil, false) = cells[index].fact else { return [index] }
            let same = cells.indices.filter { other in
                if case .authority(name, nil, true) = cells[other].fact { true } else { false }
            }
            return same.isEmpty ? [index] : same
        }
    }

    /// One value fewer: the certificate is at hand, and does not say it.
    private func lostValue(_ number: Int, _ axis: Axis) -> Loss? {
        Loss(name: axis.kind.loss, moves: [number: [[], [], [1]]])
    }
}

extension AxisKind {
    /// What is lost, continuing "a session that loses".
    var loss: String {
        switch self {
        case .authority: "what its authority says for it"
        case .organisation: "the organisation in its certificate"
        case .attribute(let attribute, _): "a value of its certificate's \(attribute)"
        case .deviceRecord, .deviceStatus, .deviceKind: "its device's line in the register"
        case .deviceManaged: "that its device is said to be managed, or not"
        case .deviceOrganisation: "that the register says whose its device is"
        case .clientPlatform, .clientVersion, .splitTunnel: "what its client says of itself"
        case .tenantCode(let name): "its one-time code of \(name), or lets it grow old,"
        case .userName: "its user's name"
        case .userRecord: "its user's line in the register"
        case .group(let name): "its user's membership of \(name)"
        case .userOrganisation: "that the register says of which organisation its user is"
        case .scan: "its good name, being seen scanning,"
        case .country: "its country"
        case .outer: "its address"
        case .week, .hours, .contract: "time"
        case .mfa: "its one-time code, or lets it grow old,"
        case .antivirus: "the age of its anti-virus signatures, or lets them grow old,"
        case .patches: "the age of its updates, or lets them grow old,"
        case .diskEncryption: "the sight of its disk encryption, or lets it grow old,"
        case .firewall: "the sight of its firewall, or lets it grow old,"
        case .screenLock: "the sight of its screen lock, or lets it grow old,"
        case .deviceOwned: "that its device was given to this user"
        case .deviceLent: "its loan"
        case .deviceOnSite: "its last visit on site, or lets it grow old,"
        case .acknowledged: "its user's acknowledgement, or lets it grow old,"
        case .step(let name): "its user's step \(name)"
        case .approval(let need): "its \(need)"
        }
    }
}
