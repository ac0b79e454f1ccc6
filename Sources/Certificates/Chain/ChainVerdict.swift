package import Sessions

/// What was found out about one leaf: the chain that serves it best, and all that is wrong with it.
package struct ChainVerdict: Sendable {
    /// Leaf first; ends with an authority when `reachesAuthority`, otherwise where nobody was found who signed.
    package let chain: [DecodedCertificate]
    package let reachesAuthority: Bool
    /// When every certificate of the chain is valid: from `validFrom` to before `validUntil`.
    package let validFrom: Instant
    package let validUntil: Instant
    /// What is wrong whatever the time. Empty for a good chain.
    package let reasons: [ChainReason]

    init(chain: [DecodedCertificate], reachesAuthority: Bool, reasons: [ChainReason]) {
        self.chain = chain
        self.reachesAuthority = reachesAuthority
        self.reasons = reasons
        let none = Instant(nanosecondsSince1970: .min)
        validFrom = chain.map(\.notBefore).max() ?? none
        validUntil = chain.map(\.end).min() ?? none
    }

    package func isValid(at instant: Instant) -> Bool { validFrom <= instant && instant < validUntil }

    /// Which certificates are not valid at that time.
    package func reasons(at instant: Instant) -> [ChainReason] {
        var reasons: [ChainReason] = []
        for (index, certificate) in chain.enumerated() {
            let role = role(at: index)
            if instant < certificate.notBefore {
                reasons.append(ChainReason(role, certificate, "is not valid before \(certificate.notBefore)"))
            }
            if instant >= certificate.end {
                reasons.append(
                    ChainReason(
                        role, certificate, "has expired: its last second was \(certificate.end - .seconds(1))"
                    ))
            }
        }
        return reasons
    }

    package func role(at index: Int) -> ChainReason.Role {
        if index == 0 { return .leaf }
        return reachesAuthority && index == chain.count - 1 ? .authority : .intermediate
    }

    /// Fewest things wrong, then the one that stays valid longest. Of two that lead nowhere, the one that gets further.
    func isBetter(than other: ChainVerdict, at instant: Instant?) -> Bool {
        if !reachesAuthority, !other.reachesAuthority { return chain.count > other.chain.count }
        let mine = cost(at: instant)
        let theirs = other.cost(at: instant)
        if mine != theirs { return mine < theirs }
        return validUntil > other.validUntil
    }

    private func cost(at instant: Instant?) -> Int {
        let late = instant.map { reasons(at: $0).count } ?? (validFrom < validUntil ? 0 : 1)
        // No number of faults makes a way to nowhere the better one.
        return reasons.count + late + (reachesAuthority ? 0 : 1_000_000)
    }
}
